"""Which engine works exports out, and that the log says which and why."""

import sys
from dataclasses import replace
from subprocess import PIPE, Popen, run

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
        inside = folders_in(tmp_path / "tmp")

    assert len(inside) == 1
    assert list((tmp_path / "tmp").iterdir()) == []


HOLD = """
import sys
from pathlib import Path

from sync.engines import EngineSettings, open_engine

with open_engine("duckdb", EngineSettings(temp_folder=Path(sys.argv[1]))):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_run_has_left_goes_with_the_next_one_and_what_a_live_one_uses_stays(tmp_path):
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with Popen(words, stdin=PIPE, stdout=PIPE) as killed, Popen(words, stdin=PIPE, stdout=PIPE) as alive:
        assert killed.stdout.readline() == alive.stdout.readline() == b"open\n"
        killed.kill()
        killed.wait()
        assert len(folders_in(tmp_path)) == 2

        with open_engine("duckdb", EngineSettings(temp_folder=tmp_path)):
            assert len(folders_in(tmp_path)) == 2  # the live one's and ours

        alive.communicate(b"")
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource
import sys
from pathlib import Path

from goldpan.errors import FatalError
from sync.engines import EngineSettings, open_engine
from tests.datasets.stage import listed, reader, write

orders = [["Sales Doc", "SAP ID", "Order Date", "Total Value", "Customer Name"]]
orders += [[f"{n}", f"{n * 7919 % 99_991}", "2026-01-01", "1.00", f"Name {n}"] for n in range(20_000)]
write(Path(sys.argv[1], "lake", "a.csv"), orders)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # no file may become larger: a full disk
with open_engine("duckdb", EngineSettings(temp_folder=Path(sys.argv[1], "tmp"))) as engine:
    try:
        engine.read(listed(Path(sys.argv[1], "lake")), reader("orders"))
    except FatalError as error:
        print(error)
"""


def test_a_temporary_folder_that_is_full_is_said_with_its_name_and_what_to_do(tmp_path):
    said = run([sys.executable, "-B", "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)

    assert f"{tmp_path / 'tmp'} can't be written (File too large). Make room, or set temp_folder" in said.stdout
    assert list((tmp_path / "tmp").iterdir()) == []


def folders_in(place):
    return [path for path in place.iterdir() if path.is_dir()]


def test_a_temporary_folder_that_can_not_be_made_is_said_in_words(tmp_path):
    (tmp_path / "tmp").write_text("a file")

    with (
        pytest.raises(ConfigError, match=r"temp_folder .*tmp can't be used"),
        open_engine("duckdb", EngineSettings(temp_folder=tmp_path / "tmp")),
    ):
        pass
