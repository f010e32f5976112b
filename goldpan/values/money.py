"""Amounts as whole millionths, exactly (RULES section 1, *money*)."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.columns import MICROS_PER_UNIT
from goldpan.model import Cell
from goldpan.values.reading import MICROS, TEXT, or_false, read_column, read_numbers
from goldpan.values.texts import BLANKS, text_of

LARGEST = 10**12
"""Amounts from a trillion on are unreadable: Excel could not hold their cents, and sums stay within 64 bits."""

_CURRENCY = frozenset(chr(code) for code in range(0x20, 0x20D0) if unicodedata.category(chr(code)) == "Sc")
_THOUSANDS = {".": ",", ",": "."}
"""The thousands separator beside each decimal mark; a blank separates with either."""


def _number_form(mark: str) -> re.Pattern[str]:
    separator = rf"(?P<separator>[{re.escape(_THOUSANDS[mark])} \u00a0\u2009\u202f])"
    whole = rf"[0-9]{{1,3}}{separator}[0-9]{{3}}(?:(?P=separator)[0-9]{{3}})*|[0-9]+"
    return re.compile(rf"(?P<whole>{whole})?(?:{re.escape(mark)}(?P<part>[0-9]*))?")


_PLAIN_BELOW = 10.0**8
_PLAIN = {mark: rf"\A-?[0-9]{{1,8}}(?:{re.escape(mark)}[0-9]{{1,6}})?\z" for mark in _THOUSANDS}
_NUMBER = {mark: _number_form(mark) for mark in _THOUSANDS}


def read_amount(cell: Cell, decimal_mark: str = ".") -> tuple[int | None, str | None]:
    """One cell's amount in millionths, rounded half away from zero; ``unreadable_amount`` where it is none."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # A double's shortest form is what Excel shows; its binary noise is not money.
        return _in_micros(Decimal(repr(cell)))
    if isinstance(cell, Decimal):
        return _in_micros(cell)
    if cell is not None and not isinstance(cell, str):
        return None, "unreadable_amount"
    text = text_of(cell)
    if text is None:
        return None, None
    amount = _from_text(text, decimal_mark)
    return (None, "unreadable_amount") if amount is None else _in_micros(amount)


def _in_micros(amount: Decimal) -> tuple[int | None, str | None]:
    if not amount.is_finite() or abs(amount) >= LARGEST:
        return None, "unreadable_amount"
    return int((amount * MICROS_PER_UNIT).to_integral_value(ROUND_HALF_UP)), None


def _from_text(text: str, decimal_mark: str) -> Decimal | None:
    """A number that may wear one currency sign and one of ``-x``, ``x-`` and ``(x)``, blanks between them."""
    text, signs = _without_currency(text)
    is_negative = True
    if text[:1] == "(" and text[-1:] == ")":
        text = text[1:-1]
    elif text[:1] == "-":
        text = text[1:]
    elif text[-1:] == "-":
        text = text[:-1]
    else:
        is_negative = False
    text, more_signs = _without_currency(text)
    number = _NUMBER[decimal_mark].fullmatch(text)
    if signs + more_signs > 1 or number is None or not (number["whole"] or number["part"]):
        return None
    digits = re.sub(r"[^0-9]", "", number["whole"] or "0")
    return Decimal(f"{'-' if is_negative else ''}{digits}.{number['part'] or '0'}")


def _without_currency(text: str) -> tuple[str, int]:
    bare = text.strip(BLANKS)
    signs = [bare[:1] in _CURRENCY, bare[1:][-1:] in _CURRENCY]
    return bare[signs[0] : len(bare) - signs[1]].strip(BLANKS), sum(signs)


def read_money(cells: "pd.Series[Any]", decimal_mark: str = ".") -> pd.DataFrame:
    """A column of amounts.

    Returns:
        ``value`` (Int64, whole millionths, missing where blank or unreadable) and ``reason`` (``unreadable_amount``).
    """
    types = {"value": MICROS, "reason": TEXT}
    if cells.dtype == "Int64" and (cells.abs() < LARGEST).all():
        reasons = pd.Series(None, index=cells.index, dtype="str")
        return pd.DataFrame({"value": cells * MICROS_PER_UNIT, "reason": reasons})
    rule = partial(read_amount, decimal_mark=decimal_mark)
    if cells.dtype == "float64":
        return read_numbers(cells, rule, types, _plain_micros)
    return read_column(cells, rule, types, partial(_plain, decimal_mark=decimal_mark), plain_numbers=_plain_micros)


def _plain(texts: pa.Array, decimal_mark: str) -> tuple[pa.Array, list[pa.Array]]:
    """Figures with at most a minus before and six decimals behind."""
    is_plain = or_false(pc.match_substring_regex(texts, _PLAIN[decimal_mark]))
    plain = pc.if_else(is_plain, texts, pa.scalar(None, TEXT))
    if decimal_mark != ".":
        plain = pc.replace_substring(plain, decimal_mark, ".")
    numbers = pc.cast(plain, pa.float64())
    micros, _ = _plain_micros(pc.fill_null(numbers, 0.0).to_numpy())
    return is_plain, [pa.array(micros), pa.nulls(len(texts), TEXT)]


def _plain_micros(amounts: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Whole millionths, and where that is certain.

    Below a hundred million a double times a million is off by less than 0.04; so what is nearer than 0.4 to a whole
    number is that number, and nothing with a half in its seventh decimal is.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        exact = amounts * MICROS_PER_UNIT
        micros = np.rint(exact)
        is_plain = (np.abs(amounts) < _PLAIN_BELOW) & (np.abs(exact - micros) < 0.4)
    return np.where(is_plain, micros, 0).astype("int64"), is_plain


def in_cents(micros: "pd.Series[Any]", share: Decimal = Decimal(1)) -> "pd.Series[Any]":
    """Money as it leaves: a share of whole millionths, rounded half away from zero to cents.

    Args:
        micros: Int64, whole millionths.
        share: What part of the amount is wanted, such as 0.08.

    Returns:
        Exact decimals with two places (``decimal128(38, 2)[pyarrow]``), on the same index.
    """
    amounts = pc.multiply(pa.array(micros, pa.int64()).cast(pa.decimal128(19, 0)), pa.scalar(share))
    exact = pc.multiply(amounts, pa.scalar(Decimal(1).scaleb(-6)))
    cents = pc.round(exact, ndigits=2, round_mode="half_towards_infinity").cast(pa.decimal128(38, 2))
    return pd.Series(cents, index=micros.index, dtype=pd.ArrowDtype(pa.decimal128(38, 2)))
