"""Reads a dataset piece by piece: a file, or some groups of rows of a large Parquet file, as an export of its own."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pandas as pd

from goldpan.columns import normalised_header
from goldpan.config import ExportSpec
from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.errors import DataError
from goldpan.model import Cell, Sheet
from goldpan.sheets import ColumnSheet
from goldpan.tables import tables_of
from goldpan.values.texts import shown
from sync.datasets.manifest import Dataset, DatasetFile
from sync.readers import read_column_sheets
from sync.readers.kinds import HEAD_BYTES, Kind, tell_kind
from sync.readers.limits import ReadLimits
from sync.readers.opening import file_access, read_head
from sync.readers.parquet import read_parquet_columns, row_groups

_ROWS = 500_000
"""A piece has about so many rows: enough to work on whole columns, and little enough to have two in memory."""
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""How a folder says that its partition column is missing, <https://cwiki.apache.org/confluence/display/Hive>."""


@dataclass(frozen=True)
class Piece:
    """Some rows of one file.

    Attributes:
        file: The number of the file in its dataset.
        path: Where it can be opened.
        label: What it is called in reports.
        rows_before: How many of its rows stand before these.
        groups: Which groups of rows of a Parquet file; ``None`` is all of any file.
        rows: How many rows those have.
    """

    file: int
    path: Path
    label: str
    rows_before: int = 0
    groups: range | None = None
    rows: int = 0

    def rows_in(self, rows: "npt.NDArray[np.int64]", header_row: int) -> "npt.NDArray[np.int64]":
        """Those of some rows of its file that are in the piece, numbered as if the file began with it."""
        own = rows - self.rows_before
        return own if self.groups is None else own[(own > header_row) & (own <= header_row + self.rows)]


@dataclass(frozen=True)
class PieceReader:
    """Reads pieces of one kind of export; it can be sent to other machines.

    Attributes:
        spec: How they are read.
        known_headers: They help to tell how a text file is written.
        limits: The most that one piece may hold.
        name_keys_for_all: See :func:`goldpan.conform.conform`.
    """

    spec: ExportSpec
    known_headers: frozenset[str]
    limits: ReadLimits
    name_keys_for_all: bool

    def read(self, piece: Piece) -> Export:
        """The rows of a piece, numbered as if its file began with it.

        Raises:
            DataError: The piece can't be used.
        """
        return conform(self.sheets(piece), self.spec, name_keys_for_all=self.name_keys_for_all, is_part=True)

    def cells(self, piece: Piece, rows: "npt.NDArray[np.int64]") -> tuple[tuple[str, ...], pd.DataFrame]:
        """Some rows with their cells as delivered, and the headers above them.

        Args:
            piece: Where they stand.
            rows: Their numbers, as if the file began with the piece.
        """
        table = next(tables_of(self.sheets(piece), self.spec))
        places = rows - table.header_row - 1
        return table.headers, pd.DataFrame({n: column.take(places) for n, column in enumerate(table.columns)})

    def sheets(self, piece: Piece) -> Iterator[Sheet | ColumnSheet]:
        """The sheets of a piece, with the columns that its folders name."""
        if piece.groups is None:
            found = read_column_sheets(
                piece.path, known_headers=self.known_headers, limits=self.limits, sheet=self.spec.sheet
            )
        else:
            found = iter([read_parquet_columns(piece.path, limits=self.limits, groups=piece.groups)])
        for sheet in found:
            yield _of_piece(sheet, piece.label)


def pieces_of(dataset: Dataset, files: Container[int] | None = None) -> Iterator[Piece]:
    """The pieces of a dataset on this machine, in the order of its rows.

    Args:
        dataset: Which files it has.
        files: The numbers of those that are wanted; ``None`` is all.

    Raises:
        DataError: ``dataset_changed``, when a file is not what was listed any more.
    """
    for number, file in enumerate(dataset.files):
        if files is not None and number not in files:
            continue
        path = Path(file.path)
        _check_unchanged(file)
        whole = Piece(number, path, dataset.label(file))
        is_parquet = tell_kind(read_head(path, HEAD_BYTES), path) is Kind.PARQUET
        yield from _of_parquet(whole) if is_parquet else [whole]


def _of_parquet(whole: Piece) -> Iterator[Piece]:
    rows = row_groups(whole.path)
    begin, before, held = 0, 0, 0
    for end, count in enumerate(rows, 1):
        held += count
        if held >= _ROWS or end == len(rows):
            yield replace(whole, rows_before=before, groups=range(begin, end), rows=held)
            begin, before, held = end, before + held, 0
    if not rows:
        yield replace(whole, groups=range(0))


def _check_unchanged(file: DatasetFile) -> None:
    path = Path(file.path)
    with file_access(path):
        status = path.stat()
    if (status.st_size, status.st_mtime_ns) != (file.size_bytes, file.modified_ns):
        raise dataset_changed(file.path)


def dataset_changed(path: str) -> DataError:
    """The refusal of a file that is not what was listed any more."""
    return DataError(
        "dataset_changed",
        f"{path} is not the file any more that was listed with the dataset: it was written since. Run again when "
        "nobody writes it; what a past run read can't be had again.",
    )


_Partition: TypeAlias = tuple[str, str | None]


def _partitions(label: str) -> list[_Partition]:
    """The columns that folders name, as ``region=EU`` does."""
    named = [folder.partition("=") for folder in label.split("/")[:-1] if "=" in folder]
    return [(unquote(name), None if value == _NO_VALUE else unquote(value)) for name, _, value in named]


def _of_piece(sheet: Sheet | ColumnSheet, label: str) -> Sheet | ColumnSheet:
    """A sheet under the name that reports use, with the columns that folders name."""
    if isinstance(sheet, Sheet):
        return _in_rows(replace(sheet, file=label), _partitions(label))
    whole = sheet.whole
    sheet = replace(sheet, file=label, whole=lambda: _in_rows(replace(whole(), file=label), _partitions(label)))
    return _in_columns(sheet, _partitions(label))


def _in_rows(sheet: Sheet, partitions: Sequence[_Partition]) -> Sheet:
    """Those columns behind the others, unless the file has them; its header is its first row."""
    new = _missing(partitions, sheet.rows[0] if sheet.rows else ())
    names, values = [name for name, _ in new], [value for _, value in new]
    return replace(sheet, rows=[[*row, *(values if number else names)] for number, row in enumerate(sheet.rows)])


def _in_columns(sheet: ColumnSheet, partitions: Sequence[_Partition]) -> ColumnSheet:
    """The same in whole columns."""
    *above, header = sheet.rows
    new = _missing(partitions, header)
    count = len(sheet.columns[0]) if sheet.columns else 0
    columns = [pd.Series(value, index=range(count), dtype="str") for _, value in new]
    return replace(sheet, rows=[*above, [*header, *(name for name, _ in new)]], columns=[*sheet.columns, *columns])


def _missing(partitions: Sequence[_Partition], header: Sequence[Cell]) -> list[_Partition]:
    there = {normalised_header(shown(cell)) for cell in header}
    return [(name, value) for name, value in partitions if normalised_header(name) not in there]
