"""pandas: what fits a spreadsheet."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from goldpan.frames import as_pandas
from sync.engines.engine import Engine


class PandasEngine(Engine):
    """Frames are worked out at once, so nothing has to be settled."""

    name = "pandas"

    def parquet(self, *paths: str) -> pd.DataFrame:
        """All rows of Parquet files or folders, in memory."""
        return self.of_arrow(pa.concat_tables([pq.read_table(path) for path in paths]))

    def of_arrow(self, table: pa.Table) -> pd.DataFrame:
        """The rows with pandas' types."""
        return as_pandas(table)

    def settle(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame itself."""
        return frame

    def release(self) -> None:
        """There is nothing to let go of."""
