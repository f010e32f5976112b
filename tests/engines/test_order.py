"""What comes back is in the order that was asked for, however many threads sort it."""

import narwhals.stable.v2 as nw
import numpy as np
import pyarrow as pa

from goldpan.frames import collected, in_order

ROWS = 300_000
"""More than one thread takes at a time."""


def test_many_rows_come_back_in_order(duckdb_engine):
    """DuckDB keeps no order of insertion here; what is sorted last must arrive sorted all the same."""
    numbers = np.random.default_rng(7).permutation(ROWS)
    rows = duckdb_engine.settle(duckdb_engine.of_arrow(pa.table({"number": numbers})))

    got = collected(in_order(nw.from_native(rows), "number").to_native())
    duckdb_engine.release()

    assert got["number"].to_list() == list(range(ROWS))
