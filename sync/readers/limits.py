"""How much one export may cost to read, so that no file can fill the machine."""

from dataclasses import dataclass

from goldpan.errors import DataError


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """The most that one export may hold; beyond it the file is refused as ``too_large``.

    Attributes:
        max_file_bytes: The file as it lies on disk (``[limits] max_file_mb``).
        max_unpacked_bytes: All parts of a workbook, really unpacked (``[limits] max_unpacked_mb``).
        max_cells: Cells of the whole file, and the area (rows × columns) of any one sheet (``[limits] max_cells``).
    """

    max_file_bytes: int = 512 * 2**20
    max_unpacked_bytes: int = 4 * 2**30
    max_cells: int = 40_000_000


def too_large(file: str, found: str, expected: str, setting: str) -> DataError:
    """The refusal of a file beyond a limit, naming the setting that moves the limit."""
    return DataError(
        "too_large",
        f"{file}: {found}; the limit is {expected}. If the file is right, raise [limits] {setting} in goldpan.toml; "
        "otherwise export it again, with only the rows and columns in use.",
    )


def as_mb(size_bytes: int) -> str:
    """Bytes as people read them: ``4,096 MB``, with a digit after the point below 10 MB."""
    size_mb = size_bytes / 2**20
    return f"{size_mb:,.0f} MB" if size_mb >= 10 else f"{size_mb:,.1f} MB"
