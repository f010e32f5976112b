"""Opens an engine by its name."""

from collections.abc import Iterator
from contextlib import contextmanager

from goldpan.errors import ConfigError
from sync.engines.choosing import ENGINES, EngineSettings
from sync.engines.engine import Engine
from sync.memory import return_large_blocks


@contextmanager
def open_engine(name: str, settings: EngineSettings | None = None) -> Iterator[Engine]:
    """One of :data:`ENGINES`, closed when done.

    Raises:
        ConfigError: There is no such engine, or it is not installed.
    """
    settings = settings or EngineSettings()
    return_large_blocks()
    if name == "pandas":
        from sync.engines.pandas import PandasEngine  # noqa: PLC0415 - only what is used is imported

        yield PandasEngine(settings)
    elif name == "duckdb":
        from sync.engines.duckdb import open_duckdb  # noqa: PLC0415 - likewise

        with open_duckdb(settings) as engine:
            yield engine
    elif name == "spark":
        from sync.engines.spark import open_spark  # noqa: PLC0415 - likewise

        with open_spark(settings) as engine:
            yield engine
    else:
        raise ConfigError(f"There is no engine {name!r}; known: {', '.join(ENGINES)}.")
