"""The engines, opened once for all tests; Spark is slow to start."""

import os
import shutil
from collections.abc import Iterator

import pytest

from sync.engines import Engine, EngineSettings, open_engine

LOCAL_SPARK = {
    # Less compiling, which takes most of the time that few rows take.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.master": "local[2]",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.log.level": "ERROR",
}


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[Engine]:
    pytest.importorskip("duckdb", reason="DuckDB is not installed: pip install 'goldpan[duckdb]'")
    with open_engine("duckdb", EngineSettings(threads=2)) as engine:
        yield engine


@pytest.fixture(scope="session")
def spark_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'goldpan[spark]'")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("there is no Java, which Spark needs")
    folder = str(tmp_path_factory.mktemp("spark"))
    with open_engine("spark", EngineSettings(spark=LOCAL_SPARK | {"spark.local.dir": folder})) as engine:
        yield engine


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn that is not pandas."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine
