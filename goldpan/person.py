"""One person in exports: under which addresses and customer ids, and in which rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from goldpan.conformed import Export
from goldpan.model import Cell
from goldpan.steps.renewals import name_customers
from goldpan.values.emails import read_email
from goldpan.values.ids import read_id

PLACEHOLDER = "forgotten@forgotten.invalid"
"""Stands where an address stood in somebody else's row; a valid one, so that the cell is read as before (RFC 2606)."""

LISTED_IDS = re.compile(r"customer ids ([^<]*)")
"""How *Rejects and warnings* names the customers behind one address; up to the next tag, if it is XML."""


@dataclass(frozen=True)
class Person:
    """Somebody as exports and the state know them.

    Attributes:
        addresses: Lower-case; of these the person alone.
        customer_keys: Customer ids as they are compared.
        name_keys: Names as they are compared, where names make a customer (`match_on = "customer_name"`).
    """

    addresses: frozenset[str]
    customer_keys: frozenset[str] = frozenset()
    name_keys: frozenset[str] = frozenset()

    def has_address(self, cell: Cell) -> bool:
        """Whether a cell's address is one of theirs."""
        return isinstance(cell, str) and "@" in cell and read_email(cell)[0] in self.addresses

    def has_id(self, cell: Cell) -> bool:
        """Whether a cell's customer id is one of theirs."""
        return isinstance(cell, str | int | float) and read_id(cell)[1] in self.customer_keys

    def redact(self, text: str) -> str:
        """A text without their addresses, and without their ids where it lists customers (*Rejects and warnings*)."""
        if "@" in text:
            text = self.pattern.sub(PLACEHOLDER, text)
        return LISTED_IDS.sub(self._without_ids, text) if "customer ids" in text else text

    def _without_ids(self, listed: re.Match[str]) -> str:
        ids = listed[1].split("; ")
        return "customer ids " + "; ".join("(forgotten)" if self.has_id(each) else each for each in ids)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Their addresses inside a text, whole ones only."""
        return whole_addresses(self.addresses)


def whole_addresses(addresses: Iterable[str]) -> re.Pattern[str]:
    """Any of these addresses inside a text, but no longer ones that contain them."""
    forms = "|".join(map(re.escape, sorted(addresses)))
    return re.compile(rf"(?<![\w.+-])(?:{forms})(?![\w-]|\.\w)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Traces:
    """What one memberships export tells of an address.

    Attributes:
        customer_keys: The ids of the customers behind it.
        addresses: All addresses of these customers.
        name_keys: Their names as they are compared, where names make a customer.
    """

    customer_keys: frozenset[str]
    addresses: frozenset[str]
    name_keys: frozenset[str]


def traces_of(email: str, export: Export, *, match_on: str) -> Traces:
    """Which customers are behind an address, and what other addresses they have."""
    rows = _customers(export, match_on)
    theirs = rows[rows["customer"].isin(rows.loc[rows["email"] == email, "customer"])]
    by_name = theirs["customer_name_key"] if match_on == "customer_name" else theirs["customer_name_key"].iloc[:0]
    return Traces(*(frozenset(column.dropna()) for column in (theirs["customer_id_key"], theirs["email"], by_name)))


def shared_addresses(addresses: Iterable[str], export: Export, person: Person, *, match_on: str) -> set[str]:
    """Which of these addresses are somebody else's, too."""
    rows = _customers(export, match_on)
    rows = rows[rows["email"].isin(set(addresses))]
    return set(rows.loc[~_is_theirs(rows, person) & rows["customer_id_key"].notna(), "email"])


def rows_of_person(export: Export, person: Person, *, match_on: str) -> set[int]:
    """The rows about a person, by the number that Excel shows (for an export of one file).

    A membership is theirs by its address or its customer. An order is theirs by its customer id, or by an address in
    any of its cells where it has no id.
    """
    if export.kind == "memberships":
        rows = _customers(export, match_on)
        has_address = rows["email"].isin(person.addresses)
        customers = rows.loc[has_address | _is_theirs(rows, person), "customer"]
        return set(map(int, rows.loc[has_address | rows["customer"].isin(customers), "source_row"]))
    frame = export.frame
    is_nobodys = frame["customer_id_key"].isna()
    named = export.originals.loc[frame.loc[is_nobodys, "source_row"].astype("int64")]
    has_address = named.astype(object).map(person.has_address).any(axis=1)
    by_id = frame.loc[frame["customer_id_key"].isin(person.customer_keys), "source_row"]
    return {*map(int, by_id), *map(int, named.index[has_address.astype(bool)])}


def _customers(export: Export, match_on: str) -> pd.DataFrame:
    rows: pd.DataFrame = name_customers(export.frame, match_on=match_on)
    return rows


def _is_theirs(rows: pd.DataFrame, person: Person) -> "pd.Series[bool]":
    return rows["customer_id_key"].isin(person.customer_keys) | rows["customer_name_key"].isin(person.name_keys)
