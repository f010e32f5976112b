"""What Spark's executors do: read the files that Spark hands them, with the readers of every other engine."""

import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from goldpan.errors import DataError
from sync.datasets.manifest import Dataset
from sync.datasets.parts import Piece, PieceReader, dataset_changed
from sync.engines.local import read_piece

T = TypeVar("T")
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
        for number, said in _said_of(batches, self.files, lambda _, piece: read_piece(self.reader, piece, self.listed)):
            facts, rows = (said, None) if isinstance(said, Refusal) else said
            if rows is not None:
                yield from _with_file(rows, number, self._all())
            yield _row(self._all(), {"file": number, "facts": pickle.dumps(facts)})

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
        found = _said_of(batches, self.files, lambda number, piece: self.reader.cells(piece, self.rows[number]))
        for number, said in found:
            yield _row(self._all(), {"file": number, "cells": pickle.dumps(said)})

    def _all(self) -> pa.Schema:
        return pa.schema([("file", pa.int32()), ("cells", pa.binary())])


def _said_of(
    batches: Iterable[pa.RecordBatch], files: Mapping[str, Listed], say: Callable[[int, Piece], T]
) -> Iterator[tuple[int, T | Refusal]]:
    """What there is to say of each file that Spark hands over, by its number."""
    for batch in batches:
        path, length, modified, content = (
            batch.column(name) for name in ("path", "length", "modificationTime", "content")
        )
        micros = modified.cast(pa.int64())
        for number in range(len(batch)):
            listed = files[_key(path[number].as_py())]
            found = length[number].as_py(), micros[number].as_py() // 1000
            try:
                with _as_piece(listed, found, content[number]) as piece:
                    said: T | Refusal = say(listed[0], piece)
            except DataError as error:
                said = Refusal(error.reason, str(error))
            yield listed[0], said


@contextmanager
def _as_piece(listed: Listed, found: tuple[int, int], content: pa.Scalar) -> Iterator[Piece]:
    """A file on this machine, if its size and time are still those that were listed."""
    number, label, *before = listed
    if [*found] != before:
        raise dataset_changed(label)
    with TemporaryDirectory(prefix="goldpan-") as folder:
        path = Path(folder) / label.rpartition("/")[2]
        path.write_bytes(content.as_buffer())
        yield Piece(number, path, label)


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
