"""The contacts of a night as they are kept, and whether two accounts of a night are the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.pipeline import Refined

_FIRST = ("contact_key", "email", "customer_keys", "customer_ids", "customer_id", "customer_name")
_LAST = ("membership_status_tags", "total_order_value", "estimated_savings")
_OF_THE_STEPS = frozenset({"customer", "replaced_by", "customer_id_key", "customer_name_key"})
"""Columns that only the steps need; the customer id as it is compared is in ``customer_keys``."""


def archived_contacts(refined: Refined) -> pa.Table:
    """The contacts as typed columns, for Parquet.

    Returns:
        One row per contact in the order of the analysis: ``contact_key``, ``email``, ``customer_keys`` (a list: the ids
        of all customers behind it, as they are compared), ``customer_ids`` (their number), ``customer_id`` (as it is
        written), the columns of the membership row and the measures (dates as ``date32``), ``tag:<value>`` (bool) per
        tag, ``membership_status_tags``, and amounts as exact decimals.
    """
    contacts = refined.contacts
    inner = [name for name in contacts if name in _OF_THE_STEPS or str(name).endswith("_micros")]
    columns = {name: _as_arrow(contacts[name]) for name in contacts.columns.difference(inner, sort=False)}
    columns["customer_keys"] = _customer_keys(refined)
    middle = [name for name in columns if name not in {*_FIRST, *_LAST}]
    return pa.table({name: columns[name] for name in (*_FIRST, *middle, *_LAST)})


def _as_arrow(column: "pd.Series[Any]") -> pa.Array | pa.ChunkedArray:
    kind = column.dtype.kind
    if kind == "M":
        return pa.Array.from_pandas(column).cast(pa.date32())  # refuses what is not a midnight
    if kind == "b":
        return pa.Array.from_pandas(column.astype("boolean"), type=pa.bool_())
    return pa.Array.from_pandas(column)


def _customer_keys(refined: Refined) -> pa.ListArray:
    """The ids behind each contact: those of several customers where it is made of them, else its own if it has one."""
    contacts, shared = refined.contacts, refined.shared_emails
    own = contacts["customer_id_key"].reset_index(drop=True)
    places = np.flatnonzero(contacts["contact_key"].isin(shared["contact_key"]))
    known = pd.Index(contacts["contact_key"].iloc[places])
    several = shared["customer_keys"].set_axis(places[known.get_indexer(shared["contact_key"])])
    keys = pd.concat([own.drop(several.index).dropna(), several.explode().astype("str")]).sort_index(kind="stable")
    ends = np.bincount(keys.index, minlength=len(contacts)).cumsum()
    texts = pa.array(keys, pa.string())
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return pa.ListArray.from_arrays(pa.array([0, *ends], pa.int32()), whole)


@dataclass(frozen=True)
class Comparison:
    """How two accounts of the same contacts differ, in numbers.

    Attributes:
        before: Contacts in the first; ``after``: in the second.
        only_before: Contacts that only the first has; ``only_after``: that only the second has.
        columns: How many of the contacts in both differ, by column; none where all are equal.
        missing: Columns that only one of them has.
    """

    before: int
    after: int
    only_before: int
    only_after: int
    columns: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_before or self.only_after or self.columns or self.missing)


def compare_contacts(before: pa.Table, after: pa.Table, key: str = "contact_key") -> Comparison:
    """Compare two tables of contacts, column by column.

    Args:
        before: One row per ``key``.
        after: Likewise.
        key: The column that tells who a row is about.
    """
    left, right = (pd.Index(table.column(key).to_pylist()) for table in (before, after))
    both = left.intersection(right, sort=False)
    first, second = before.take(left.get_indexer(both)), after.take(right.get_indexer(both))
    shared = [name for name in before.column_names if name in after.column_names]
    every = (*before.column_names, *after.column_names)
    counts = {name: _count_differences(first.column(name), second.column(name)) for name in shared}
    return Comparison(
        before=len(left),
        after=len(right),
        only_before=len(left) - len(both),
        only_after=len(right) - len(both),
        columns={name: count for name, count in counts.items() if count},
        missing=tuple(name for name in dict.fromkeys(every) if name not in shared),
    )


def _count_differences(left: pa.ChunkedArray, right: pa.ChunkedArray) -> int:
    """How many values differ; two missing ones are the same."""
    left, right = _comparable(left, right.type), _comparable(right, left.type)
    is_equal = pc.fill_null(pc.equal(left, right), pc.and_(pc.is_null(left), pc.is_null(right)))
    return len(left) - int(pc.sum(is_equal).as_py() or 0)


def _comparable(values: pa.ChunkedArray, other: pa.DataType) -> pa.ChunkedArray:
    """Lists, and values whose type changed between two versions, as texts."""
    if pa.types.is_list(values.type):
        return pc.binary_join(values, "; ")
    return values if values.type == other else values.cast(pa.string())
