"""What every engine is: frames go in, contacts come out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa

from goldpan.config import Config
from goldpan.frames import Frame
from goldpan.pipeline import LISTED, Refined, refine

ENGINES = ("pandas", "duckdb", "spark")


@dataclass(frozen=True)
class EngineSettings:
    """How an engine works; what is left out is its own default.

    Attributes:
        memory: How much DuckDB takes at most, such as ``4GB``; beyond that it uses ``temp_folder``.
        threads: How many DuckDB uses.
        temp_folder: Where DuckDB puts what memory can't hold, in a folder of its own that goes with it; personal data.
        listed: At most so many merged rows, repeated orders, prospects, and notes of each kind are listed.
        spark: Spark's own settings by their names, such as ``spark.master``; on a cluster `spark-submit` says them.
    """

    memory: str = ""
    threads: int = 0
    temp_folder: Path | None = None
    listed: int = LISTED
    spark: Mapping[str, str] = field(default_factory=dict)


class Engine(ABC):
    """An open engine: its frames live until it is closed."""

    name: str

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings

    @abstractmethod
    def parquet(self, *paths: str) -> Frame:
        """The rows of Parquet files: paths, folders or patterns as the engine knows them."""

    @abstractmethod
    def of_arrow(self, table: pa.Table) -> Frame:
        """A frame of rows that are in memory; times have no zone."""

    @abstractmethod
    def settle(self, frame: Frame) -> Frame:
        """Work a frame out and give the same rows, for steps that several others read."""

    @abstractmethod
    def release(self) -> None:
        """Let go of everything that was settled."""

    def refine(self, memberships: Frame, orders: Frame, as_of: date, config: Config) -> Refined:
        """:func:`goldpan.pipeline.refine` on frames of this engine."""
        try:
            return refine(memberships, orders, as_of, config, settle=self.settle, listed=self.settings.listed)
        finally:
            self.release()
