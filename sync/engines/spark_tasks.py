"""What Spark's executors do: read the files that Spark hands them, with the readers of every other engine."""

import pickle
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from goldpan.errors import DataError
from sync.datasets.manifest import Dataset
from sync.datasets.parts import Piece, PieceReader, dataset_changed
from sync.engines.local import read_piece

Listed: TypeAlias = tuple[int, str, int, int]
"""A file as it was listed: its number, what it is called, its size in bytes, and its time in milliseconds."""

_DDL = {
    pa.int64(): "bigint",
    pa.large_string(): "string",
    pa.date32(): "date",
    pa.int32(): "int",
    pa.binary(): "binary",
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/")
_PATTERN = re.compile(r"([\\*?\[\]{}])")


@dataclass(frozen=True)
class Refusal:
    """Why a file can't be used; errors themselves do not travel."""

    reason: str
    message: str


def as_url(path: str) -> str:
    """A path as Spark loads it: it would take some characters for a pattern."""
    escaped = _PATTERN.sub(r"\\\1", path)
    return escaped if _SCHEME.match(path) else f"file://{escaped}"


def numbers_of(dataset: Dataset) -> dict[str, Listed]:
    """The files of a dataset, by what Spark calls them."""
    return {
        _key(file.path): (number, dataset.label(file), file.size_bytes, file.modified_ns // 1_000_000)
        for number, file in enumerate(dataset.files)
    }


def unpacked(rows: Iterable[Any]) -> list[tuple[int, Any]]:
    """What the executors said of each file (``file``, and one more column), in the order of the files.

    Raises:
        DataError: A file can't be used; the first one's reason.
    """
    found = sorted(((row[0], pickle.loads(row[1])) for row in rows), key=lambda each: each[0])  # noqa: S301 - our own
    for _, said in found:
        if isinstance(said, Refusal):
            raise DataError(said.reason, said.message)
    return found


@dataclass(frozen=True)
class ReadFiles:
    """Files to typed rows.

    Attributes:
        reader: How they are read.
        files: By what Spark calls them.
        listed: How many findings are listed for each.
        schema: Of the typed rows.

    For each file come its rows, with its number, and last a row with nothing but that and what is known of it.
    """

    reader: PieceReader
    files: Mapping[str, Listed]
    listed: int
    schema: pa.Schema

    def ddl(self) -> str:
        """The columns that come."""
        return _ddl(self._all())

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The task."""
        for number, opened in _opened(batches, self.files):
            try:
                with opened as piece:
                    facts, rows = read_piece(self.reader, piece, self.listed)
                yield from _with_file(rows, number, self._all())
                said: object = facts
            except DataError as error:
                said = Refusal(error.reason, str(error))
            yield _row(self._all(), {"file": number, "facts": pickle.dumps(said)})

    def _all(self) -> pa.Schema:
        return self.schema.append(pa.field("file", pa.int32())).append(pa.field("facts", pa.binary()))


@dataclass(frozen=True)
class FindCells:
    """Files to some of their rows, as delivered.

    Attributes:
        reader: How they are read.
        files: By what Spark calls them.
        rows: Which rows, by the number of the file.
    """

    reader: PieceReader
    files: Mapping[str, Listed]
    rows: "Mapping[int, npt.NDArray[np.int64]]"

    def ddl(self) -> str:
        """The columns that come."""
        return _ddl(self._all())

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The task."""
        for number, opened in _opened(batches, self.files):
            try:
                with opened as piece:
                    said: object = self.reader.cells(piece, self.rows[number])
            except DataError as error:
                said = Refusal(error.reason, str(error))
            yield _row(self._all(), {"file": number, "cells": pickle.dumps(said)})

    def _all(self) -> pa.Schema:
        return pa.schema([("file", pa.int32()), ("cells", pa.binary())])


def _opened(batches: Iterable[pa.RecordBatch], files: Mapping[str, Listed]) -> Iterator[tuple[int, Any]]:
    for batch in batches:
        columns = (batch.column(name) for name in ("path", "length", "modificationTime", "content"))
        for path, length, modified, content in zip(*columns, strict=True):
            listed = files[_key(path.as_py())]
            yield listed[0], _as_piece(listed, length.as_py(), modified.as_py(), content)


@contextmanager
def _as_piece(listed: Listed, size_bytes: int, modified_at: datetime, content: pa.Scalar) -> Iterator[Piece]:
    number, label, size_before, modified_before = listed
    modified = in_nanoseconds_utc(modified_at) // 1_000_000
    if (size_bytes, modified) != (size_before, modified_before):
        raise dataset_changed(label)
    with TemporaryDirectory(prefix="goldpan-") as folder:
        path = Path(folder) / label.rpartition("/")[2]
        path.write_bytes(content.as_buffer())
        yield Piece(number, path, label)


def in_nanoseconds_utc(at: datetime) -> int:
    """A time as the system keeps those of files."""
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _with_file(rows: pa.Table, number: int, schema: pa.Schema) -> list[pa.RecordBatch]:
    rows = rows.append_column("file", pa.repeat(pa.scalar(number, pa.int32()), len(rows)))
    rows = rows.append_column("facts", pa.nulls(len(rows), pa.binary()))
    batches: list[pa.RecordBatch] = rows.cast(_plain(schema)).to_batches()
    return batches


def _row(schema: pa.Schema, values: Mapping[str, object]) -> pa.RecordBatch:
    schema = _plain(schema)
    return pa.record_batch([pa.array([values.get(field.name)], field.type) for field in schema], schema=schema)


def _plain(schema: pa.Schema) -> pa.Schema:
    """Spark takes no large strings."""
    return pa.schema(
        [field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field for field in schema]
    )


def _ddl(schema: pa.Schema) -> str:
    return ", ".join(f"`{field.name}` {_DDL[field.type]}" for field in schema)


def _key(path: str) -> str:
    """A path without the scheme of local files, which is written in several ways."""
    return re.sub(r"^file:/+", "/", path)
