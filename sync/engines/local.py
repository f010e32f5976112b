"""Datasets on this machine: their pieces, two at a time, in the order of their rows."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from goldpan.conformed import DatasetExport
from goldpan.errors import ConfigError
from goldpan.frames import Frame
from goldpan.pieces import Gathered, PieceFacts, facts_of_piece, numbered, typed_rows
from goldpan.places import Part
from goldpan.union import cells_under
from sync.datasets.manifest import Dataset
from sync.datasets.parts import Piece, PieceReader, pieces_of

_AT_ONCE = 2
"""Pieces in work: the readers work outside of the interpreter's lock for the most part; each costs memory."""


def read_dataset(
    dataset: Dataset, reader: PieceReader, *, take: Callable[[Iterator[pa.Table]], Frame], listed: int
) -> DatasetExport:
    """Read a dataset piece by piece.

    Args:
        dataset: Which files.
        reader: How they are read.
        take: Makes a frame of all rows, which come in their order, once.
        listed: How many findings are listed.

    Raises:
        ConfigError: Only Spark reaches it.
        DataError: A file can't be used.
    """
    if dataset.is_remote:
        raise ConfigError(f'{dataset.place}: only Spark reads this. Set engine = "spark" in goldpan.toml.')
    gathered = Gathered(reader.spec, listed=listed)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="piece") as pool:
        try:
            frame = take(_rows(dataset, lambda piece: pool.submit(read_piece, reader, piece, listed), gathered))
        finally:
            pool.shutdown(cancel_futures=True)
    return gathered.export(frame, partial(_cells, dataset, reader, gathered))


def _rows(
    dataset: Dataset, begin: Callable[[Piece], "Future[tuple[PieceFacts, pa.Table]]"], gathered: Gathered
) -> Iterator[pa.Table]:
    """The rows of all pieces; while one is taken, the next are read."""
    reading: deque[Future[tuple[PieceFacts, pa.Table]]] = deque()
    for piece in pieces_of(dataset):
        reading.append(begin(piece))
        if len(reading) > _AT_ONCE:
            yield _in_place(*reading.popleft().result(), gathered)
    while reading:
        yield _in_place(*reading.popleft().result(), gathered)


def read_piece(reader: PieceReader, piece: Piece, listed: int) -> tuple[PieceFacts, pa.Table]:
    """What is known of a piece, and its rows, numbered as if the file began with it."""
    export = reader.read(piece)
    return facts_of_piece(export, rows_before=piece.rows_before, listed=listed), typed_rows(export)


def _in_place(facts: PieceFacts, rows: pa.Table, gathered: Gathered) -> pa.Table:
    return numbered(rows, gathered.add(facts) + facts.rows_before)


def _cells(dataset: Dataset, reader: PieceReader, gathered: Gathered, rows: "npt.NDArray[np.int64]") -> pd.DataFrame:
    columns, of_file = gathered.columns, rows_by_file(gathered.parts, rows)
    found = []
    for piece in pieces_of(dataset, of_file):
        own = piece.rows_in(of_file[piece.file], gathered.parts[piece.file].header_row)
        if len(own):
            headers, cells = reader.cells(piece, own)
            found.append(cells_under(columns, cells, headers, reader.spec))
    return pd.concat(found, ignore_index=True) if found else no_cells(gathered)


def no_cells(gathered: Gathered) -> pd.DataFrame:
    """No row, under the columns of all files."""
    return pd.DataFrame({n: pd.Series(dtype=object) for n in range(len(gathered.columns))})


def rows_by_file(parts: Sequence[Part], rows: "npt.NDArray[np.int64]") -> "dict[int, npt.NDArray[np.int64]]":
    """Rows of an export by the number of their file, each as its file numbers it."""
    offsets = np.array([part.offset for part in parts], dtype=np.int64)
    files = offsets.searchsorted(rows) - 1
    return {int(file): rows[files == file] - offsets[file] for file in np.unique(files)}
