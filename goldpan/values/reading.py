"""How a column of cells is read: what is written plainly all at once, every other spelling once, by the rule itself.

Each kind of cell has its rule as a function of one cell. Most cells of an export are written so plainly that whole
columns of them can be read by Arrow's kernels; such a short cut takes only what it is sure to read as the rule would.
"""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
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

TEXT = pa.large_string()
DATE = pa.date32()
MICROS = pa.int64()


def read_column(
    cells: "pd.Series[Any]", rule: ReadCell, types: Mapping[str, pa.DataType], plain: ReadPlain | None = None
) -> pd.DataFrame:
    """Apply the rule for one kind of cell to a column.

    Cells are told apart by type as well as by value: ``True``, ``1`` and ``1.0`` are three cells.

    Args:
        cells: The cells as delivered, of any dtype.
        rule: Called once for each distinct cell that is not plain.
        types: Name and type of each result: ``TEXT``, ``DATE`` or ``MICROS``.
        plain: Reads most texts at once.

    Returns:
        One row per cell on the same index, with the results as columns (``str``, ``datetime64[s]``, ``Int64``).
    """
    texts = as_texts(cells)
    if texts is None:
        results = _by_rule(as_delivered(cells).to_numpy(), rule, types)
    else:
        results = _texts_by_rule(texts, rule, types, plain)
    return pd.DataFrame({name: _series(result, cells.index) for name, result in zip(types, results, strict=True)})


def read_numbers(
    cells: "pd.Series[float]", rule: ReadCell, types: Mapping[str, pa.DataType], plain: ReadPlainNumbers
) -> pd.DataFrame:
    """The same for a column of nothing but numbers (``float64``), with one number as the value."""
    numbers = cells.to_numpy()
    values, is_plain = plain(numbers)
    is_missing = np.isnan(numbers)
    results = [pa.array(values, mask=is_missing), *(pa.nulls(len(numbers), type_) for type_ in [*types.values()][1:])]
    is_odd = ~is_plain & ~is_missing
    if is_odd.any():
        odd = _by_rule(numbers[is_odd].astype(object), rule, types)
        results = [pc.replace_with_mask(read, is_odd, other) for read, other in zip(results, odd, strict=True)]
    return pd.DataFrame({name: _series(result, cells.index) for name, result in zip(types, results, strict=True)})


def as_texts(cells: "pd.Series[Any]") -> pa.Array | None:
    """The cells as one Arrow array, if each of them is text or missing."""
    if cells.dtype == object and pd.api.types.infer_dtype(cells, skipna=True) not in ("string", "empty"):
        return None
    if not isinstance(cells.dtype, pd.StringDtype) and cells.dtype != object:
        return None
    texts = pa.array(cells, TEXT, from_pandas=True)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


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
    texts: pa.Array, rule: ReadCell, types: Mapping[str, pa.DataType], plain: ReadPlain | None
) -> list[pa.Array]:
    if plain is None:
        return _distinct_texts(texts, rule, types)
    is_plain, results = plain(texts)
    if pc.all(is_plain, min_count=0).as_py():
        return list(results)
    is_odd = pc.invert(is_plain)
    odd = _distinct_texts(texts.filter(is_odd), rule, types)
    return [pc.replace_with_mask(read, is_odd, other) for read, other in zip(results, odd, strict=True)]


def _distinct_texts(texts: pa.Array, rule: ReadCell, types: Mapping[str, pa.DataType]) -> list[pa.Array]:
    encoded = texts.dictionary_encode()
    read = [*map(rule, encoded.dictionary.to_pylist()), rule(None)]
    places = pc.fill_null(encoded.indices, len(encoded.dictionary))
    return [
        pa.array(results, type_).take(places)
        for results, type_ in zip(zip(*read, strict=True), types.values(), strict=True)
    ]


def _by_rule(cells: npt.NDArray[np.object_], rule: ReadCell, types: Mapping[str, pa.DataType]) -> list[pa.Array]:
    """Cells of one type after the other, since equal ones of two types are two cells."""
    kinds, distinct_kinds = pd.factorize(np.fromiter(map(type, cells), dtype=object, count=len(cells)))
    results: list[list[Any]] = [[] for _ in types]
    places = np.empty(len(cells), dtype=np.int64)
    for number, kind in enumerate(distinct_kinds):
        is_one = kinds == number
        codes, distinct = (0, [None]) if kind is NoneType else pd.factorize(cells[is_one])
        places[is_one] = codes + len(results[0])
        for column, read in zip(results, zip(*map(rule, distinct), strict=True), strict=True):
            column.extend(read)
    taken = pa.array(places)
    return [pa.array(read, type_).take(taken) for read, type_ in zip(results, types.values(), strict=True)]


def _series(values: pa.Array, index: pd.Index) -> "pd.Series[Any]":
    if values.type == TEXT:
        return pd.Series(pd.array(values, dtype="str"), index=index)
    if values.type == MICROS:
        missing = values.is_null().to_numpy(zero_copy_only=False)
        numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        return pd.Series(pd.arrays.IntegerArray(numbers, missing), index=index)
    return pd.Series(values.to_numpy(zero_copy_only=False).astype("datetime64[s]"), index=index)
