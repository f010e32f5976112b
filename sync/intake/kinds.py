"""What an export holds: its name says, else its columns."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from goldpan.columns import normalised_header
from goldpan.config import Config, ExportSpec
from goldpan.errors import DataError, GoldpanError
from goldpan.model import Sheet
from goldpan.sheets import ColumnSheet
from goldpan.tables import tables_of
from sync.datasets.manifest import Dataset, is_manifest, read_manifest
from sync.datasets.parts import PieceReader, pieces_of
from sync.readers import read_column_sheets, read_sheets
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.source_settings import SourceSettings
from sync.sources.limits import read_limits


def kind_of(path: Path, source: SourceSettings, settings: AppSettings) -> str | None:
    """What an export holds; `None` if nobody can tell.

    Args:
        path: The file, under its own name.
        source: Its patterns go before the columns.
        settings: The columns, and the limits of reading.
    """
    if by_name := kind_by_name(path.name, source):
        return by_name
    return next((kind for kind in KINDS if _refused_as(kind, path, settings) is None), None)


def recognise(path: Path, source: SourceSettings, settings: AppSettings) -> str:
    """The same for a file that is taken in: also one whose name tells its kind must have the columns of that.

    Raises:
        DataError: Why it can't be used, and what to do.
    """
    by_name = kind_by_name(path.name, source)
    refusals = {}
    for kind in (by_name,) if by_name else KINDS:
        refusal = _refused_as(kind, path, settings)
        if refusal is None:
            return kind
        refusals[kind] = refusal
    unfit = next((error for error in refusals.values() if error.reason != "missing_columns"), None)
    if by_name or unfit:
        raise unfit or refusals[by_name or KINDS[0]]
    patterns = "; ".join(f"{kind}: {' '.join(getattr(source, kind))}" for kind in KINDS)
    raise DataError(
        "unknown_kind",
        f"{path.name}: nobody can tell what this export holds. Its name fits no pattern of source {source.name} "
        f"({patterns}), and its columns fit neither kind. Rename it, or correct the patterns in goldpan.toml, or the "
        "accepted headers in config/exports.\n" + "\n".join(f"As {kind}: {error}" for kind, error in refusals.items()),
    )


def kind_by_name(name: str, source: SourceSettings) -> str | None:
    """The one kind whose patterns the name fits."""
    fitting = [
        kind for kind in KINDS if any(fnmatch(name.lower(), pattern.lower()) for pattern in getattr(source, kind))
    ]
    return fitting[0] if len(fitting) == 1 else None


def spec_of(kind: str, config: Config) -> ExportSpec:
    """How exports of this kind are read."""
    return config.memberships if kind == "memberships" else config.orders


def sheets_of(path: Path, spec: ExportSpec, settings: AppSettings) -> Iterator[Sheet]:
    """The sheets of a file row by row, within the configured limits."""
    return read_sheets(path, known_headers=_headers(spec), limits=read_limits(settings), sheet=spec.sheet)


def column_sheets_of(path: Path, spec: ExportSpec, settings: AppSettings) -> Iterator[Sheet | ColumnSheet]:
    """The same, in whole columns where a fast reader can."""
    return read_column_sheets(path, known_headers=_headers(spec), limits=read_limits(settings), sheet=spec.sheet)


def piece_reader(kind: str, settings: AppSettings) -> PieceReader:
    """Reads the pieces of datasets, within the configured limits."""
    spec, by_name = spec_of(kind, settings.config), settings.config.rules.match_on == "customer_name"
    return PieceReader(spec, _headers(spec), read_limits(settings), by_name)


def check_header(dataset: Dataset, kind: str, settings: AppSettings) -> None:
    """See that the first file of a dataset has the columns, where this machine reaches it.

    Raises:
        DataError: It can't be used.
    """
    if not dataset.is_remote:
        reader = piece_reader(kind, settings)
        next(tables_of(reader.sheets(next(pieces_of(dataset))), reader.spec))


def _headers(spec: ExportSpec) -> frozenset[str]:
    return frozenset(normalised_header(header) for column in spec.columns for header in column.headers)


def _refused_as(kind: str, path: Path, settings: AppSettings) -> DataError | None:
    """Why a file is no export of this kind; `None` if it has a table of it."""
    spec = spec_of(kind, settings.config)
    try:
        if is_manifest(path):
            check_header(read_manifest(path), kind, settings)
        else:
            next(tables_of(column_sheets_of(path, spec, settings), spec))
    except DataError as error:
        return error
    except GoldpanError as error:  # readers say everything with DataError; so does this
        return DataError("unreadable_file", str(error))
    return None
