"""Columns of a table as cells that every spreadsheet program shows and none runs or chokes on.

What a spreadsheet can't hold as a value of its own becomes text: dates before 1900, times with a zone, times of day and
durations, numbers beyond 15 digits, infinities, and dates in a column that holds numbers too. Lone surrogates become
U+FFFD, and texts are cut at Excel's limit.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.report import Kind
from goldpan.values.reading import as_texts
from goldpan.values.texts import shown

LONGEST_TEXT = 32_767  # UTF-16 units in one cell ("Excel specifications and limits", support.microsoft.com, 2026-11-20)
CUT = " …"
FIRST_YEAR = 1900
_EXACT = 10**15  # Excel keeps 15 digits of a number
_LONG_SURE = LONGEST_TEXT // 2  # a character takes up to two UTF-16 units


def as_cells(values: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    """One column, ready to be written.

    Returns:
        The same rows, as ``str``, ``bool``, ``float64`` or ``datetime64``, blanks missing; or as ``object`` (None, str,
        bool, int, float, naive datetime) where cells of several types stand together.
    """
    values = values.reset_index(drop=True)
    if kind == "money":
        return _as_floats(values)
    if kind in ("number", "share"):
        return values.astype("float64")
    if kind == "any" and values.dtype != object and values.isna().all():
        return pd.Series(None, index=values.index, dtype="str")
    whole = _as_delivered(values)
    return _by_content(values.astype(object).where(values.notna(), None).tolist()) if whole is None else whole


def _as_floats(amounts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Cents divided by 100: the nearest double, which Arrow's own cast of decimals is not."""
    decimals = pa.array(amounts, pa.decimal128(38, 2), from_pandas=True).cast(pa.decimal128(20, 2))
    cents = pc.cast(pc.multiply(decimals, pa.scalar(100, pa.decimal128(3, 0))), pa.int64())
    return pd.Series(pc.divide(pc.cast(cents, pa.float64()), 100.0).to_numpy(zero_copy_only=False))


def _as_delivered(values: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """A column of one type that needs no look at its single cells; None for another."""
    try:
        texts = as_texts(values)
    except UnicodeEncodeError:  # a lone surrogate
        return None
    if texts is not None:
        return _without_empty(texts) if _fits(texts) else None
    return values if isinstance(values.dtype, np.dtype) and _is_fit(values) else None


def _is_fit(values: "pd.Series[Any]") -> bool:
    """Whether a spreadsheet holds every value of a column of one type as such."""
    if values.dtype.kind == "f":
        return not np.isinf(values.to_numpy()).any()
    if values.dtype.kind == "M":
        return bool(values.isna().all() or values.min().year >= FIRST_YEAR)
    return bool(values.dtype == bool)


def _by_content(cells: "list[Any]") -> "pd.Series[Any]":
    """A column of one type where the cells are of one, else cell by cell."""
    kinds = set(map(type, cells)) - {NoneType}
    uniform = None
    if kinds in ({date}, {datetime}):
        uniform = _as_moments(cells, pa.date32() if kinds == {date} else pa.timestamp("us"))
    elif kinds <= {int, float, Decimal}:
        uniform = _as_numbers(cells, is_exact=kinds != {float})
    elif kinds == {bool} and None not in cells:
        return pd.Series(cells, dtype=bool)
    if uniform is not None:
        return uniform
    single = [_CELLS.get(type(cell), _as_text_of)(cell) for cell in cells]
    kinds = set(map(type, single))
    if datetime in kinds and kinds & {int, float}:
        # rustpy-xlsxwriter 0.8 gives every number below the first date of a column the date's format: 7 would be a day.
        single = [shown(cell) if isinstance(cell, datetime) else cell for cell in single]
    return pd.Series(single, dtype=object)


def _without_empty(texts: pa.Array) -> "pd.Series[Any]":
    is_empty = pc.equal(texts, "")
    if pc.any(is_empty).as_py():
        texts = pc.if_else(is_empty, pa.scalar(None, texts.type), texts)
    return pd.Series(pd.array(texts, dtype="str"))


def _fits(texts: pa.Array) -> bool:
    """Whether no text can be longer than a cell."""
    return (pc.max(pc.utf8_length(texts)).as_py() or 0) <= _LONG_SURE


def _as_moments(cells: "list[date | datetime | None]", arrow_type: pa.DataType) -> "pd.Series[Any] | None":
    if any(cell is not None and (cell.year < FIRST_YEAR or getattr(cell, "tzinfo", None)) for cell in cells):
        return None
    return pd.Series(pa.array(cells, arrow_type).cast(pa.timestamp("us")).to_numpy(zero_copy_only=False))


def _as_numbers(cells: "list[float | Decimal | None]", *, is_exact: bool) -> "pd.Series[Any] | None":
    """None where one is infinite, or where what has more digits than Excel keeps is no float itself."""
    try:
        numbers = pd.Series(cells, dtype="float64")
    except OverflowError:
        return None
    largest = numbers.abs().max()
    return None if math.isinf(largest) or (is_exact and largest >= _EXACT) else numbers


_SURROGATE = re.compile("[\ud800-\udfff]")


def as_text(text: str) -> str:
    """One text as a cell can hold it."""
    text = _SURROGATE.sub("\ufffd", text)
    if len(text) <= _LONG_SURE:
        return str(text)
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return str(text)
    return units[: 2 * (LONGEST_TEXT - len(CUT))].decode("utf-16-le", errors="ignore") + CUT


def _as_number(value: float) -> float | str:
    return value if abs(value) < _EXACT else shown(value)


def _as_float(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return shown(value) if math.isinf(value) else value


def _as_moment(value: datetime) -> datetime | str | None:
    if value is pd.NaT:
        return None
    return value if value.year >= FIRST_YEAR and value.tzinfo is None else value.isoformat(sep=" ")


def _as_day(value: date) -> datetime | str:
    return datetime.combine(value, time()) if value.year >= FIRST_YEAR else value.isoformat()


def _as_text_of(value: Any) -> str | None:  # noqa: ANN401 - whatever else a cell may hold
    return None if value is pd.NA else as_text(shown(value)) or None


_CELLS: Mapping[type, Callable[[Any], object]] = {
    NoneType: lambda cell: cell,
    bool: lambda cell: cell,
    int: _as_number,
    float: _as_float,
    Decimal: lambda cell: float(cell) if cell.is_finite() and abs(cell) < _EXACT else str(cell),
    datetime: _as_moment,
    pd.Timestamp: lambda cell: _as_moment(cell.to_pydatetime()),
    type(pd.NaT): lambda _: None,
    date: _as_day,
}
