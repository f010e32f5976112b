"""Spark: more than one machine holds, on a cluster that is there already."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from goldpan.errors import ConfigError
from sync.engines.engine import Engine, EngineSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_OWN = {
    "spark.sql.session.timeZone": "UTC",  # business dates have no zone, and no hour that a clock skips
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error, never a null
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
"""Set in a session of our own; the caller's keeps its own."""


class SparkEngine(Engine):
    """DataFrames of one session; what is settled is kept where it was worked out, in memory or on disk.

    Attributes:
        session: Other DataFrames may be made of it.
    """

    name = "spark"

    def __init__(self, settings: EngineSettings, session: "SparkSession") -> None:
        super().__init__(settings)
        self.session = session
        self._settled: list[DataFrame] = []

    def parquet(self, *paths: str) -> "DataFrame":
        """The rows of Parquet files, from wherever Spark reads (``s3a://`` too)."""
        return self.session.read.parquet(*paths)

    def of_arrow(self, table: pa.Table) -> "DataFrame":
        """Rows that are in memory, handed to the cluster; times become dates, which have no zone on the way."""
        dates = [field.with_type(pa.date32()) if pa.types.is_timestamp(field.type) else field for field in table.schema]
        with _without_advice():
            return self.session.createDataFrame(table.cast(pa.schema(dates)))

    def settle(self, frame: "DataFrame") -> "DataFrame":
        """The same rows, worked out now and kept where they are.

        A checkpoint, not a cache: Spark plans anew for every step what a frame came from, and a plan in which each step
        reads several others, which read several others, would outgrow the driver.
        """
        return frame.localCheckpoint(eager=True)

    def release(self) -> None:
        """Spark lets go of rows that nobody holds."""


@contextmanager
def _without_advice() -> Iterator[None]:
    """Without PySpark's advice to take an older pandas: none of its pandas functions are used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextmanager
def open_spark(settings: EngineSettings) -> Iterator[SparkEngine]:
    """A session on the Spark that runs this program, or else on a local one; a local one ends with it.

    Raises:
        ConfigError: PySpark is not installed, or there is no Java.
    """
    try:
        from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - an extra
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError("The engine spark needs an extra: pip install 'goldpan[spark]'") from error
    was_there = SparkSession.getActiveSession() is not None
    builder = SparkSession.builder.appName("goldpan").config("spark.ui.showConsoleProgress", "false")
    for name, value in settings.spark.items():
        builder = builder.config(name, value)
    try:
        with _without_advice():
            base = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise ConfigError(f"Spark does not start: {error} It needs Java 17 or newer: see JAVA_HOME.") from error
    session = base.newSession()
    for name, value in _OWN.items():
        session.conf.set(name, value)
    try:
        yield SparkEngine(settings, session)
    finally:
        if not was_there:
            base.stop()
