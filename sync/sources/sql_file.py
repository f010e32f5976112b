"""Rows of a query as one Parquet file: written in pieces, so that the number of rows costs no memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from sync.readers.limits import ReadLimits, as_mb, too_large
from sync.sources.sql_columns import Held, as_array, cleaned, held_in

GROUP_ROWS = 100_000
"""Rows of one row group."""


class RowsFile:
    """The same rows in the same order give the same bytes.

    A column's type is known when its last value is: whenever a value needs a wider one, another part begins, and in
    the end several parts become one file. Most queries need one part.

    Args:
        folder: An empty one, for the parts.
        names: Of the columns.
        limits: The most that an export may hold.
        file: What the export is called, for errors.
        zone: By whose clock moments are told.
    """

    def __init__(self, folder: Path, names: Sequence[str], limits: ReadLimits, *, file: str, zone: ZoneInfo) -> None:
        self._folder, self._names, self._limits, self._file, self._zone = folder, [*names], limits, file, zone
        self._held = [Held()] * len(names)
        self._parts = [self._folder / "0"]
        self._writer = pq.ParquetWriter(self._parts[0], self._schema(), compression="zstd")
        self._group: list[pa.RecordBatch] = []
        self._rows, self._has_groups = 0, False

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Some rows.

        Raises:
            DataError: ``too_large``.
        """
        self._rows += len(rows)
        if (cells := self._rows * len(self._names)) > self._limits.max_cells:
            limit = f"{self._limits.max_cells:,} cells"
            raise too_large(self._file, f"the query gives {cells:,} cells or more", limit, "max_cells")
        columns = [cleaned(column, self._zone) for column in zip(*rows, strict=True)]
        held = [before.with_(held_in(column)) for before, column in zip(self._held, columns, strict=True)]
        if [each.arrow for each in held] != [each.arrow for each in self._held]:
            self._begin_part(held)
        self._held = held
        arrays = [as_array(column, each) for column, each in zip(columns, held, strict=True)]
        self._group.append(pa.record_batch(arrays, schema=self._schema()))
        if sum(batch.num_rows for batch in self._group) >= GROUP_ROWS:
            self._write_group()

    def finish(self, target: Path) -> None:
        """Everything into one file; sync and rename are the caller's.

        Raises:
            DataError: ``too_large``.
        """
        self._write_group()
        self._writer.close()
        if len(self._parts) == 1:
            self._parts[0].replace(target)
            return
        with pq.ParquetWriter(target, self._schema(), compression="zstd") as writer:
            for group in self._groups():
                writer.write_table(self._widened(group))

    def close(self) -> None:
        """Write nothing more."""
        self._writer.close()

    def _begin_part(self, held: list[Held]) -> None:
        self._write_group()
        self._writer.close()
        self._held = held
        if self._has_groups:
            self._parts.append(self._folder / str(len(self._parts)))
            self._has_groups = False
        self._writer = pq.ParquetWriter(self._parts[-1], self._schema(), compression="zstd")

    def _write_group(self) -> None:
        if self._group:
            self._writer.write_table(pa.Table.from_batches(self._group), row_group_size=GROUP_ROWS * 2)
            self._group, self._has_groups = [], True
        size, most = sum(part.stat().st_size for part in self._parts), self._limits.max_file_bytes
        if size > most:
            raise too_large(self._file, f"the export has {as_mb(size)} or more", as_mb(most), "max_file_mb")

    def _groups(self) -> Iterator[pa.Table]:
        for part in self._parts:
            with pq.ParquetFile(part) as file:
                for number in range(file.num_row_groups):
                    yield file.read_row_group(number)

    def _widened(self, group: pa.Table) -> pa.Table:
        columns = [
            column if column.type == held.arrow else as_array(column.to_pylist(), held)
            for column, held in zip(group.columns, self._held, strict=True)
        ]
        return pa.table(columns, schema=self._schema())

    def _schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, held.arrow) for name, held in zip(self._names, self._held, strict=True)])
