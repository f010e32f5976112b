"""Cells as text: what counts as blank, and how numbers and dates look when a text was expected."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from goldpan.model import Cell

BLANKS = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
BLANKS += "\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
"""Everything that a person can't see: Unicode white space (NBSP among it) and the zero-width characters."""

EXCEL_ERRORS = frozenset({
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!",
    "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#GETTING_DATA", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!",
})  # fmt: skip
"""Excel's error values, as cells or as text (support.microsoft.com, "ERROR.TYPE" and "Linked data types", 2026-11)."""


def is_blank(cell: Cell) -> bool:
    """Whether a person sees nothing in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip(BLANKS))


def is_excel_error(cell: Cell) -> bool:
    """Whether the cell holds an Excel error value, as such or typed as text."""
    return isinstance(cell, str) and "#" in cell and cell.strip(BLANKS).upper() in EXCEL_ERRORS


def text_of(cell: Cell) -> str | None:
    """One cell as the text a person would read in it; ``None`` if that is blank or an Excel error."""
    if cell is None or isinstance(cell, str):
        text = (cell or "").strip(BLANKS)
        return None if not text or is_excel_error(text) else text
    return shown(cell)


def shown(cell: Cell) -> str:
    """One cell as Excel would show it in a General format: 501.0 is 501, a date is ISO, a truth value is TRUE."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def read_texts(cells: "pd.Series[Any]") -> "pd.Series[str]":
    """A column of texts: outer blanks off; blanks and Excel errors are missing (dtype ``str``)."""
    texts = cells.where(is_text(cells))
    if len(texts) and texts.isna().any():
        others = cells[texts.isna() & cells.notna()]
        texts = texts.astype("str")
        texts.loc[others.index] = others.map(shown).astype("str")
    texts = texts.astype("str").str.strip(BLANKS)
    return texts.mask(texts.str.upper().isin(EXCEL_ERRORS) | (texts == ""))


def is_text(cells: "pd.Series[Any]") -> "pd.Series[bool]":
    """Which cells hold text."""
    return pd.Series([isinstance(cell, str) for cell in cells], index=cells.index, dtype=bool)


def read_distinct(
    cells: "pd.Series[Any]", function: Callable[[Any], tuple[Any, ...]], names: Sequence[str]
) -> pd.DataFrame:
    """Apply a reader of single cells once per distinct cell.

    Cells are told apart by type as well as by value: ``True``, ``1`` and ``1.0`` are three cells.

    Returns:
        One row per cell on the same index; the reader's results as columns of those names (object dtype).
    """
    values = cells.to_numpy(dtype=object)
    kinds = set(map(type, values)) - {type(None)}
    if len(kinds) > 1:  # equal cells of several types must not become one
        values = np.fromiter(((type(cell), cell) for cell in values), dtype=object, count=len(values))
        codes, distinct = pd.factorize(values)
        results = [function(cell) for _, cell in distinct]
    else:
        codes, distinct = pd.factorize(values)
        results = [*map(function, distinct), function(None)]  # the code of None is -1: the last
    columns = zip(*results, strict=True) if results else [()] * len(names)
    return pd.DataFrame(
        {
            name: pd.Series(np.fromiter(read, dtype=object, count=len(results))[codes], index=cells.index, dtype=object)
            for name, read in zip(names, columns, strict=True)
        },
        index=cells.index,
    )
