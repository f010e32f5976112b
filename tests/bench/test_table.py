"""The bench works: its rows are those that were asked for, and at a hundredth of the size its work is right.

Nothing here is about time.
"""

import json
import os
import subprocess
import sys

import pytest

from bench.table.goals import Goal, Measured
from bench.table.markdown import put, table
from bench.table.rows import ROWS
from tests.builders import REPOSITORY

GOALS = {
    "read-xlsx": "2 ×",
    "read-by-hand": "-",
    "read-csv": "2.5 ×",
    "refine": "2 ×, 1 s",
    "refine-10m": "1.5 ×, 1,200 MB",
    "refine-100m": "1.5 ×, 2,500 MB",
    "workbook": "1.4 ×",
    "diff": "1.5 ×, 8 s",
    "send": "1.031 ×",
    "night": "2.2 ×, 1,000 MB",
    "small-night": "-",
    "dry-run": "1,500 MB",
    "help": "+0.25 s",
    "runs": "+0.25 s",
    "flat": "flat in 20%",
}
SIDES = {"limit", "ours"}


def test_every_row_has_its_goal():
    assert {name: str(row.goal) for name, row in ROWS.items()} == GOALS


def test_the_command_measures_both_sides_and_finds_the_same_contacts(tmp_path):
    """Parquet to contacts on DuckDB, and the SQL by hand: each in a process of its own, compared row by row."""
    file = tmp_path / "bench.json"
    words = ["--only", "refine-10m", "--rounds", "1", "--data", str(tmp_path / "data"), "--json", str(file)]
    pytest.importorskip("duckdb", reason="DuckDB is not installed: pip install 'goldpan[duckdb]'")

    done = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "GOLDPAN_BENCH_SHRUNK": "500"},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    row = json.loads(file.read_text(encoding="utf-8"))["rows"]["refine-10m"]
    assert row["wrong"] == []
    assert set(row["figures"]) == SIDES
    for side in SIDES:
        (figures,) = row["figures"][side]
        assert figures["all_contacts"] > 0
        assert figures["all_repeated_orders"] > 0
        assert min(figures[took] for took in ("seconds", "cpu_seconds", "peak_mb")) > 0
    assert done.stdout.splitlines()[2].startswith("refine-10m ")


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (Measured(ours=[2.0, 9.0, 2.0], limit=[2.0, 9.0, 1.0], peak_mb=90), "met"),  # the median of the rounds' ratios
        (Measured(ours=[2.1], limit=[1.0], peak_mb=90), "missed"),
        (Measured(ours=[1.0], limit=[1.0], peak_mb=101), "missed"),
        (Measured(ours=[1.0], limit=[1.0], peak_mb=90, wrong=["other contacts"]), "missed"),
        (Measured(ours=[1.0], peak_mb=90), "open"),
        (Measured(), "open"),
    ],
)
def test_a_goal_is_met_when_all_its_bounds_hold_and_the_work_was_the_one_that_was_meant(measured, verdict):
    assert measured.verdict(Goal(ratio=2.0, peak_mb=100)) == verdict


def test_a_new_table_takes_the_place_of_the_old_one_in_a_document():
    lines = table(("row", "s"), [("`night`", "1.50")])

    text = put("before\n<!-- rows -->\n| old |\n<!-- /rows -->\nafter\n", "rows", lines)

    assert text == "before\n<!-- rows -->\n| row | s |\n| --- | --- |\n| `night` | 1.50 |\n<!-- /rows -->\nafter\n"
