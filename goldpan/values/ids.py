"""Customer and order ids: text that Excel likes to turn into numbers (RULES section 1, *id*)."""

import re
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.model import Cell
from goldpan.values.reading import TEXT, or_false, read_column
from goldpan.values.texts import shown, text_of

ROUNDED_FROM = 10.0**15
"""A numeric cell of 16 or more digits: Excel keeps only 15 of them."""

_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+|[0-9][.,][0-9]+E[0-9]+", re.IGNORECASE)
_WHOLE_WITH_TAIL = re.compile(r"([0-9]+)\.0+")
_DIGITS = re.compile(r"[0-9]+")
_WORD = r"\A[A-Za-z0-9_-]+\z"  # the power of ten has a plus or a point


def key_of(text: str) -> str:
    """What two spellings of one id share: all-digit ids have no leading zeros (``000`` is ``0``)."""
    return (text.lstrip("0") or "0") if _DIGITS.fullmatch(text) else text


def read_id(cell: Cell) -> tuple[str | None, str | None, str | None]:
    """One id: as it is written (trimmed, no ``.0`` tail, no leading apostrophe of Excel's), its key, and a reason."""
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        if abs(float(cell)) >= ROUNDED_FROM:
            return None, None, "rounded_id"
        return shown(cell), key_of(shown(cell)), None
    text = text_of(cell)
    if text is not None:
        text = text_of(text.removeprefix("'"))
    if text is None:
        return None, None, None
    if _SCIENTIFIC.fullmatch(text):
        return None, None, "rounded_id"
    tail = _WHOLE_WITH_TAIL.fullmatch(text)
    value = tail[1] if tail else text
    return value, key_of(value), None


def read_ids(cells: "pd.Series[Any]") -> pd.DataFrame:
    """A column of ids.

    Returns:
        All ``str``: ``value`` (the row's own spelling), ``key`` (what ids compare by), ``reason`` (``rounded_id``).
    """
    if cells.dtype == "Int64" and (cells.abs() < ROUNDED_FROM).all():
        cells = cells.astype("str")
    return read_column(cells, read_id, {"value": TEXT, "key": TEXT, "reason": TEXT}, _numbers, _words)


def _numbers(texts: pa.Array) -> tuple[pa.Array, list[pa.Array]]:
    """Digits and nothing else."""
    keys = pc.ascii_ltrim(texts, "0")
    is_zero = pc.equal(keys, "")
    if pc.any(is_zero).as_py():
        keys = pc.if_else(is_zero, pa.scalar("0", TEXT), keys)
    return or_false(pc.ascii_is_decimal(texts)), [texts, keys, pa.nulls(len(texts), TEXT)]


def _words(texts: pa.Array) -> tuple[pa.Array, list[pa.Array]]:
    """Letters, also with digits: nothing to trim, no tail, no power of ten."""
    return or_false(pc.match_substring_regex(texts, _WORD)), [texts, texts, pa.nulls(len(texts), TEXT)]
