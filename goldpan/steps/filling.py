"""Filling: what one row lacks and another row of the same person knows."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import narwhals.stable.v2 as nw

from goldpan.frames import Narwhal, is_nothing, looked_up, only_rows

_TAKEN = "_taken_key"
"""Ends the names of columns on their way; no column of an export ends in ``_key``."""


def fill_from_rows(rows: Narwhal, facts: Narwhal, donors: Narwhal, columns: Sequence[str]) -> Narwhal:
    """Fill what is missing from other rows.

    Args:
        rows: With ``source_row``.
        facts: ``source_row`` of the rows that may take something, and ``<column>_row``, the row to take it from;
            missing where there is nothing to take.
        donors: With ``source_row`` and the columns.
        columns: Which ones.

    Returns:
        The rows, their columns in the same order.
    """
    names = rows.collect_schema().names()
    from_row = [f"{column}_row" for column in columns]
    taken = facts.filter(reduce(or_, (~nw.col(name).is_null() for name in from_row))).select("source_row", *from_row)
    if is_nothing(taken):
        return rows
    for column, name in zip(columns, from_row, strict=True):
        wanted = taken.filter(~nw.col(name).is_null()).select(source_row=nw.col(name))
        known = only_rows(donors.select("source_row", column), wanted)
        known = known.select(nw.col("source_row").alias(name), nw.col(column).alias(column + _TAKEN))
        taken = looked_up(taken, known, name)
    filled = looked_up(rows, taken.drop(*from_row), "source_row")
    return filled.with_columns(nw.coalesce(column, column + _TAKEN).alias(column) for column in columns).select(*names)
