"""The limit of refining: the rules by hand in SQL (``rules.sql``), run by DuckDB over the same typed rows."""

from pathlib import Path

import duckdb
import pyarrow as pa

from bench.cases import Work, product
from bench.cases.digest import digest_of
from bench.data.sets import AS_OF, files
from bench.reference_sql import counts_of, run_rules

TABLES = ("memberships", "orders")


def over_frames(data: Path, name: str, kind: str) -> Work:
    """The script over typed frames in memory, as Goldpan has read them."""
    exports = product.read(*files(data, name, kind))
    database = duckdb.connect()
    for table in TABLES:
        database.register(table, pa.Table.from_pandas(exports[table].frame, preserve_index=False))
    return lambda: _contacts(database), lambda contacts: _counts(database, contacts)


def over_parquet(data: Path, name: str) -> Work:
    """The script over Parquet files of canonical columns."""
    database = duckdb.connect()
    for table, path in zip(TABLES, files(data, name, "parquet"), strict=True):
        database.execute(f"CREATE VIEW {table} AS FROM '{path}'")
    return lambda: _contacts(database), lambda contacts: _counts(database, contacts)


def _contacts(database: duckdb.DuckDBPyConnection) -> pa.Table:
    run_rules(database, AS_OF)
    return database.table("contacts").to_arrow_table()


def _counts(database: duckdb.DuckDBPyConnection, contacts: pa.Table) -> dict[str, object]:
    return {**counts_of(database), "digest": digest_of(contacts)}
