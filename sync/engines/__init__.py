"""Engines: who works out the frames. pandas for what fits a spreadsheet, DuckDB and Spark for what does not."""

from sync.engines.choosing import ENGINES, EngineSettings, choose_engine, engine_settings
from sync.engines.engine import Engine
from sync.engines.opening import open_engine

__all__ = ["ENGINES", "Engine", "EngineSettings", "choose_engine", "engine_settings", "open_engine"]
