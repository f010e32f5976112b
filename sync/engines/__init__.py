"""Engines: who works out the frames. pandas for what fits a spreadsheet, DuckDB and Spark for what does not."""

from sync.engines.engine import ENGINES, Engine, EngineSettings
from sync.engines.opening import open_engine

__all__ = ["ENGINES", "Engine", "EngineSettings", "open_engine"]
