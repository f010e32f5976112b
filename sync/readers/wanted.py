"""Which sheets of a workbook are asked for."""

from collections.abc import Sequence
from pathlib import Path

from goldpan.errors import DataError


def wanted_sheets(names: Sequence[str], sheet: str | None, path: Path) -> Sequence[str]:
    """All sheets, or the configured one; Excel tells no case apart in sheet names, so neither does this.

    Raises:
        DataError: ``missing_sheet``, naming the sheets found; ``empty_export`` for a workbook of charts only.
    """
    if not names:
        raise DataError(
            "empty_export",
            f"{path.name}: the workbook has no worksheet (charts and macros only), expected at least one with cells. "
            "Export the table itself.",
        )
    if sheet is None:
        return names
    for name in names:
        if name.strip().casefold() == sheet.strip().casefold():
            return [name]
    raise DataError(
        "missing_sheet",
        f"{path.name}: no sheet '{sheet}'. Found: {', '.join(names)}. If the sheet was renamed, update its name in "
        "config/exports/*.toml.",
    )
