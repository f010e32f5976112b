"""Cells as text: what counts as blank, and how numbers and dates look when a text was expected."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.model import Cell
from goldpan.values.reading import TEXT, as_mask, as_texts, or_false, read_column

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
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f") if cell.is_finite() else str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def shown_texts(cells: "pd.Series[Any]") -> "pd.Series[str]":
    """:func:`shown` for a column."""
    texts = as_texts(cells)
    if texts is None:
        return read_column(cells, lambda cell: (shown(cell),), {"value": TEXT})["value"]
    return pd.Series(pd.array(pc.fill_null(texts, ""), dtype="str"), index=cells.index)


def read_texts(cells: "pd.Series[Any]") -> "pd.Series[str]":
    """A column of texts: outer blanks off; blanks and Excel errors are missing (dtype ``str``)."""
    texts = as_texts(cells)
    if texts is None:
        return read_column(cells, lambda cell: (text_of(cell),), {"value": TEXT})["value"]
    bare = pc.utf8_trim(texts, BLANKS)
    if _length(bare) == _length(texts):
        bare = texts  # in the memory of the cells as delivered, which stay
    is_nothing = or_false(pc.equal(bare, ""))
    is_error = _are_errors(texts)
    if is_error.any():
        is_nothing = pc.or_(is_nothing, pa.array(is_error))
    if pc.any(is_nothing, min_count=0).as_py():
        bare = pc.if_else(is_nothing, pa.scalar(None, TEXT), bare)
    return pd.Series(pd.array(bare, dtype="str"), index=cells.index)


def _length(texts: pa.Array) -> int | None:
    length: int | None = pc.sum(pc.binary_length(texts)).as_py()
    return length


def are_blank(cells: "pd.Series[Any]") -> npt.NDArray[np.bool_]:
    """:func:`is_blank` for a column."""
    if cells.dtype == object:
        return np.fromiter(map(is_blank, cells), dtype=bool, count=len(cells))
    missing: npt.NDArray[np.bool_] = cells.isna().to_numpy()
    texts = as_texts(cells)
    return missing if texts is None else missing | as_mask(pc.equal(pc.utf8_trim(texts, BLANKS), ""))


def are_excel_errors(cells: "pd.Series[Any]") -> npt.NDArray[np.bool_]:
    """:func:`is_excel_error` for a column."""
    texts = as_texts(cells)
    if texts is not None:
        return _are_errors(texts)
    if cells.dtype == object:
        return np.fromiter(map(is_excel_error, cells), dtype=bool, count=len(cells))
    return np.zeros(len(cells), dtype=bool)


def _are_errors(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Only the few texts with a ``#`` are looked at; where those are, the memory of all texts tells at once."""
    is_error = np.zeros(len(texts), dtype=bool)
    _, ends, data = texts.buffers()
    signs = np.flatnonzero(np.frombuffer(data or b"", dtype=np.uint8) == ord("#"))
    if len(signs):
        begins = np.frombuffer(ends, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
        places = np.unique(begins.searchsorted(signs, side="right")) - 1
        places = places[(places >= 0) & (places < len(texts))]
        bare = pc.utf8_upper(pc.utf8_trim(texts.take(pa.array(places)), BLANKS))
        is_error[places] = as_mask(pc.is_in(bare, pa.array(sorted(EXCEL_ERRORS), TEXT)))
    return is_error
