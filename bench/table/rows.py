"""The rows of the table: what is done, what it is held against, what it should reach."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.table import commands, nights, work
from bench.table.goals import Goal, Measured
from bench.table.measuring import Bench


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: As ``--only`` takes it.
        does: What is done.
        limit: What it is held against.
        goal: What it should reach.
        measure: Measures it.
        is_long: It belongs to ``--full``.
    """

    name: str
    does: str
    limit: str
    goal: Goal
    measure: Callable[[Bench], Measured]
    is_long: bool = False


ROWS = {
    row.name: row
    for row in (
        Row(
            "read-xlsx",
            "read 100,000 × 20 + 500,000 × 6 from .xlsx",
            "fastexcel, strings",
            Goal(ratio=2.0),
            work.read_xlsx,
        ),
        Row(
            "read-by-hand",
            "the same with dates that somebody typed as text",
            "fastexcel, strings",
            Goal(),
            work.read_by_hand,
        ),
        Row(
            "read-csv",
            "read 100,000 × 20 + 500,000 × 6 from CSV",
            "pyarrow's CSV reader, strings",
            Goal(ratio=2.5),
            work.read_csv,
        ),
        Row("refine", "refine 100,000 + 500,000", "SQL by hand, DuckDB", Goal(ratio=2.0, seconds=1.0), work.refine),
        Row(
            "refine-10m",
            "refine 1,000,000 + 10,000,000, Parquet, engine duckdb",
            "SQL by hand, DuckDB",
            Goal(ratio=1.5, peak_mb=1_200),
            work.refine_10m,
        ),
        Row(
            "refine-100m",
            "refine 1,000,000 + 100,000,000, Parquet, engine duckdb",
            "SQL by hand, DuckDB",
            Goal(ratio=1.5, peak_mb=2_500),
            work.refine_100m,
            is_long=True,
        ),
        Row("workbook", "workbook, 100,000 contacts, all sheets", "rustpy, no formats", Goal(ratio=1.4), work.workbook),
        Row(
            "diff",
            "diff 1,000,000 contacts, 40,000 differ",
            "one read, a hash a row",
            Goal(ratio=1.5, seconds=8.0),
            work.diff,
        ),
        Row(
            "send",
            "read and write 50,000 new contacts",
            "1,000 requests, 190 / 10 s",
            Goal(ratio=1 / 0.97),
            nights.send,
        ),
        Row(
            "night",
            "a whole night, .xlsx, 400 contacts changed",
            "fastexcel + rustpy, no formats",
            Goal(ratio=2.2, peak_mb=1_000),
            nights.night,
        ),
        Row(
            "small-night",
            "the same of 10,000 + 50,000, 40 contacts changed",
            "fastexcel + rustpy, no formats",
            Goal(),
            nights.small_night,
        ),
        Row(
            "dry-run",
            "plan 1,000,000 contacts, a dry run from Parquet",
            "",
            Goal(peak_mb=1_500),
            nights.dry_run,
            is_long=True,
        ),
        Row("help", "goldpan --help", "python -c pass", Goal(more=0.25), commands.help_),
        Row("runs", "goldpan runs", "python -c pass", Goal(more=0.25), commands.runs),
        Row(
            "flat",
            "cost per row, 10 k, 100 k, 1 M members, CSV",
            "the cheapest size",
            Goal(spread=1.2),
            work.flat,
        ),
    )
}
