"""Contacts as one digest, so that two ways to work them out can be compared row by row."""

from hashlib import blake2b
from typing import Any

import pyarrow as pa

COLUMNS = {
    "source_row": pa.int64(),
    "customer_id": pa.string(),
    "customer_name": pa.string(),
    "email": pa.string(),
    "created_on": pa.date32(),
    "start_on": pa.date32(),
    "expires_on": pa.date32(),
    "member_since": pa.date32(),
    "renewals": pa.int64(),
    "customer_ids": pa.int64(),
    "total_order_value_micros": pa.int64(),
    "membership_category": pa.string(),
    "membership_status_tags": pa.string(),
}
AT_ONCE = 50_000


def digest_of(contacts: Any) -> str:  # noqa: ANN401 - a frame of pandas or an Arrow table
    """A digest of every contact's values, in their order."""
    made = blake2b(digest_size=16)
    for first in range(0, len(contacts), AT_ONCE):
        some = contacts[first : first + AT_ONCE]
        table = some if isinstance(some, pa.Table) else pa.Table.from_pandas(some[[*COLUMNS]], preserve_index=False)
        columns = [_as(table[name], kind).to_pylist() for name, kind in COLUMNS.items()]
        for row in zip(*columns, strict=True):
            made.update(repr(row).encode())
    return made.hexdigest()


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column.cast(kind)
