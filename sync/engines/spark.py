"""Spark: more than one machine holds, on a cluster that is there already."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from goldpan.config import Config
from goldpan.conformed import DatasetExport
from goldpan.errors import ConfigError, TransientError
from goldpan.frames import Frame
from goldpan.pieces import Gathered, typed_schema
from goldpan.pipeline import Refined
from goldpan.union import cells_under
from sync.datasets.manifest import Dataset, DatasetFile
from sync.datasets.parts import PieceReader
from sync.engines.choosing import EngineSettings
from sync.engines.engine import Engine
from sync.engines.local import no_cells, rows_by_file
from sync.engines.spark_tasks import FindCells, ReadFiles, as_url, numbers_of, unpacked

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_OWN = {
    "spark.sql.session.timeZone": "UTC",  # business dates have no zone, and no hour that a clock skips
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error, never a null
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
"""Set in a session of our own; the caller's keeps its own."""


_LISTED_BY_ALL, _LISTED_AT_LEAST = 500_000, 100
"""How many findings come to the driver before the first of them are taken, and from each file at least."""


class SparkEngine(Engine):
    """DataFrames of one session; what is settled is kept where it was worked out, in memory or on disk.

    Attributes:
        session: Other DataFrames may be made of it.
    """

    name = "spark"
    stage = "Refining with Spark"

    def __init__(self, settings: EngineSettings, session: "SparkSession") -> None:
        super().__init__(settings)
        self.session = session

    def parquet(self, *paths: str) -> "DataFrame":
        """The rows of Parquet files, from wherever Spark reads (``s3a://`` too)."""
        return self.session.read.parquet(*paths)

    def of_arrow(self, table: pa.Table) -> "DataFrame":
        """Rows that are in memory, handed to the cluster; times become dates, which have no zone on the way."""
        dates = [field.with_type(pa.date32()) if pa.types.is_timestamp(field.type) else field for field in table.schema]
        with _without_advice():
            return self.session.createDataFrame(table.cast(pa.schema(dates)))

    def read(self, dataset: Dataset, reader: PieceReader) -> DatasetExport:
        """The executors read the files; what comes back is what is known of each besides its rows."""
        gathered = Gathered(reader.spec, listed=self.settings.listed)
        schema = typed_schema(reader.spec, name_keys_for_all=reader.name_keys_for_all)
        listed = min(self.settings.listed, max(_LISTED_AT_LEAST, _LISTED_BY_ALL // len(dataset.files)))
        reading = ReadFiles(reader, numbers_of(dataset), listed, schema)
        with _without_advice(), _in_words(f"read {dataset.place}"):
            read = self.settle(self._files(dataset).mapInArrow(reading, reading.ddl()))
            facts = read.filter("facts IS NOT NULL").select("file", "facts").collect()
        offsets = [(number, gathered.add(each)) for number, each in unpacked(facts)]
        numbers = self.session.createDataFrame(offsets, "file int, offset bigint").hint("broadcast")
        rows = read.filter("facts IS NULL").drop("facts").join(numbers, "file")
        frame = rows.withColumn("source_row", rows["source_row"] + rows["offset"]).select(schema.names)
        return gathered.export(frame, partial(self._cells, dataset, reader, gathered))

    def _cells(
        self, dataset: Dataset, reader: PieceReader, gathered: Gathered, rows: "npt.NDArray[np.int64]"
    ) -> "pd.DataFrame":
        finding = FindCells(reader, numbers_of(dataset), rows_by_file(gathered.parts, rows))
        wanted = replace(dataset, files=tuple(dataset.files[number] for number in finding.rows))
        if not wanted.files:
            return no_cells(gathered)
        with _without_advice(), _in_words(f"read {dataset.place} again"):
            found = self._files(wanted).mapInArrow(finding, finding.ddl()).collect()
        columns = gathered.columns
        cells = [cells_under(columns, each, headers, reader.spec) for _, (headers, each) in unpacked(found)]
        return pd.concat(cells, ignore_index=True)

    def _files(self, dataset: Dataset) -> "DataFrame":
        """One row per file, with its content."""
        return self.session.read.format("binaryFile").load([as_url(file.path) for file in dataset.files])

    def list_files(self, place: str) -> Dataset | None:
        """Every file that a URL means now: a file, a folder or a pattern; ``None`` if there is none.

        Raises:
            TransientError: It can't be listed now.
        """
        from pyspark.errors import AnalysisException  # noqa: PLC0415 - an extra

        read = self.session.read.format("binaryFile").option("recursiveFileLookup", "true")
        with _in_words(f"list {place}"):
            try:
                # As a number: a time would come by the clock of this machine.
                times = "unix_micros(modificationTime) * 1000 AS modified_ns"
                rows = read.load(place).selectExpr("path", "length", times).collect()
            except AnalysisException as error:
                if error.getCondition() == "PATH_NOT_FOUND":
                    return None
                raise
        files = [DatasetFile(row.path, row.length, row.modified_ns) for row in rows if row.length]
        return Dataset(place, tuple(sorted(files, key=lambda file: file.path))) if files else None

    def settle(self, frame: "DataFrame") -> "DataFrame":
        """The same rows, worked out now and kept where they are.

        A checkpoint, not a cache: Spark plans anew for every step what a frame came from, and a plan in which each step
        reads several others, which read several others, would outgrow the driver.
        """
        return frame.localCheckpoint(eager=True)

    def refine(self, memberships: Frame, orders: Frame, as_of: date, config: Config) -> Refined:
        """:func:`goldpan.pipeline.refine` on DataFrames of this session.

        Raises:
            TransientError: The cluster failed.
        """
        with _in_words("work the exports out"):
            return super().refine(memberships, orders, as_of, config)

    def release(self) -> None:
        """Spark lets go of rows that nobody holds."""


@contextmanager
def _without_advice() -> Iterator[None]:
    """Without PySpark's advice to take an older pandas: none of its pandas functions are used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    """What Spark, its cluster or a file system says, in Goldpan's words."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - comes with PySpark
    from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra

    try:
        yield
    except (Py4JError, PySparkException) as error:
        cause = getattr(error, "java_exception", None)  # what happened; the error itself says where it was called
        said = next(filter(str.strip, str(cause or error).splitlines()), type(error).__name__)
        raise TransientError(
            f"Spark can't {what} ({said}). If that stays: look at Spark's own log, and at the "
            "rights, memory and libraries of its executors (docs/performance.md)."
        ) from error


@contextmanager
def open_spark(settings: EngineSettings) -> Iterator[SparkEngine]:
    """A session on the Spark that runs this program, or else on a local one; a local one ends with it.

    Raises:
        ConfigError: PySpark is not installed, or there is no Java.
    """
    try:
        from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - an extra
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
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
    if str(base.sparkContext.master).startswith("local"):
        base.sparkContext.pythonExec = sys.executable  # its workers have the libraries of this process
    session = base.newSession()
    for name, value in _OWN.items():
        session.conf.set(name, value)
    try:
        yield SparkEngine(settings, session)
    finally:
        if not was_there:
            base.stop()
