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
import pyarrow as pa

from bench.data.sets import AS_OF
from goldpan.config import Config
from goldpan.frames import as_pandas
from goldpan.pipeline import LISTED, Refined
from sync.config_files import default_config_folder
from sync.engines import EngineSettings, open_engine
from sync.settings import load_config

SCRIPT = Path(__file__).with_name("rules.sql")
IN_ORDER = """
    list_position(['expired', 'expiring_soon', 'active', 'unknown'], membership_category), expires_on NULLS LAST,
    email NULLS LAST, customer_id NULLS LAST, source_row
"""
BEST_FIRST = "customer_id_key IS NULL, total_order_value_micros DESC, customer_id_key"
RESULTS = {
    "contacts": f"FROM contacts ORDER BY {IN_ORDER}",
    "merged_rows": "FROM linked WHERE replaced_by IS NOT NULL ORDER BY source_row LIMIT $listed",
    "repeated_orders": """
        WITH first AS (SELECT source_row, repeats_row FROM repeated ORDER BY source_row LIMIT $listed)
        SELECT orders.*, repeats_row FROM orders JOIN first USING (source_row) ORDER BY source_row
    """,
    "prospects": f"FROM listed_prospects ORDER BY {BEST_FIRST}",
    "shared_emails": f"FROM contacts JOIN shared USING (contact_key) ORDER BY {IN_ORDER}",
}
AMOUNTS = ["total_order_value", "estimated_savings"]
"""Decimals, compared as doubles: the millionths that they are rounded from are compared exactly."""
NOT_IN_SQL = {"prospects": {"total_order_value", "potential_savings", "is_high_value"}}
"""What is worked out for those who are listed alone."""


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


def results_of(connection: duckdb.DuckDBPyConnection, listed: int = LISTED) -> dict[str, pa.Table]:
    """What the SQL made, under the names and in the order of :class:`goldpan.pipeline.Refined`."""
    # Relations, for what `execute` gives as Arrow is out of order where no order of insertion is kept (DuckDB 2.0.0).
    return {
        name: connection.sql(query.replace("$listed", str(listed))).to_arrow_table() for name, query in RESULTS.items()
    }


def counts_of(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many contacts, merged rows, repeated orders and prospects there are."""
    tables = {
        "all_contacts": "contacts",
        "all_merged_rows": "linked WHERE replaced_by IS NOT NULL",
        "all_repeated_orders": "repeated",
        "all_prospects": "prospects WHERE customer_id_key IS NOT NULL",
    }
    return {
        name: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for name, table in tables.items()
    }


def differences(connection: duckdb.DuckDBPyConnection, refined: Refined) -> list[str]:
    """Where the SQL and the pipeline differ, row by row; nothing where they agree."""
    found = []
    for name, table in results_of(connection).items():
        wanted = getattr(refined, name)
        rows = as_pandas(table).head(len(wanted))
        columns = [column for column in wanted if column not in NOT_IN_SQL.get(name, ())]
        amounts = dict.fromkeys(set(AMOUNTS) & set(columns), "float64")
        found += _of_frames(name, *(each[columns].astype(amounts) for each in (rows, wanted)))
    counts = refined.counts
    said = {
        "all_contacts": len(refined.contacts),
        "all_merged_rows": counts.merged_rows,
        "all_repeated_orders": counts.repeated_orders,
        "all_prospects": counts.prospects,
    }
    if counts_of(connection) != said:
        found.append(f"counts: {said}, the SQL says {counts_of(connection)}")
    return found


def _of_frames(name: str, got: pd.DataFrame, wanted: pd.DataFrame) -> list[str]:
    if len(got) != len(wanted):
        return [f"{name}: {len(wanted):,} rows, the SQL has {len(got):,}"]
    differ = {column: _unequal(_flat(got[column]), _flat(wanted[column])) for column in wanted}
    return [f"{name}: {count:,} rows differ in {column}" for column, count in differ.items() if count]


def _flat(column: "pd.Series[object]") -> "pd.Series[object]":
    """Lists as texts; all else as it is."""
    return column.map(" ".join) if column.name == "customer_keys" else column


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
            said |= {"contacts": len(refined.contacts)}
        if what != "pipeline":
            for name, frame in zip(("memberships", "orders"), frames, strict=True):
                frame.create_view(name)
            run_rules(connection, AS_OF)
            said |= {
                "contacts": len(results_of(connection)["contacts"]),
                "merged": counts_of(connection)["all_merged_rows"],
            }
        seconds = perf_counter() - begin
        if what == "compare":
            said["differences"] = differences(connection, refined)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"what": what, "seconds": round(seconds, 2), "peak_mb": peak_mb, **said}))


if __name__ == "__main__":
    main()
