"""Reads Parquet tables (.parquet): typed cells, in whole columns."""

from collections.abc import Callable, Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goldpan.model import Cell, Sheet
from goldpan.sheets import ColumnSheet
from goldpan.values.ids import ROUNDED_FROM
from goldpan.values.reading import as_delivered
from sync.readers.limits import ReadLimits, as_mb, too_large
from sync.readers.opening import file_access, library_errors


def row_groups(path: Path) -> list[int]:
    """How many rows each group of a Parquet file holds; groups can be read by themselves.

    Raises:
        DataError: ``corrupt_file``.
    """
    with file_access(path):
        file = path.open("rb")
    with file, library_errors(path), pq.ParquetFile(file) as parquet:
        metadata = parquet.metadata
        return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def read_parquet_columns(path: Path, *, limits: ReadLimits, groups: range | None = None) -> ColumnSheet:
    """The one table of a Parquet file. Its columns' names are row 1, as if Excel had opened it.

    Args:
        path: The file.
        limits: The most that may be read.
        groups: Only these groups of rows.

    Texts, whole and other numbers, decimals, dates, moments (by the clock of their own time zone), times of day and
    truth values come as they are; whatever else a column holds comes as text.

    Raises:
        DataError: ``too_large`` or ``corrupt_file``.
    """
    with file_access(path):
        file = path.open("rb")
    with file, library_errors(path), pq.ParquetFile(file) as parquet:
        wanted = range(parquet.metadata.num_row_groups) if groups is None else groups
        _check_size(path, parquet.metadata, wanted, limits)
        table = parquet.read_row_groups([*wanted]).combine_chunks()
        ends = wanted.stop == parquet.metadata.num_row_groups
        columns = [_column(column) for column in table.columns]
    return ColumnSheet(
        file=path.name,
        name="",
        rows=[table.column_names],
        columns=columns,
        whole=lambda: next(read_parquet(path, limits=limits)),
        ends=ends,
    )


def read_parquet(path: Path, *, limits: ReadLimits) -> Iterator[Sheet]:
    """The same row by row."""
    found = read_parquet_columns(path, limits=limits)
    rows = zip(*(map(_cell, as_delivered(column)) for column in found.columns), strict=True)
    yield Sheet(file=found.file, name="", rows=[*found.rows, *map(list, rows)])


def _cell(cell: Any) -> Cell:  # noqa: ANN401 - whatever pandas holds
    """A cell as the readers of workbooks give it: a moment at midnight is a date."""
    if isinstance(cell, pd.Timestamp):
        moment: datetime = cell.to_pydatetime()
        return moment if moment.time() != time() else moment.date()
    return cell  # type: ignore[no-any-return]  # pandas knows no types


def _check_size(path: Path, metadata: pq.FileMetaData, wanted: range, limits: ReadLimits) -> None:
    groups = [metadata.row_group(number) for number in wanted]
    cells = sum(group.num_rows for group in groups) * metadata.num_columns
    if cells > limits.max_cells:
        raise too_large(path.name, f"the table has {cells:,} cells", f"{limits.max_cells:,} cells", "max_cells")
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked > limits.max_unpacked_bytes:
        found, limit = f"the table unpacks to {as_mb(unpacked)}", as_mb(limits.max_unpacked_bytes)
        raise too_large(path.name, found, limit, "max_unpacked_mb")


def _column(column: pa.ChunkedArray) -> "pd.Series[Any]":
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return next(read for is_one, read in _READERS if is_one(column.type))(column)


def _as_texts(column: pa.ChunkedArray) -> "pd.Series[Any]":
    return pd.Series(pd.array(column.cast(pa.large_string()), dtype="str"))


def _as_numbers(column: pa.ChunkedArray) -> "pd.Series[Any]":
    if column.type != pa.float64():  # the shortest text is what the narrow number means: 0.1, not 0.10000000149
        column = column.cast(pa.string()).cast(pa.float64())
    return pd.Series(column.to_numpy())


def _as_whole_numbers(column: pa.ChunkedArray) -> "pd.Series[Any]":
    """Long ones are ids, which nobody rounded here: as texts they keep all their digits."""
    extent = pc.min_max(column).as_py()
    if any(abs(end or 0) >= ROUNDED_FROM for end in extent.values()):
        return _as_texts(column)
    return pd.Series(pd.array(column.cast(pa.int64()).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)))


def _as_moments(column: pa.ChunkedArray) -> "pd.Series[Any]":
    if getattr(column.type, "tz", None):
        column = pc.local_timestamp(column)
    return pd.Series(column.to_numpy())


def _as_decimals(column: pa.ChunkedArray) -> "pd.Series[Any]":
    if column.type.scale <= 0:
        return _as_whole_numbers(column.cast(pa.int64())) if column.type.precision <= 18 else _as_words(column)
    return pd.Series(column, dtype=pd.ArrowDtype(column.type))


def _as_objects(column: pa.ChunkedArray) -> "pd.Series[Any]":
    return pd.Series(column.to_pylist(), dtype=object)


def _as_words(column: pa.ChunkedArray) -> "pd.Series[Any]":
    return pd.Series([None if cell is None else str(cell) for cell in column.to_pylist()], dtype="str")


_Reader = Callable[[pa.ChunkedArray], "pd.Series[Any]"]
_READERS: tuple[tuple[Callable[[pa.DataType], bool], _Reader], ...] = (
    (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t), _as_texts),
    (pa.types.is_null, _as_texts),
    (pa.types.is_integer, _as_whole_numbers),
    (pa.types.is_floating, _as_numbers),
    (lambda t: pa.types.is_date(t) or pa.types.is_timestamp(t), _as_moments),
    (pa.types.is_decimal, _as_decimals),
    (lambda t: pa.types.is_boolean(t) or pa.types.is_time(t), _as_objects),
    (lambda _: True, _as_words),
)
