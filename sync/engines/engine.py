"""What every engine is: frames go in, contacts come out."""

from abc import ABC, abstractmethod
from datetime import date

import pandas as pd
import pyarrow as pa

from goldpan.config import Config
from goldpan.conformed import DatasetExport
from goldpan.frames import Frame
from goldpan.pieces import arrow_table
from goldpan.pipeline import Refined, refine
from sync.datasets.manifest import Dataset
from sync.datasets.parts import PieceReader
from sync.engines.choosing import EngineSettings


class Engine(ABC):
    """An open engine: its frames live until it is closed."""

    name: str
    stage: str
    """What the work is called while it goes on."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings

    @abstractmethod
    def parquet(self, *paths: str) -> Frame:
        """The rows of Parquet files: paths, folders or patterns as the engine knows them."""

    @abstractmethod
    def of_arrow(self, table: pa.Table) -> Frame:
        """A frame of rows that are in memory; times have no zone."""

    @abstractmethod
    def read(self, dataset: Dataset, reader: PieceReader) -> DatasetExport:
        """The rows of a dataset, as an export.

        Raises:
            DataError: Why it can't be used.
            TransientError: It can't be reached now.
        """

    def adopt(self, frame: Frame) -> Frame:
        """A frame that may be of pandas, as one of this engine."""
        return self.of_arrow(arrow_table(frame)) if isinstance(frame, pd.DataFrame) else frame

    @abstractmethod
    def settle(self, frame: Frame) -> Frame:
        """Work a frame out and give the same rows, for steps that several others read."""

    @abstractmethod
    def release(self) -> None:
        """Let go of everything that was settled."""

    def refine(self, memberships: Frame, orders: Frame, as_of: date, config: Config) -> Refined:
        """:func:`goldpan.pipeline.refine` on frames of this engine, or of pandas."""
        try:
            frames = self.adopt(memberships), self.adopt(orders)
            return refine(*frames, as_of, config, settle=self.settle, listed=self.settings.listed)
        finally:
            self.release()
