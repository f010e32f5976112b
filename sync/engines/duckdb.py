"""DuckDB: more than fits a spreadsheet, on one machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from errno import EIO
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from goldpan.config import Config
from goldpan.conformed import DatasetExport
from goldpan.errors import ConfigError, FatalError
from goldpan.frames import Frame
from goldpan.pipeline import Refined
from sync.datasets.manifest import Dataset
from sync.datasets.parts import PieceReader
from sync.engines.choosing import EngineSettings
from sync.engines.engine import Engine
from sync.engines.local import read_dataset
from sync.engines.temp_folder import temporary_folder

if TYPE_CHECKING:
    import duckdb


_GROUP_ROWS = 122_880
"""DuckDB reads groups of this size side by side, <https://duckdb.org/docs/stable/data/parquet/tips>."""


class DuckDBEngine(Engine):
    """Relations of one connection; what is settled becomes a table of its database, which is in memory.

    Attributes:
        connection: Other relations may be made of it.
    """

    name = "duckdb"
    stage = "Refining with DuckDB"

    def __init__(self, settings: EngineSettings, connection: "duckdb.DuckDBPyConnection", folder: Path) -> None:
        super().__init__(settings)
        self._folder = folder
        self.connection = connection
        self._settled: list[str] = []
        self._numbers = count(1)

    def parquet(self, *paths: str) -> "duckdb.DuckDBPyRelation":
        """The rows of Parquet files, read as they are needed."""
        return self.connection.read_parquet(list(paths))

    def of_arrow(self, table: pa.Table) -> "duckdb.DuckDBPyRelation":
        """A relation over rows in memory."""
        return self.connection.from_arrow(table)

    def read(self, dataset: Dataset, reader: PieceReader) -> DatasetExport:
        """The typed rows wait in a Parquet file beside what DuckDB puts aside, and are read as they are needed."""
        path = self._folder / f"read_{next(self._numbers)}.parquet"
        return read_dataset(dataset, reader, take=partial(self._in_file, path), listed=self.settings.listed)

    def _in_file(self, path: Path, pieces: "Iterator[pa.Table]") -> "duckdb.DuckDBPyRelation":
        import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

        first = next(pieces)
        try:
            with pq.ParquetWriter(path, first.schema, compression="lz4") as writer:
                for piece in chain([first], pieces):
                    writer.write_table(piece, row_group_size=_GROUP_ROWS)
        except OSError as error:
            if error.filename:  # Arrow names none
                raise
            why = os.strerror(error.errno or EIO)
            raise FatalError(
                f"The temporary folder {self._folder.parent} can't be written ({why}). Make room, or set temp_folder "
                "under [duckdb] in goldpan.toml."
            ) from error
        return self.parquet(str(path))

    def settle(self, frame: "duckdb.DuckDBPyRelation") -> "duckdb.DuckDBPyRelation":
        """The same rows, in a table."""
        name = f"settled_{next(self._numbers)}"
        frame.create(name)
        self._settled.append(name)
        return self.connection.table(name)

    def refine(self, memberships: Frame, orders: Frame, as_of: date, config: Config) -> Refined:
        """:func:`goldpan.pipeline.refine` on relations of this connection.

        Raises:
            FatalError: Memory or disk do not suffice.
        """
        import duckdb  # noqa: PLC0415 - an extra

        try:
            return super().refine(memberships, orders, as_of, config)
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            said = str(error).splitlines()[0].rstrip(".")
            raise FatalError(
                f"DuckDB could not go on: {said}. Give it more memory or a larger disk "
                "(memory, temp_folder under [duckdb] in goldpan.toml)."
            ) from error

    def release(self) -> None:
        """Drop the tables."""
        while self._settled:
            self.connection.execute(f"DROP TABLE {self._settled.pop()}")


@contextmanager
def open_duckdb(settings: EngineSettings) -> Iterator[DuckDBEngine]:
    """A database in memory, gone when closed.

    Raises:
        ConfigError: DuckDB is not installed, or does not take its settings.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError("The engine duckdb needs an extra: pip install 'goldpan[duckdb]'") from error
    with temporary_folder(settings.temp_folder) as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(folder),
            # Contacts and lists are sorted; in between no order is kept, which costs least memory.
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,  # nothing is downloaded
            "arrow_large_buffer_size": True,  # texts as pandas holds them: no copy
        }
        config |= {"memory_limit": settings.memory} if settings.memory else {}
        config |= {"threads": settings.threads} if settings.threads else {}
        try:
            connection = duckdb.connect(config=config)
        except duckdb.Error as error:
            found = f"memory {settings.memory!r}, threads {settings.threads}"
            raise ConfigError(f"DuckDB does not take its settings ({found}): {str(error).splitlines()[0]}") from error
        with connection:
            yield DuckDBEngine(settings, connection, folder)
