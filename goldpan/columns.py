"""The columns that contacts have, besides those that `config/exports/memberships.toml` reads.

Money inside the core is whole millionths in ``<name>_micros`` (Int64), so that sums are exact on every engine;
``total_order_value`` and ``estimated_savings`` themselves are decimals rounded to cents, as they leave.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

ColumnType = Literal["id", "text", "email", "date", "money", "number"]

MICROS_PER_UNIT = 1_000_000
"""Amounts are rounded to 6 decimals (RULES section 1), so one unit of money is a million of these."""

CONTACT_COLUMNS: dict[str, ColumnType] = {
    "total_order_value": "money",
    "estimated_savings": "money",
    "member_since": "date",
    "renewals": "number",
    "days_until_expiration": "number",
    "days_since_start": "number",
    "membership_category": "text",
}
"""What the steps add to the columns of the membership row, in the order of the analysis."""


class _Column(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> ColumnType: ...


def type_of_original_columns(columns: Iterable[_Column]) -> dict[str, ColumnType]:
    """The columns that come from the membership row itself, by canonical name."""
    return {column.name: column.type for column in columns}


CATEGORIES: Mapping[str, str] = {
    "expired": "Expired",
    "expiring_soon": "Expiring Soon",
    "active": "Active",
    "unknown": "Unknown",
}
"""Internal value and label of each membership category, in the order of the analysis (RULES section 5)."""

_REMOVED = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


def normalised_header(header: str) -> str:
    """What two spellings of one header share: case, blanks, line breaks, NBSP and a BOM don't matter."""
    return " ".join(header.translate(_REMOVED).split()).casefold()
