"""What a pair of exports amounts to, in numbers that are kept with the run: the next pair is compared with them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Self

from goldpan.conformed import Export
from goldpan.pipeline import Refined


@dataclass(frozen=True)
class Facts:
    """A pair of exports in numbers.

    Attributes:
        rows: Rows by kind of export.
        contacts: How many contacts they make.
        order_sum_micros: The sum of all orders that count, in millionths.
        unsendable: How many contacts have no address.
        filled: The share (0-1) of rows with a readable value, by ``kind.column``.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    contacts: int = 0
    order_sum_micros: int = 0
    unsendable: int = 0
    filled: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Self:
        """From what :meth:`as_json` made."""
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        """As the run record keeps it."""
        return asdict(self)

    @property
    def unsendable_share(self) -> Fraction:
        """The share of contacts without an address, exactly."""
        return Fraction(self.unsendable, self.contacts or 1)


def facts_of(exports: Mapping[str, Export], refined: Refined, columns: Mapping[str, tuple[str, ...]]) -> Facts:
    """Count what two exports amount to.

    Args:
        exports: Both, by kind.
        refined: What they mean.
        columns: The canonical columns of each kind.
    """
    return Facts(
        rows={kind: export.rows_kept for kind, export in exports.items()},
        contacts=len(refined.contacts),
        order_sum_micros=refined.money.total,
        unsendable=int(refined.contacts["email"].isna().sum()),
        filled={
            f"{kind}.{column}": _filled(exports[kind], column) for kind, names in columns.items() for column in names
        },
    )


def _filled(export: Export, column: str) -> float:
    """The share of rows that have a value; 0 where the export lacks the column altogether."""
    rows = max(export.rows_with(name) for name in (column, f"{column}_micros"))  # it has one of the two names
    return round(rows / export.rows_kept, 6)
