"""What repeated orders are compared by besides the columns that are read by value."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.columns import normalised_header
from goldpan.config import ExportSpec
from goldpan.values.reading import TEXT, as_mask, as_texts, or_false
from goldpan.values.texts import BLANKS, shown_texts


def other_columns(
    frame: pd.DataFrame,
    originals: pd.DataFrame,
    headers: Sequence[str],
    found: Mapping[str, int],
    spec: ExportSpec,
    *,
    everywhere: bool = False,
) -> "pd.Series[str]":
    """Everything else that a row holds, as one text where its order id repeats, else "".

    Two rows have the same text if and only if their other cells are alike, also in files whose columns stand in another
    order: each cell that is not blank follows the name of its column.

    Args:
        frame: The typed columns of orders.
        originals: Their cells as delivered, on the same index, columns numbered like the headers.
        headers: All of them.
        found: Which column of ``originals`` each canonical column was read from.
        spec: How they were read.
        everywhere: For each row with an order id: the same one may stand in rows that are not at hand.
    """
    ids = frame["order_id_key"]
    rows = ids.notna() if everywhere else _repeated(ids)
    others = originals[rows]
    values = {position: frame.loc[rows, _value_column(name, spec)] for name, position in found.items()}
    names = dict(sorted(_names(headers, found), key=lambda named: named[1]))
    texts = [_named_texts(name, others[position], values.get(position)) for position, name in names.items()]
    joined = pc.binary_join_element_wise(*texts, pa.scalar("", TEXT)) if texts else pa.nulls(len(others), TEXT)
    is_here = rows.to_numpy(dtype=bool)
    texts_of_all = pc.fill_null(joined, "").take(pa.array(is_here.cumsum() - 1, mask=~is_here))
    return pd.Series(pd.array(texts_of_all, dtype="str"), index=frame.index)


def _names(headers: Sequence[str], found: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """The position of each column, and what it is called in any file."""
    canonical = {position: name for name, position in found.items()}
    times: Counter[str] = Counter()
    for position, header in enumerate(headers):
        title = canonical.get(position) or f" {normalised_header(header)}"  # a blank: no canonical name has one
        times[title] += 1
        yield position, f"{title} {times[title]}"


def _named_texts(name: str, cells: "pd.Series[Any]", values: "pd.Series[Any] | None") -> pa.Array:
    """Each cell after its column's name; "" where it is blank, or has a readable value to be compared by.

    A cell without a readable value is compared by its text too, or two orders could become one.
    """
    if values is not None and values.notna().all():
        return pa.repeat(pa.scalar("", TEXT), len(cells))
    texts = as_texts(shown_texts(cells))
    bare = pc.replace_substring(pc.utf8_trim(texts, BLANKS), "\x1f", "\x1f\x1f")  # no name begins with it
    is_said = or_false(pc.greater(pc.binary_length(bare), 0))
    if values is not None:
        is_said = pc.and_(is_said, pa.array(values.isna().to_numpy()))
    nothing = pa.scalar("", TEXT)
    return pc.if_else(is_said, pc.binary_join_element_wise(pa.scalar(f"\x1f{name}\x1e", TEXT), bare, nothing), nothing)


def _repeated(keys: "pd.Series[str]") -> "pd.Series[bool]":
    """Which ids stand several times, and at most some that only look alike as numbers."""
    try:
        numbers = pa.array(keys).cast(pa.int64())
    except pa.ArrowInvalid:
        return keys.notna() & keys.duplicated(keep=False)
    ordered = np.sort(numbers.drop_null().to_numpy())  # several times quicker than to tell texts apart
    several = pa.array(ordered[1:][ordered[1:] == ordered[:-1]])
    return pd.Series(as_mask(pc.is_in(numbers, several)), index=keys.index)


def _value_column(name: str, spec: ExportSpec) -> str:
    column = spec.column(name)
    return f"{name}_micros" if column and column.type == "money" else name
