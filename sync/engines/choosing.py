"""How an engine works, and which one a run takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import structlog

from goldpan.pipeline import LISTED
from sync.datasets.manifest import Dataset
from sync.engine_settings import EngineName
from sync.settings import AppSettings

log = structlog.get_logger()

ENGINES = tuple(name for name in get_args(EngineName) if name != "auto")
LARGE_BYTES = 100 * 2**20
"""Datasets from this size on are worked out by DuckDB; below, pandas is as quick and needs no extra
(docs/performance.md has the figures)."""


@dataclass(frozen=True)
class EngineSettings:
    """How an engine works; what is left out is its own default.

    Attributes:
        memory: How much DuckDB takes at most, such as ``4GB``; beyond that it uses ``temp_folder``.
        threads: How many DuckDB uses.
        temp_folder: Where DuckDB puts what memory can't hold, in a folder of its own that goes with it; personal data.
        max_cells: pandas holds no dataset with more cells than this.
        listed: At most so many merged rows, repeated orders, prospects, and notes of each kind are listed.
        spark: Spark's own settings by their names, such as ``spark.master``; on a cluster `spark-submit` says them.
    """

    memory: str = ""
    threads: int = 0
    temp_folder: Path | None = None
    max_cells: int = 40_000_000
    listed: int = LISTED
    spark: Mapping[str, str] = field(default_factory=dict)


def engine_settings(settings: AppSettings) -> EngineSettings:
    """As the config has them."""
    file = settings.file
    return EngineSettings(
        memory=file.duckdb.memory,
        threads=file.duckdb.threads,
        temp_folder=settings.home / file.duckdb.temp_folder if file.duckdb.temp_folder else None,
        max_cells=file.limits.max_cells,
        spark=file.spark.settings,
    )


def choose_engine(datasets: Iterable[Dataset], settings: AppSettings) -> str:
    """Which engine works out exports, by the config or else by what they are; the log says which, and why.

    Args:
        datasets: Those among them that are datasets.
        settings: The config.
    """
    wanted = [*datasets]
    name, because = _chosen(wanted, settings)
    if wanted or settings.file.engine != "auto":
        log.info("engine.chosen", engine=name, because=because)
    return name


def _chosen(datasets: list[Dataset], settings: AppSettings) -> tuple[str, str]:
    if settings.file.engine != "auto":
        return settings.file.engine, "the config says so"
    if any(dataset.is_remote for dataset in datasets):
        return "spark", "only Spark reads a URL"
    size = sum(dataset.size_bytes for dataset in datasets)
    if size < LARGE_BYTES:
        return "pandas", f"{size / 2**20:,.0f} MB of datasets fit into memory"
    if find_spec("duckdb") is None:
        return "pandas", f"{size / 2**20:,.0f} MB of datasets are for DuckDB, but goldpan[duckdb] is not installed"
    return "duckdb", f"{size / 2**20:,.0f} MB of datasets"
