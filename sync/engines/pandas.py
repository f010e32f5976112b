"""pandas: what fits a spreadsheet."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from goldpan.conformed import DatasetExport
from goldpan.errors import DataError
from goldpan.frames import as_pandas
from sync.datasets.manifest import Dataset
from sync.datasets.parts import PieceReader
from sync.engines.engine import Engine
from sync.engines.local import read_dataset


class PandasEngine(Engine):
    """Frames are worked out at once, so nothing has to be settled."""

    name = "pandas"
    stage = "Refining"

    def parquet(self, *paths: str) -> pd.DataFrame:
        """All rows of Parquet files or folders, in memory."""
        return self.of_arrow(pa.concat_tables([pq.read_table(path) for path in paths]))

    def of_arrow(self, table: pa.Table) -> pd.DataFrame:
        """The rows with pandas' types."""
        return as_pandas(table)

    def read(self, dataset: Dataset, reader: PieceReader) -> DatasetExport:
        """All rows, in memory.

        Raises:
            DataError: ``too_large``, when there are more than memory is for.
        """
        return read_dataset(dataset, reader, take=self._in_memory, listed=self.settings.listed)

    def _in_memory(self, pieces: Iterator[pa.Table]) -> pd.DataFrame:
        held: list[pa.Table] = []
        for piece in pieces:
            held.append(piece)
            if sum(each.num_rows * each.num_columns for each in held) > self.settings.max_cells:
                raise DataError(
                    "too_large",
                    f"The dataset has more than the {self.settings.max_cells:,} cells that are read into memory. Set "
                    "engine = \"duckdb\" in goldpan.toml (pip install 'goldpan[duckdb]'); or raise max_cells under "
                    "[limits], where there is memory for it.",
                )
        return as_pandas(pa.concat_tables(held))

    def settle(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame itself."""
        return frame

    def release(self) -> None:
        """There is nothing to let go of."""
