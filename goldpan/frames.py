"""Frames of any engine: the steps are written once, as narwhals expressions on whole columns."""

from collections.abc import Callable, Container
from datetime import date
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.errors import FatalError

Frame: TypeAlias = Any
"""A frame as its own library knows it: a pandas DataFrame, a DuckDB relation, a PySpark DataFrame. What goes in comes
out. (``Any``: narwhals tells what it is when it runs.)"""

Narwhal: TypeAlias = Any
"""The same frame seen through narwhals, eager or lazy."""

Settle: TypeAlias = Callable[[Frame], Frame]
"""Works out a frame that is only planned so far, and gives the same rows back: where several later steps read them, an
engine would otherwise work them out for each. An engine brings its own; frames that are not planned need none."""


def as_it_is(frame: Frame) -> Frame:
    """The :data:`Settle` of frames that are there already."""
    return frame


def canonical(frame: Frame) -> Frame:
    """A frame that is only planned, with the types that the steps rely on; one of pandas has them already.

    Dates become times without a zone, and integers get 64 bits.

    Raises:
        FatalError: A time with a zone, which would be another day elsewhere.
    """
    planned = nw.from_native(frame)
    if isinstance(planned, nw.DataFrame):
        return frame
    wanted: dict[str, nw.Expr] = {}
    for name, dtype in planned.collect_schema().items():
        if dtype == nw.Datetime and dtype.time_zone is not None:
            raise FatalError(f"Column {name!r} has times with a zone; make dates of them, or times without.")
        if dtype == nw.Date or (dtype == nw.Datetime and dtype != nw.Datetime("us")):
            wanted[name] = nw.col(name).cast(nw.Datetime("us"))
        elif dtype.is_integer() and dtype != nw.Int64:
            wanted[name] = nw.col(name).cast(nw.Int64())
    return planned.with_columns(**wanted).to_native() if wanted else frame


# --- dates ------------------------------------------------------------------------------------------------------------

FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2200, 12, 31)
"""Between these days lie all dates that Goldpan reads (RULES section 1, *date*)."""
_DAY_BEFORE = FIRST_DAY.toordinal() - 1
DAYS = LAST_DAY.toordinal() - _DAY_BEFORE + 1
"""How many numbers days can have, 0 among them."""
_MINUTES_PER_DAY = 24 * 60


def midnight(day: date) -> nw.Expr:
    """A day as the dates of a frame are: a time without a zone.

    A datetime would not do: Spark takes it for a moment in the time zone of this process, and shows it in the zone of
    the session.
    """
    return nw.lit(day, dtype=nw.Datetime("us"))


def days_after(frame: Narwhal, column: str, day: date) -> nw.Expr:
    """How many whole days a date lies after another day (Int64 or int64); 0 where it is missing."""
    dates = nw.col(column).fill_null(midnight(day))
    if isinstance(frame, nw.DataFrame):
        return (dates - midnight(day)).dt.total_minutes() // _MINUTES_PER_DAY
    return (dates.cast(nw.Date()) - nw.lit(day)).cast(nw.Int64())  # SQL counts days where pandas counts seconds


def day_number(frame: Narwhal, column: str) -> nw.Expr:
    """A date as a number that grows with it, from 1 on; 0 where it is missing."""
    return (days_after(frame, column, date.fromordinal(_DAY_BEFORE))).clip(0, DAYS - 1)


# --- the last of several rows -----------------------------------------------------------------------------------------

ROWS = 500_000_000
"""Row numbers of memberships are smaller than this, so that :func:`rank` fits into 64 bits."""


def rank(more: nw.Expr, less: nw.Expr, first: nw.Expr | None = None) -> nw.Expr:
    """One number that orders rows as two :func:`day_number` and then the numbers of the rows do.

    Its maximum leads to the last row (:func:`row_of`): one aggregation of whole numbers, which every engine does in
    parallel and without sorting.

    Args:
        more: The more important day.
        less: The other one.
        first: 0 or 1, which goes before both.
    """
    number = more if first is None else first * DAYS + more
    return (number * DAYS + less) * ROWS + nw.col("source_row")


def row_of(column: str) -> nw.Expr:
    """The row number in a rank."""
    return nw.col(column) % ROWS


def only_rows(frame: Narwhal, numbers: Narwhal) -> Narwhal:
    """The rows whose ``source_row`` is one of another frame."""
    if isinstance(frame, nw.DataFrame):  # pandas joins by hashing both sides; this looks numbers up
        return frame.filter(nw.col("source_row").is_in(numbers["source_row"]))
    return frame.join(numbers.select("source_row"), on="source_row", how="semi")


def looked_up(frame: Narwhal, known: Narwhal, key: str) -> Narwhal:
    """The rows with what another frame knows of their keys; missing where it knows nothing.

    Args:
        frame: The rows.
        known: Each key at most once, and columns that the rows lack.
        key: The column in both.
    """
    if isinstance(frame, nw.DataFrame):  # pandas' join copies every column; this adds the new ones
        found = frame.select(key).join(known, on=key, how="left")
        return frame.with_columns(*(found[name] for name in known.columns if name != key))
    return frame.join(known, on=key, how="left")


def is_nothing(frame: Narwhal) -> bool:
    """Whether a frame is known to have no rows; one that is only planned is not worked out to know."""
    return isinstance(frame, nw.DataFrame) and frame.is_empty()


def in_order(frame: Narwhal, *columns: str, down: Container[str] = ()) -> Narwhal:
    """The rows in the order of columns, missing values last; texts by their code points, as on every engine.

    Args:
        frame: The rows.
        columns: The most important one first; together they tell all rows apart.
        down: Those of them that go from the largest to the smallest.
    """
    if isinstance(frame, nw.DataFrame):  # pandas sorts out all texts first; Arrow looks at them where the rest ties
        keys = pa.table({name: frame[name].to_arrow() for name in columns})
        ways = [(name, "descending" if name in down else "ascending") for name in columns]
        return frame[pc.sort_indices(keys, sort_keys=ways).to_numpy()]
    return frame.sort(*columns, descending=[name in down for name in columns], nulls_last=True)


# --- what comes back --------------------------------------------------------------------------------------------------

_TEXT = pd.StringDtype(na_value=np.nan)
_PANDAS_TYPES = {pa.int64(): pd.Int64Dtype(), pa.string(): _TEXT, pa.large_string(): _TEXT}


def collected(frame: Frame) -> pd.DataFrame:
    """A frame of any engine as pandas, typed as :class:`goldpan.conform.Export` types its columns."""
    if isinstance(frame, pd.DataFrame):
        return frame
    return as_pandas(nw.from_native(frame).collect("pyarrow").to_native())


def as_pandas(table: pa.Table) -> pd.DataFrame:
    """An Arrow table with pandas' own types, which missing values fit; the table is used up."""
    seconds = [
        field.with_type(pa.timestamp("s")) if pa.types.is_temporal(field.type) else field for field in table.schema
    ]
    table = table.cast(pa.schema(seconds))
    return table.to_pandas(types_mapper=_PANDAS_TYPES.get, split_blocks=True, self_destruct=True)


def figures(frame: Frame, **expressions: nw.Expr) -> dict[str, int]:
    """Whole numbers about a frame, all from one look at it; nothing adds up to 0."""
    row = nw.from_native(frame).select(**expressions)
    row = row.collect("pyarrow") if isinstance(row, nw.LazyFrame) else row
    return {name: int(row[name].fill_null(0).item()) for name in expressions}
