"""Datasets that only Spark reaches: by URL, on executors of their own, under `spark-submit`."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldpan.errors import ConfigError, TransientError
from goldpan.report import Planned
from sync.archive.folder import archive_run
from sync.engines import choose_engine, open_engine
from sync.engines.spark_tasks import as_url
from sync.record import RunRecord
from tests.builders import AS_OF, REPOSITORY
from tests.datasets.stage import MEMBER_FILES, ORDER_FILES, listed, reader, settings, united, write, write_all
from tests.datasets.test_on_engines import assert_alike

NIGHTLY = "from sync.cli import main\n\nmain()\n"


def test_a_url_is_listed_and_read_like_a_folder(spark_engine, tmp_path):
    places = {"memberships": MEMBER_FILES, "orders": ORDER_FILES}
    local = {kind: write_all(tmp_path / kind, files) for kind, files in places.items()}

    remote = {kind: spark_engine.list_files(f"file://{tmp_path / kind}") for kind in local}

    assert all(dataset.is_remote for dataset in remote.values())
    assert {kind: [dataset.label(file) for file in dataset.files] for kind, dataset in remote.items()} == {
        kind: [dataset.label(file) for file in dataset.files] for kind, dataset in local.items()
    }
    got = {kind: spark_engine.read(dataset, reader(kind)) for kind, dataset in remote.items()}
    assert_alike(spark_engine, got, {kind: united(each, kind) for kind, each in local.items()}, AS_OF)


def test_where_nothing_lies_spark_finds_no_dataset(spark_engine, tmp_path):
    assert spark_engine.list_files(f"file://{tmp_path}/nowhere") is None


def test_what_spark_can_not_reach_is_said_in_words(spark_engine):
    with pytest.raises(
        TransientError, match=r"Spark can't list nowhere://lake/orders \(.*nowhere.*\)\. If that stays: look at"
    ):
        spark_engine.list_files("nowhere://lake/orders")


def test_names_that_look_like_patterns_are_names(spark_engine, tmp_path):
    write(tmp_path / "o" / "a[1]{x} b.csv", ORDER_FILES["a.csv"])
    write(tmp_path / "o" / "a1x.csv", ORDER_FILES["b.csv"])

    export = spark_engine.read(listed(tmp_path / "o"), reader("orders"))

    assert [part.rows_read for part in export.parts] == [7, 5]  # by their names: "a1" goes before "a["


def test_files_that_are_gone_by_the_time_of_the_archive_leave_a_folder_without_analysis(spark_engine, tmp_path):
    places = {"memberships": MEMBER_FILES, "orders": ORDER_FILES}
    exports = {
        kind: spark_engine.read(write_all(tmp_path / "lake" / kind, files), reader(kind))
        for kind, files in places.items()
    }
    refined = spark_engine.refine(exports["memberships"].frame, exports["orders"].frame, AS_OF, settings().config)
    shutil.rmtree(tmp_path / "lake")
    record = RunRecord("20261120T053000-0000abc", AS_OF, datetime(2026, 11, 20, tzinfo=UTC), status="done")

    archive_run(
        replace(settings(), home=tmp_path),
        record,
        exports=exports,
        refined=refined,
        planned=Planned(AS_OF, ""),
        outcomes={},
        refused_since={},
    )

    assert any("has no analysis" in note for note in record.notes)
    assert "plan.json" in {path.name for path in Path(record.archive).iterdir()}


@pytest.mark.parametrize(
    ("path", "url"),
    [("/in/a b.csv", "file:///in/a b.csv"), ("/in/*.csv", r"file:///in/\*.csv"), ("s3a://b/k", "s3a://b/k")],
)
def test_paths_are_given_to_spark_as_urls(path, url):
    assert as_url(path) == url


def test_other_engines_refuse_a_url_and_say_which_one_reads_it(spark_engine, tmp_path):
    write_all(tmp_path, ORDER_FILES)
    remote = spark_engine.list_files(f"file://{tmp_path}")

    assert choose_engine([remote], settings()) == "spark"
    with open_engine("duckdb") as engine, pytest.raises(ConfigError, match=r'Set engine = "spark" in goldpan\.toml'):
        engine.read(remote, reader("orders"))


@pytest.mark.slow
def test_the_example_of_spark_submit_gives_what_this_machine_gives(tmp_path):
    submit = shutil.which("spark-submit", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if submit is None or shutil.which("java") is None:
        pytest.skip("there is no Spark, or no Java")
    for kind, files in {"members": MEMBER_FILES, "orders": ORDER_FILES}.items():
        write_all(tmp_path / kind, files)
    (tmp_path / "nightly.py").write_text(NIGHTLY)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYSPARK_PYTHON": sys.executable}
    convert = ["convert", "--as-of", str(AS_OF), "--config", str(REPOSITORY / "config")]

    subprocess.run(
        [submit, "--master", "local[2]", "--conf", "spark.sql.shuffle.partitions=2", "nightly.py", *convert,
         f"file://{tmp_path}/members", f"file://{tmp_path}/orders/*", "-o", "by-spark"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=500,
    )  # fmt: skip
    subprocess.run(
        [sys.executable, "nightly.py", *convert, "members", "orders", "-o", "here"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=100,
    )  # fmt: skip

    assert (tmp_path / "by-spark" / "hubspot.csv").read_bytes() == (tmp_path / "here" / "hubspot.csv").read_bytes()


def test_the_time_zone_of_this_machine_changes_no_file(spark_engine, tmp_path, monkeypatch):
    write_all(tmp_path, ORDER_FILES)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        dataset = spark_engine.list_files(f"file://{tmp_path}")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert [file.modified_ns // 1_000_000 for file in dataset.files] == [
        file.modified_ns // 1_000_000 for file in listed(tmp_path).files
    ]
