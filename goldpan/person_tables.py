"""One person in what Goldpan itself wrote: which rows of the report's sheets and files are about them."""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from goldpan.columns import normalised_header
from goldpan.config import Config
from goldpan.model import Cell
from goldpan.person import Person

_OWN_ADDRESSES = ("Contact Email", "Contact Email (as sent)", "Value")
_OWN_IDS = ("Customer ID",)
_TOLD_APART = re.compile(r"( \(export\))?( \(\d+\))?\Z")
"""What is added to an export's headers beside Goldpan's own (:func:`goldpan.report.unique_headers`)."""


@dataclass(frozen=True)
class PersonInReport:
    """Finds the rows about a person.

    Attributes:
        person: Who.
        config: Which headers of exports hold addresses and customer ids.
        rows_by_file: Their rows in the run's exports, by the name of the file.
        rows_by_kind: Likewise, by the kind of an export that is one file.
        addresses: Addresses of others whose contact was described by a row of theirs.
    """

    person: Person
    config: Config
    rows_by_file: Mapping[str, AbstractSet[int]] = field(default_factory=dict)
    rows_by_kind: Mapping[str, AbstractSet[int]] = field(default_factory=dict)
    addresses: AbstractSet[str] = frozenset()

    def is_about(self, cell: Cell) -> bool:
        """Whether a cell's address is that of a contact that goes."""
        return self.person.has_address(cell) or cell in self.addresses

    def rows(self, name: str, rows: Sequence[Sequence[Cell]]) -> set[int]:
        """The rows of a sheet that are about the person.

        Args:
            name: The sheet's; "" for a text file.
            rows: All of them, the headers first.

        Returns:
            Numbers as Excel shows them: the first row below the headers is 2.
        """
        headers = [_TOLD_APART.sub("", str(cell)) if cell is not None else "" for cell in (rows[0] if rows else ())]
        tests = [*self._by_content(headers), *self._by_place(headers, name)]
        return {number for number, row in enumerate(rows[1:], 2) if any(test(row) for test in tests)}

    def _by_content(self, headers: Sequence[str]) -> list[Callable[[Sequence[Cell]], bool]]:
        addresses = _positions(headers, {*_OWN_ADDRESSES, *self._headers("email")})
        ids = _positions(headers, {*_OWN_IDS, *self._headers("customer_id")})

        def has_address(row: Sequence[Cell]) -> bool:
            return any(self.is_about(_at(row, position)) for position in addresses)

        def has_id(row: Sequence[Cell]) -> bool:
            return any(self.person.has_id(_at(row, position)) for position in ids)

        return [has_address, has_id]

    def _headers(self, column: str) -> set[str]:
        specs = (spec.column(column) for spec in (self.config.memberships, self.config.orders))
        return {header for spec in specs if spec is not None for header in spec.headers}

    def _by_place(self, headers: Sequence[str], name: str) -> list[Callable[[Sequence[Cell]], bool]]:
        """Rows that say which row of an export they are about."""
        number = next(iter(_positions(headers, {"Row", "Goldpan: Row"})), None)
        if number is None:
            return []
        file, kind = (next(iter(_positions(headers, {header})), None) for header in ("File", "Export"))

        def is_place(row: Sequence[Cell]) -> bool:
            if file is not None:
                theirs = self.rows_by_file.get(str(_at(row, file)), frozenset())
            else:
                theirs = self.rows_by_kind.get(name.lower() if kind is None else str(_at(row, kind)), frozenset())
            return bool(theirs) and _number(_at(row, number)) in theirs

        return [is_place]


def without_person(value: Any, sought: PersonInReport) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Data as JSON holds it, without a person.

    Entries of lists that are about them (by their ``email``, or their address itself) go; elsewhere their address is
    replaced.
    """
    if isinstance(value, Mapping):
        return {key: without_person(each, sought) for key, each in value.items()}
    if isinstance(value, list):
        about = (each.get("email") if isinstance(each, Mapping) else each for each in value)
        return [without_person(each, sought) for each, who in zip(value, about, strict=True) if not _goes(who, sought)]
    return sought.person.redact(value) if isinstance(value, str) else value


def _goes(who: Any, sought: PersonInReport) -> bool:  # noqa: ANN401 - whatever JSON holds
    return isinstance(who, str) and (who.lower() in sought.person.addresses or who in sought.addresses)


def _positions(headers: Sequence[str], wanted: AbstractSet[str]) -> list[int]:
    known = {normalised_header(header) for header in wanted}
    return [position for position, header in enumerate(headers) if normalised_header(header) in known]


def _at(row: Sequence[Cell], position: int) -> Cell:
    return row[position] if position < len(row) else None


def _number(cell: Cell) -> int | None:
    """A row number, whether a sheet or a text file holds it."""
    try:
        return int(float(cell)) if isinstance(cell, str | int | float) else None
    except ValueError:
        return None
