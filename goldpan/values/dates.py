"""Dates from cells, serial numbers and texts (RULES section 1, *date*)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.model import Cell
from goldpan.values.reading import DATE, TEXT, or_false, read_column
from goldpan.values.texts import text_of

FIRST, LAST = date(1950, 1, 1), date(2200, 12, 31)
"""A date outside is a typing error, and missing."""

_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
"""Day 0 of Excel's two date systems; the first counts a 29 February 1900 that never was, long before FIRST."""

_TIME_OF_DAY = re.compile(
    r"(?:\s*T|\s+)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?"
    r"\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\Z",
    re.IGNORECASE,
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH_NUMBERS = {"%b": {name[:3].lower(): n for n, name in enumerate(_MONTHS, 1)}}
_MONTH_NUMBERS["%B"] = {name.lower(): n for n, name in enumerate(_MONTHS, 1)}
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = (
    r"\A(?:19[5-9][0-9]|2[01][0-9]{2})-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"  # each year has these days
    r"(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?\z"
)


def read_date(cell: Cell, formats: Sequence[str], *, epoch_1904: bool = False) -> tuple[date | None, str | None]:
    """One cell's date; ``unreadable_date`` where something stands there that is none between FIRST and LAST."""
    if isinstance(cell, datetime):
        return _in_range(cell.date())
    if isinstance(cell, date):
        return _in_range(cell)
    if isinstance(cell, bool | time | timedelta):
        return None, "unreadable_date"
    if isinstance(cell, int | float):
        return _in_range(_from_number(cell, epoch_1904=epoch_1904))
    text = text_of(cell)
    if text is None:
        return None, None
    if text.isascii() and text.isdigit():
        return _in_range(_from_number(int(text), epoch_1904=epoch_1904) if len(text) <= 8 else None)
    return _in_range(_from_text(text, formats))


def _in_range(value: date | None) -> tuple[date | None, str | None]:
    return (value, None) if value is not None and FIRST <= value <= LAST else (None, "unreadable_date")


def _from_number(number: float, *, epoch_1904: bool) -> date | None:
    """A day number if that lies in the range, else YYYYMMDD if it has eight digits."""
    epoch = _EPOCH_1904 if epoch_1904 else _EPOCH_1900
    if (FIRST - epoch).days <= number < (LAST - epoch).days + 1:
        return epoch + timedelta(days=int(number))
    if 10_000_000 <= number <= 99_999_999 and number == int(number):
        try:
            return datetime.strptime(str(int(number)), "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            return None
    return None


def _from_text(text: str, formats: Sequence[str]) -> date | None:
    """ISO, else the first format that fits; a time of day behind either is dropped, and its offset moves nothing."""
    for candidate in dict.fromkeys((text, _TIME_OF_DAY.sub("", text))):
        if _ISO.fullmatch(candidate):
            try:
                return date.fromisoformat(candidate)
            except ValueError:
                return None
        for format_ in formats:
            value = _from_format(candidate, format_)
            if value is not None:
                return value
    return None


def _from_format(text: str, format_: str) -> date | None:
    """`strptime` with English month names whatever the locale: the name is replaced by its number first."""
    if "%Y%m%d" in format_ and not re.search(r"\d{8}", text):
        return None  # strptime would read 2026112 as one day or another
    for directive, numbers in _MONTH_NUMBERS.items():
        if directive in format_:
            word = next((word for word in _WORD.finditer(text) if word[0].lower() in numbers), None)
            if word is None:
                return None
            text = f"{text[: word.start()]}{numbers[word[0].lower()]:02}{text[word.end() :]}"
            format_ = format_.replace(directive, "%m")
    try:
        return datetime.strptime(text, format_).date()  # noqa: DTZ007 - a date has no zone
    except (ValueError, re.error):
        return None


def read_dates(cells: "pd.Series[Any]", formats: Sequence[str], *, epoch_1904: bool = False) -> pd.DataFrame:
    """A column of dates, cell by cell: one odd cell never changes how the next is read.

    Returns:
        ``value`` (datetime64[s] at midnight, NaT if missing) and ``reason`` (str, ``unreadable_date``).
    """
    if cells.dtype.kind == "M":
        return _from_dates(cells)
    return read_column(
        cells,
        lambda cell: read_date(cell, formats, epoch_1904=epoch_1904),
        {"value": DATE, "reason": TEXT},
        _plain,
        is_repetitive=True,
    )


def _plain(texts: pa.Array) -> tuple[pa.Array, list[pa.Array]]:
    """ISO, whatever the time of day."""
    is_plain = or_false(pc.match_substring_regex(texts, _PLAIN))
    days = pc.utf8_slice_codeunits(pc.if_else(is_plain, texts, pa.scalar(None, TEXT)), 0, len("2026-11-20"))
    return is_plain, [days.cast(DATE), pa.nulls(len(texts), TEXT)]


def _from_dates(cells: "pd.Series[Any]") -> pd.DataFrame:
    """What a reader has found to be dates already."""
    days = cells.to_numpy().astype("datetime64[D]")
    is_in_range = (days >= np.datetime64(FIRST)) & (days <= np.datetime64(LAST))
    is_odd = ~is_in_range & ~np.isnat(days)
    days[~is_in_range] = np.datetime64("NaT")
    reason = pd.Series("unreadable_date", index=cells.index, dtype="str").where(is_odd)
    return pd.DataFrame({"value": pd.Series(days.astype("datetime64[s]"), index=cells.index), "reason": reason})
