"""Who works exports out, and how: keys of `goldpan.toml`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from goldpan.checked import Settings, Whole

EngineName = Literal["auto", "pandas", "duckdb", "spark"]


class DuckDBSettings(Settings):
    """`[duckdb]`: how that engine works.

    Attributes:
        memory: How much it takes at most, beside the contacts; then the disk is used. "" is 80 % of the machine's.
        threads: How many it uses; 0 is one for each core.
        temp_folder: Where it puts what memory can't hold; "" is the system's. Personal data, gone with the run.
    """

    memory: Annotated[str, Field(pattern=r"^(\d+(\.\d+)?\s*[KMGT]i?B)?$")] = "1GB"
    threads: Whole = Field(0, ge=0, le=1024)
    temp_folder: str = ""


class SparkSettings(Settings):
    """`[spark]`: Spark's own settings by their names; on a cluster `spark-submit` says them."""

    settings: Mapping[str, str] = Field(default_factory=dict)
