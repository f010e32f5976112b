"""DuckDB: more than fits a spreadsheet, on one machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa

from goldpan.config import Config
from goldpan.errors import ConfigError, FatalError
from goldpan.frames import Frame
from goldpan.pipeline import Refined
from sync.engines.engine import Engine, EngineSettings

if TYPE_CHECKING:
    import duckdb


class DuckDBEngine(Engine):
    """Relations of one connection; what is settled becomes a table of its database, which is in memory.

    Attributes:
        connection: Other relations may be made of it.
    """

    name = "duckdb"

    def __init__(self, settings: EngineSettings, connection: "duckdb.DuckDBPyConnection") -> None:
        super().__init__(settings)
        self.connection = connection
        self._settled: list[str] = []
        self._numbers = count(1)

    def parquet(self, *paths: str) -> "duckdb.DuckDBPyRelation":
        """The rows of Parquet files, read as they are needed."""
        return self.connection.read_parquet(list(paths))

    def of_arrow(self, table: pa.Table) -> "duckdb.DuckDBPyRelation":
        """A relation over rows in memory."""
        return self.connection.from_arrow(table)

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
            raise FatalError(
                f"DuckDB could not go on: {str(error).splitlines()[0]} Give it more memory, or a temporary folder on a "
                "larger disk; nothing was sent."
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
    with tempfile.TemporaryDirectory(prefix="goldpan-duckdb-", dir=settings.temp_folder) as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": folder,
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
            yield DuckDBEngine(settings, connection)
