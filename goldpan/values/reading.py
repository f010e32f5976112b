"""How a column of cells is read: what is written plainly all at once, every other spelling once, by the rule itself.

Each kind of cell has its rule as a function of one cell. Most cells of an export are written so plainly that whole
columns of them can be read by Arrow's kernels; such a short cut takes only what it is sure to read as the rule would.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

ReadCell: TypeAlias = Callable[[Any], tuple[Any, ...]]
"""The rule: one cell to its value and what else there is to say."""

ReadPlain: TypeAlias = Callable[[pa.Array], tuple[pa.Array, Sequence[pa.Array]]]
"""The short cut: texts to which of them are plain (bool), and the results of those (whatever for the others)."""

ReadPlainNumbers: TypeAlias = Callable[[npt.NDArray[np.float64]], tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]
"""The short cut for numbers: the value of each, and for which of them it is certain."""

_ReadSome: TypeAlias = Callable[[npt.NDArray[np.object_]], list[pa.Array]]

TEXT = pa.large_string()
DATE = pa.date32()
MICROS = pa.int64()
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_column(
    cells: "pd.Series[Any]",
    rule: ReadCell,
    types: Mapping[str, pa.DataType],
    *plain: ReadPlain,
    plain_numbers: ReadPlainNumbers | None = None,
    is_repetitive: bool = False,
) -> pd.DataFrame:
    """Apply the rule for one kind of cell to a column.

    Cells are told apart by type as well as by value: ``True``, ``1`` and ``1.0`` are three cells.

    Args:
        cells: The cells as delivered, of any dtype.
        rule: Called once for each distinct cell that is not plain.
        types: Name and type of each result: ``TEXT``, ``DATE`` or ``MICROS``.
        plain: Reads most texts at once; each of several is given what those before have left.
        plain_numbers: Reads most numbers at once, where the first result is a number and the others are reasons.
        is_repetitive: Few texts are distinct, so that it pays to look at each but once.

    Returns:
        One row per cell on the same index, with the results as columns (``str``, ``datetime64[s]``, ``Int64``).
    """
    read_texts = partial(_distinct_texts if is_repetitive else _texts_by_rule, rule=rule, types=types, plain=plain)
    if (texts := as_texts(cells)) is not None:
        results = read_texts(texts)
    else:
        shortcuts: dict[type, _ReadSome] = {str: lambda some: read_texts(arrow_texts(some))}
        if plain_numbers:
            shortcuts[float] = partial(_numbers_by_rule, rule=rule, types=types, plain=plain_numbers)
        results = _kind_by_kind(as_delivered(cells).to_numpy(), rule, types, shortcuts)
    return _frame(results, types, cells.index)


def read_numbers(
    cells: "pd.Series[float]", rule: ReadCell, types: Mapping[str, pa.DataType], plain: ReadPlainNumbers
) -> pd.DataFrame:
    """The same for a column of nothing but numbers (``float64``), with one number as the value."""
    return _frame(_numbers_by_rule(cells.to_numpy(), rule, types, plain), types, cells.index)


def as_texts(cells: "pd.Series[Any]") -> pa.Array | None:
    """The cells as one Arrow array, if each of them is text or missing."""
    if cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True) not in ("string", "empty"):
        return None
    if not isinstance(cells.dtype, pd.StringDtype) and cells.dtype != object:
        return None
    return arrow_texts(cells)


def arrow_texts(texts: "pd.Series[Any] | npt.NDArray[np.object_]") -> pa.Array:
    """Texts as one Arrow array; half a character (a lone surrogate), which has no UTF-8, becomes U+FFFD."""
    try:
        array = pa.array(texts, TEXT, from_pandas=True)
    except UnicodeEncodeError:
        whole = [_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else None for text in texts]
        array = pa.array(whole, TEXT)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def as_delivered(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    """The cells one by one (object dtype), ``None`` where one is empty."""
    return cells if cells.dtype == object else cells.astype(object).where(cells.notna(), None)


def or_false(truths: pa.Array) -> pa.Array:
    """Truth values, false where one is missing."""
    return pc.fill_null(truths, False)


def as_mask(truths: pa.Array) -> npt.NDArray[np.bool_]:
    """The same for numpy."""
    mask: npt.NDArray[np.bool_] = or_false(truths).to_numpy(zero_copy_only=False)
    return mask


def _texts_by_rule(
    texts: pa.Array, rule: ReadCell, types: Mapping[str, pa.DataType], plain: Sequence[ReadPlain]
) -> list[pa.Array]:
    if not plain:
        return _distinct_texts(texts, rule, types)
    is_plain, results = plain[0](texts)
    odd_places = np.flatnonzero(~as_mask(is_plain))
    if not len(odd_places):
        return list(results)
    odd = _texts_by_rule(texts.take(pa.array(odd_places)), rule, types, plain[1:])
    places = np.arange(len(texts))
    places[odd_places] = np.arange(len(texts), len(texts) + len(odd_places))
    return [_take(pa.concat_arrays([read, other]), pa.array(places)) for read, other in zip(results, odd, strict=True)]


def _distinct_texts(
    texts: pa.Array, rule: ReadCell, types: Mapping[str, pa.DataType], plain: Sequence[ReadPlain] = ()
) -> list[pa.Array]:
    encoded = texts.dictionary_encode()
    distinct, places = encoded.dictionary, encoded.indices
    if places.null_count:
        places = pc.fill_null(places, len(distinct))
        distinct = pa.concat_arrays([distinct, pa.nulls(1, TEXT)])
    if plain:
        results = _texts_by_rule(distinct, rule, types, plain)
    else:
        read = zip(*map(rule, distinct.to_pylist()), strict=True) if len(distinct) else [[]] * len(types)
        results = [pa.array(values, type_) for values, type_ in zip(read, types.values(), strict=True)]
    return [_take(result, places) for result in results]


def _take(values: pa.Array, places: pa.Array) -> pa.Array:
    """Those at the places; of reasons there are seldom any."""
    return pa.nulls(len(places), values.type) if values.null_count == len(values) else values.take(places)


def _numbers_by_rule(
    cells: npt.NDArray[Any], rule: ReadCell, types: Mapping[str, pa.DataType], plain: ReadPlainNumbers
) -> list[pa.Array]:
    numbers = cells.astype("float64")
    values, is_plain = plain(numbers)
    is_missing = np.isnan(numbers)
    results = [pa.array(values, mask=is_missing), *(pa.nulls(len(numbers), type_) for type_ in [*types.values()][1:])]
    is_odd = ~is_plain & ~is_missing
    if is_odd.any():
        odd = _kind_by_kind(numbers[is_odd].astype(object), rule, types, {})
        results = [pc.replace_with_mask(read, is_odd, other) for read, other in zip(results, odd, strict=True)]
    return results


def _kind_by_kind(
    cells: npt.NDArray[np.object_],
    rule: ReadCell,
    types: Mapping[str, pa.DataType],
    shortcuts: Mapping[type, _ReadSome],
) -> list[pa.Array]:
    """Cells of one type after the other, since equal ones of two types are two cells."""
    kinds, distinct_kinds = pd.factorize(np.fromiter(map(type, cells), dtype=object, count=len(cells)))
    results = [[pa.nulls(0, type_) for type_ in types.values()]]
    places = np.empty(len(cells), dtype=np.int64)
    done = 0
    for number, kind in enumerate(distinct_kinds):
        rows = np.flatnonzero(kinds == number)
        places[rows] = np.arange(done, done := done + len(rows))
        read = shortcuts.get(kind) or partial(_distinct_cells, rule=rule, types=types)
        results.append(read(cells[rows]))
    return [pa.concat_arrays(read).take(pa.array(places)) for read in zip(*results, strict=True)]


def _distinct_cells(cells: npt.NDArray[np.object_], rule: ReadCell, types: Mapping[str, pa.DataType]) -> list[pa.Array]:
    codes, distinct = (np.zeros(len(cells), int), [None]) if cells[0] is None else pd.factorize(cells)
    read = zip(*map(rule, distinct), strict=True)
    return [pa.array(values, type_).take(pa.array(codes)) for values, type_ in zip(read, types.values(), strict=True)]


def _frame(results: Sequence[pa.Array], types: Mapping[str, pa.DataType], index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({name: _series(result, index) for name, result in zip(types, results, strict=True)})


def _series(values: pa.Array, index: pd.Index) -> "pd.Series[Any]":
    if values.type == TEXT:
        return pd.Series(pd.array(values, dtype="str"), index=index)
    if values.type == MICROS:
        missing = values.is_null().to_numpy(zero_copy_only=False)
        numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        return pd.Series(pd.arrays.IntegerArray(numbers, missing), index=index)
    return pd.Series(values.to_numpy(zero_copy_only=False).astype("datetime64[s]"), index=index)
