"""Results as one digest each, so that two ways to work them out can be compared row by row."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import pyarrow as pa

_INTEGER, _TEXT, _DAY = pa.int64(), pa.string(), pa.date32()
COLUMNS = {
    "contacts": {
        "source_row": _INTEGER,
        "customer_id": _TEXT,
        "customer_name": _TEXT,
        "email": _TEXT,
        "created_on": _DAY,
        "start_on": _DAY,
        "expires_on": _DAY,
        "member_since": _DAY,
        "renewals": _INTEGER,
        "customer_ids": _INTEGER,
        "total_order_value_micros": _INTEGER,
        "membership_category": _TEXT,
        "membership_status_tags": _TEXT,
    },
    "merged_rows": {"source_row": _INTEGER, "replaced_by": _INTEGER, "customer_id": _TEXT},
    "repeated_orders": {"source_row": _INTEGER, "repeats_row": _INTEGER, "order_id": _TEXT},
    "prospects": {
        "customer_id": _TEXT,
        "customer_name": _TEXT,
        "orders": _INTEGER,
        "total_order_value_micros": _INTEGER,
    },
    "shared_emails": {"contact_key": _TEXT, "customer_ids": _INTEGER, "customer_id_list": _TEXT},
}
"""By the names of :class:`goldpan.pipeline.Refined`; the other columns are these in other words."""
AT_ONCE = 50_000


def digests_of(results: Mapping[str, Any]) -> dict[str, str]:
    """A digest of every row's values, in their order, a result each.

    Args:
        results: Frames of pandas, or Arrow tables.
    """
    return {name: _digest(results[name], columns) for name, columns in COLUMNS.items()}


def _digest(frame: Any, columns: Mapping[str, pa.DataType]) -> str:  # noqa: ANN401 - one of two libraries' frames
    made = blake2b(digest_size=16)
    for first in range(0, len(frame), AT_ONCE):
        some = frame[first : first + AT_ONCE]
        table = some if isinstance(some, pa.Table) else pa.Table.from_pandas(some[[*columns]], preserve_index=False)
        for row in zip(*(table[name].cast(kind).to_pylist() for name, kind in columns.items()), strict=True):
            made.update(repr(row).encode())
    return made.hexdigest()
