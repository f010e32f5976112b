"""Which engine works exports out, and that the log says which and why."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from goldpan.errors import ConfigError
from sync.datasets.manifest import Dataset, DatasetFile
from sync.engines import EngineSettings, choose_engine, engine_settings, open_engine
from sync.engines.choosing import LARGE_BYTES
from tests.datasets.stage import settings


def dataset(size_bytes: int, place: str = "orders") -> Dataset:
    return Dataset(place, (DatasetFile(f"/{place}/a.parquet", size_bytes, 1),))


def with_engine(name: str):
    known = settings()
    return replace(known, file=known.file.model_copy(update={"engine": name}))


@pytest.mark.parametrize(
    ("datasets", "name"),
    [
        ([], "pandas"),
        ([dataset(LARGE_BYTES - 1)], "pandas"),
        ([dataset(LARGE_BYTES // 2), dataset(LARGE_BYTES // 2)], "duckdb"),
        ([dataset(1, "s3a://lake/orders")], "spark"),
    ],
)
def test_auto_goes_by_the_size_of_datasets_and_by_who_reaches_them(datasets, name):
    assert choose_engine(datasets, settings()) == name


@pytest.mark.parametrize("name", ["pandas", "duckdb", "spark"])
def test_the_config_goes_before_size(name):
    assert choose_engine([dataset(1)], with_engine(name)) == name


def test_the_log_says_which_engine_was_chosen_and_why():
    with capture_logs() as logs:
        choose_engine([dataset(300 * 2**20)], settings())
        choose_engine([], with_engine("spark"))
        choose_engine([], settings())  # spreadsheets as ever: nothing to tell

    assert logs == [
        {"event": "engine.chosen", "log_level": "info", "engine": "duckdb", "because": "300 MB of datasets"},
        {"event": "engine.chosen", "log_level": "info", "engine": "spark", "because": "the config says so"},
    ]


def test_engines_work_as_the_config_says(tmp_path):
    known = settings()
    file = known.file.model_copy(
        update={
            "duckdb": known.file.duckdb.model_copy(update={"memory": "2GB", "threads": 3, "temp_folder": "tmp"}),
            "spark": known.file.spark.model_copy(update={"settings": {"spark.master": "local[1]"}}),
        }
    )

    got = engine_settings(replace(known, file=file, home=tmp_path))

    assert got == EngineSettings(
        memory="2GB", threads=3, temp_folder=tmp_path / "tmp", spark={"spark.master": "local[1]"}
    )


def test_duckdb_makes_its_temporary_folder_and_leaves_it_empty(tmp_path):
    with open_engine("duckdb", EngineSettings(temp_folder=tmp_path / "tmp")):
        inside = list((tmp_path / "tmp").iterdir())

    assert len(inside) == 1
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_temporary_folder_that_can_not_be_made_is_said_in_words(tmp_path):
    (tmp_path / "tmp").write_text("a file")

    with (
        pytest.raises(ConfigError, match=r"temp_folder .*tmp can't be used"),
        open_engine("duckdb", EngineSettings(temp_folder=tmp_path / "tmp")),
    ):
        pass
