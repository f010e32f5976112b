"""The engines, and an installation with its portal."""

from tests.cli.conftest import furnished_file, sandbox, set_up, waits  # noqa: F401 - pytest finds fixtures by their names here
from tests.engines.conftest import duckdb_engine, spark_engine  # noqa: F401 - pytest finds fixtures by their names here
