"""Typed rows for the steps, as `conform` makes them; each test names only the columns that matter."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from goldpan.values.ids import key_of
from goldpan.values.names import key_of_name

MEMBER_COLUMNS = {
    "source_row": "Int64", "customer_id": "str", "customer_id_key": "str", "customer_name": "str", "email": "str",
    "email_reason": "str", "created_on": "datetime64[s]", "start_on": "datetime64[s]", "expires_on": "datetime64[s]",
    "original_purchase": "str", "membership": "str", "customer_name_key": "str", "total_order_value_micros": "Int64",
}  # fmt: skip
ORDER_COLUMNS = {
    "source_row": "Int64", "customer_id": "str", "customer_id_key": "str", "total_value_micros": "Int64",
    "order_id": "str", "order_id_key": "str", "ordered_on": "datetime64[s]", "customer_name": "str",
    "other_columns": "str",
}  # fmt: skip

Row = Mapping[str, object]


def members(*rows: Row) -> pd.DataFrame:
    """Membership rows, numbered from 2; keys follow from ids and names, a start from the creation, no orders."""
    return _typed(
        [
            {
                "source_row": number,
                "start_on": row.get("created_on"),
                "customer_id_key": _key(row.get("customer_id"), key_of),
                "customer_name_key": _key(row.get("customer_name"), key_of_name),
                "total_order_value_micros": 0,
                **row,
            }
            for number, row in enumerate(rows, 2)
        ],
        MEMBER_COLUMNS,
    )


def bought(*rows: Row) -> pd.DataFrame:
    """Order rows, numbered from 2; keys follow from ids, ``other_columns`` are alike."""
    return _typed(
        [
            {
                "source_row": number,
                "customer_id_key": _key(row.get("customer_id"), key_of),
                "order_id_key": _key(row.get("order_id"), key_of),
                "other_columns": "",
                **row,
            }
            for number, row in enumerate(rows, 2)
        ],
        ORDER_COLUMNS,
    )


def _key(text: object, key: Any) -> object:
    return None if text is None else key(text)


def _typed(rows: Sequence[Row], columns: Mapping[str, str]) -> pd.DataFrame:
    unknown = {name for row in rows for name in row} - set(columns)
    assert not unknown, f"no such column: {unknown}"
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in rows], dtype=object).astype(dtype)
            for name, dtype in columns.items()
        }
    )


def by_row(frame: pd.DataFrame, column: str) -> dict[int, object]:
    """One column's plain values by row number."""
    return dict(sorted(zip(map(int, frame["source_row"]), map(plain, frame[column]), strict=True)))


def plain(value: Any) -> Any:
    """A cell of a frame as Python says it: None for missing, dates without a time."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def day(text: str) -> date:
    """``2026-11-20`` as a date."""
    return date.fromisoformat(text)
