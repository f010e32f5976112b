"""The limit of refining: the rules by hand in SQL (``rules.sql``), run by DuckDB over the same typed rows."""

from pathlib import Path

import duckdb
import pyarrow as pa

from bench.cases import Work, product
from bench.cases.digest import digests_of
from bench.data.sets import AS_OF, files
from bench.reference_sql import counts_of, results_of, run_rules
from goldpan.pipeline import LISTED

TABLES = ("memberships", "orders")
ALL = 1_000_000
"""Frames of pandas list whatever there is."""


def over_frames(data: Path, name: str, kind: str) -> Work:
    """The script over typed frames in memory, as Goldpan has read them."""
    exports = product.read(*files(data, name, kind))
    database = _database()
    for table in TABLES:
        database.register(table, pa.Table.from_pandas(exports[table].frame, preserve_index=False))
    return _work(database, ALL)


def over_parquet(data: Path, name: str) -> Work:
    """The script over Parquet files of canonical columns, with as much memory as DuckDB takes."""
    database = _database()
    for table, path in zip(TABLES, files(data, name, "parquet"), strict=True):
        database.execute(f"CREATE VIEW {table} AS FROM '{path}'")
    return _work(database, LISTED)


def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"preserve_insertion_order": False})


def _work(database: duckdb.DuckDBPyConnection, listed: int) -> Work:
    def work() -> dict[str, pa.Table]:
        run_rules(database, AS_OF, listed)
        return results_of(database, listed)

    return work, lambda results: {**counts_of(database), **digests_of(results)}
