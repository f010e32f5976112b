"""The rules by hand in SQL (``rules.sql``), run by DuckDB: the limit of refining, and a second opinion on its results.

``python -m bench.reference_sql sql|pipeline|compare MEMBERSHIPS.parquet ORDERS.parquet [MEMORY]``: canonical columns
(:class:`goldpan.conform.Export`) to contacts, with the seconds, the peak and the counts; or both, row by row.
"""

import json
import resource
import sys
from datetime import date, datetime, time
from pathlib import Path
from time import perf_counter

import duckdb
import pandas as pd

from bench.data.sets import AS_OF
from goldpan.config import Config
from goldpan.frames import as_pandas
from goldpan.pipeline import LISTED, Refined
from sync.engines import EngineSettings, open_engine
from sync.settings import default_config_folder, load_config

SCRIPT = Path(__file__).with_name("rules.sql")
IN_ORDER = """
    list_position(['expired', 'expiring_soon', 'active', 'unknown'], membership_category), expires_on NULLS LAST,
    email NULLS LAST, customer_id NULLS LAST, source_row
"""
BEST_FIRST = "customer_id_key IS NULL, total_order_value_micros DESC, customer_id_key"
AMOUNTS = ["total_order_value", "estimated_savings"]
"""Decimals, compared as doubles: the millionths that they are rounded from are compared exactly."""


def run_rules(connection: duckdb.DuckDBPyConnection, as_of: date, listed: int = LISTED) -> None:
    """Work out the contacts and the tables beside them, as temporary tables.

    Args:
        connection: Knows ``memberships`` and ``orders``, the canonical columns of both.
        as_of: The business date.
        listed: How many prospects are listed.
    """
    values = {"as_of": datetime.combine(as_of, time()), "listed": listed}
    for statement in statements():
        connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})


def statements() -> list[str]:
    """The script's statements, without comments."""
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line.partition("--")[0] for line in lines)
    return [statement for statement in text.split(";\n") if statement.strip()]


def contacts_of(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The contacts that the SQL made, in the order of the analysis, with pandas' types."""
    return as_pandas(connection.sql(f"FROM contacts ORDER BY {IN_ORDER}").to_arrow_table())


def counts_of(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many contacts, merged rows, repeated orders and prospects there are."""
    tables = {
        "contacts": "contacts",
        "merged": "linked WHERE replaced_by IS NOT NULL",
        "repeated": "repeated",
        "prospects": "prospects WHERE customer_id_key IS NOT NULL",
    }
    return {
        name: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for name, table in tables.items()
    }


def differences(connection: duckdb.DuckDBPyConnection, refined: Refined) -> list[str]:
    """Where the SQL and the pipeline differ, row by row; nothing where they agree."""
    got, wanted = (
        each.astype(dict.fromkeys(AMOUNTS, "float64")) for each in (contacts_of(connection), refined.contacts)
    )
    found = _of_frames("contacts", got, wanted)
    merged = connection.sql(
        "SELECT source_row, replaced_by FROM linked WHERE replaced_by IS NOT NULL ORDER BY source_row"
    )
    repeated = connection.sql("SELECT source_row, repeats_row FROM repeated ORDER BY source_row")
    prospects = connection.sql(f"FROM listed_prospects ORDER BY {BEST_FIRST}")
    for name, relation, frame in (
        ("merged rows", merged, refined.merged_rows),
        ("repeated orders", repeated, refined.repeated_orders),
        ("prospects", prospects, refined.prospects),
    ):
        rows = as_pandas(relation.to_arrow_table()).head(len(frame))
        shared = [column for column in frame if column in rows]
        found += _of_frames(name, rows[shared], frame[shared])
    counts = refined.counts
    said = {"contacts": len(refined.contacts), "merged": counts.merged_rows, "repeated": counts.repeated_orders}
    said["prospects"] = counts.prospects
    if counts_of(connection) != said:
        found.append(f"counts: {said}, the SQL says {counts_of(connection)}")
    return found


def _of_frames(name: str, got: pd.DataFrame, wanted: pd.DataFrame) -> list[str]:
    if set(got) != set(wanted):
        return [f"{name}: columns {sorted(set(got) ^ set(wanted))} are on one side only"]
    if len(got) != len(wanted):
        return [f"{name}: {len(wanted):,} rows, the SQL has {len(got):,}"]
    differ = {column: _unequal(got[column], wanted[column]) for column in wanted}
    return [f"{name}: {count:,} rows differ in {column}" for column, count in differ.items() if count]


def _unequal(left: "pd.Series[object]", right: "pd.Series[object]") -> int:
    """How many values differ; two missing ones do not."""
    is_missing = left.isna() | right.isna()
    differ = (left.isna() != right.isna()) | ((left != right).fillna(value=False) & ~is_missing)
    return int(differ.sum())


def main() -> None:
    """One side, timed without its imports; or both, compared."""
    what, memberships, orders, *rest = sys.argv[1:]
    settings = EngineSettings(memory=rest[0] if rest else "", threads=2)
    config: Config = load_config(default_config_folder())[1]
    with open_engine("duckdb", settings) as engine:
        frames = engine.parquet(memberships), engine.parquet(orders)
        connection = engine.connection  # type: ignore[attr-defined] # DuckDB's engine has one
        begin = perf_counter()
        said: dict[str, object] = {}
        if what != "sql":
            refined = engine.refine(*frames, AS_OF, config)
            said |= {"contacts": len(refined.contacts), "merged": refined.counts.merged_rows}
        if what != "pipeline":
            for name, frame in zip(("memberships", "orders"), frames, strict=True):
                frame.create_view(name)
            run_rules(connection, AS_OF)
            said |= {"contacts": len(contacts_of(connection)), "merged": counts_of(connection)["merged"]}
        seconds = perf_counter() - begin
        if what == "compare":
            said["differences"] = differences(connection, refined)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"what": what, "seconds": round(seconds, 2), "peak_mb": peak_mb, **said}))


if __name__ == "__main__":
    main()
