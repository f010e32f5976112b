"""Engines whose frames are only planned: what comes back, what is listed, what is refused, what stays behind."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import narwhals.stable.v2 as nw
import pandas as pd
import pytest

from goldpan.errors import ConfigError, FatalError
from goldpan.pipeline import Refined, refine
from sync.engines import Engine, EngineSettings, open_engine
from tests.builders import AS_OF, REPOSITORY, default_config
from tests.engines.stage import given_to
from tests.steps.frames import bought, day, members

pytest.importorskip("duckdb", reason="DuckDB is not installed: pip install 'goldpan[duckdb]'")

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.slow)]
TERM = {"created_on": day("2025-01-01"), "expires_on": day("2026-12-31")}
LATER = {"created_on": day("2026-01-01"), "expires_on": day("2027-12-31")}


def many() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Five customers who renewed and have their address from before, five prospects, five repeated orders."""
    people = [{"customer_id": str(number), "email": f"m{number}@x.org"} for number in range(5)]
    rows = [*(TERM | one for one in people), *(LATER | one | {"email": None} for one in people)]
    orders = [
        {"customer_id": f"9{number}", "order_id": f"S{number}", "total_value_micros": number} for number in range(5)
    ]
    return members(*rows).drop(columns="total_order_value_micros"), bought(*orders, *orders)


def refined(engine: Engine, *, listed: int) -> tuple[Refined, Refined]:
    """By the engine, listing so many of each; and by pandas, which lists all."""
    frames = many()
    planned = (given_to(engine, frame) for frame in frames)
    config = default_config()
    return refine(*planned, AS_OF, config, settle=engine.settle, listed=listed), refine(*frames, AS_OF, config)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_lists_hold_the_first_rows_and_counts_and_money_stay_whole(engine):
    got, whole = refined(engine, listed=2)

    assert got.counts == whole.counts
    assert got.money == whole.money
    assert got.counts.notes == {"memberships": 5, "orders": 5}
    pd.testing.assert_frame_equal(got.contacts, whole.contacts)
    for table in ("merged_rows", "repeated_orders", "prospects"):
        pd.testing.assert_frame_equal(getattr(got, table), getattr(whole, table).head(2))
    first_of_each = whole.notes.groupby("kind").head(2).reset_index(drop=True)
    pd.testing.assert_frame_equal(got.notes, first_of_each)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_only_contacts_and_lists_come_back(engine, monkeypatch):
    """Never the orders or the memberships: five contacts, two of each list, else one row of numbers at a time."""
    came_back = []
    collect = nw.LazyFrame.collect

    def counted(frame, *args, **options):
        rows = collect(frame, *args, **options)
        came_back.append(len(rows))
        return rows

    monkeypatch.setattr(nw.LazyFrame, "collect", counted)
    got, _ = refined(engine, listed=2)

    assert len(got.contacts) == 5
    assert sorted(rows for rows in came_back if rows > 1) == [2, 2, 2, 2, 5]


def test_pandas_lists_everything():
    got = refine(*many(), AS_OF, default_config(), listed=2)

    assert [len(each) for each in (got.merged_rows, got.repeated_orders, got.prospects, got.notes)] == [5, 5, 5, 10]


def test_times_with_a_zone_are_refused(duckdb_engine):
    """They would be another day elsewhere."""
    frames = [given_to(duckdb_engine, frame) for frame in many()]
    zoned = frames[0].select("* REPLACE (created_on::TIMESTAMPTZ AS created_on)")

    with pytest.raises(FatalError, match="'created_on' has times with a zone"):
        refine(zoned, frames[1], AS_OF, default_config(), settle=duckdb_engine.settle)


def test_integers_of_any_width_do(duckdb_engine):
    frames = [given_to(duckdb_engine, frame) for frame in many()]
    narrow = frames[0].select("* REPLACE (source_row::INTEGER AS source_row)")
    wide = frames[1].select("* REPLACE (total_value_micros::HUGEINT AS total_value_micros)")

    got = duckdb_engine.refine(narrow, wide, AS_OF, default_config())

    assert got.money == refine(*many(), AS_OF, default_config()).money
    assert got.contacts["source_row"].dtype == "Int64"


# --- opening and closing ----------------------------------------------------------------------------------------------


def test_pandas_needs_nothing(tmp_path):
    frames = many()
    paths = [str(tmp_path / f"{name}.parquet") for name in ("memberships", "orders")]
    for frame, path in zip(frames, paths, strict=True):
        frame.to_parquet(path, index=False)

    with open_engine("pandas") as engine:
        got = engine.refine(*(engine.parquet(path) for path in paths), AS_OF, default_config())

    pd.testing.assert_frame_equal(got.contacts, refine(*frames, AS_OF, default_config()).contacts)


def test_duckdb_reads_parquet_folders_by_pattern(tmp_path):
    frames = many()
    for frame, name in zip(frames, ("memberships", "orders"), strict=True):
        for part in range(2):
            frame.iloc[part::2].to_parquet(tmp_path / f"{name}-{part}.parquet", index=False)

    with open_engine("duckdb") as engine:
        got = engine.refine(
            engine.parquet(str(tmp_path / "memberships-*.parquet")),
            engine.parquet(str(tmp_path / "orders-0.parquet"), str(tmp_path / "orders-1.parquet")),
            AS_OF,
            default_config(),
        )

    pd.testing.assert_frame_equal(got.contacts, refine(*frames, AS_OF, default_config()).contacts)


def test_what_duckdb_cannot_hold_lies_in_a_private_folder_that_goes_with_it(tmp_path):
    with open_engine("duckdb", EngineSettings(memory="200MB", threads=1, temp_folder=tmp_path)) as engine:
        (folder,) = filter(Path.is_dir, tmp_path.iterdir())
        mode = stat.S_IMODE(folder.stat().st_mode)
        settings = dict(
            engine.connection.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name IN ('temp_directory', 'threads', 'memory_limit')"
            ).fetchall()
        )

    assert mode == 0o700
    assert settings == {"temp_directory": str(folder), "threads": "1", "memory_limit": "190.7 MiB"}
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_said_so():
    with open_engine("duckdb", EngineSettings(memory="1MB")) as engine, pytest.raises(FatalError, match="more memory"):
        engine.refine(*(given_to(engine, frame) for frame in many()), AS_OF, default_config())


def test_settings_that_duckdb_does_not_know_are_said_so():
    with (
        pytest.raises(ConfigError, match="memory 'plenty'"),
        open_engine("duckdb", EngineSettings(memory="plenty")),
    ):
        pass


def test_nothing_that_was_settled_stays(duckdb_engine):
    duckdb_engine.refine(*(given_to(duckdb_engine, frame) for frame in many()), AS_OF, default_config())

    assert duckdb_engine.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


@pytest.mark.parametrize(("name", "library"), [("duckdb", "duckdb"), ("spark", "pyspark")])
def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch, name, library):
    for module in [each for each in sys.modules if each.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(ConfigError, match=rf"pip install 'goldpan\[{name}\]'"), open_engine(name):
        pass


def test_without_java_spark_says_what_it_needs():
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'goldpan[spark]'")
    script = "from sync.engines import open_engine\nwith open_engine('spark'): pass"
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"} | {"PATH": "/nowhere"}

    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert "ConfigError: Spark does not start: [JAVA_GATEWAY_EXITED]" in done.stderr
    assert "Java 17" in done.stderr


def test_an_unknown_engine_names_those_that_there_are():
    with pytest.raises(ConfigError, match="no engine 'polars'; known: pandas, duckdb, spark"), open_engine("polars"):
        pass
