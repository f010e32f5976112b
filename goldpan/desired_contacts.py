"""The contacts as HubSpot should hold them (RULES section 7), column by column: only who differs becomes an object."""

from collections.abc import Collection, Iterator
from datetime import date
from functools import cached_property
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.config import Config
from goldpan.payloads import TEXT, Texts, payloads_of
from goldpan.pipeline import Refined
from goldpan.plan import DesiredContact
from goldpan.rules import RuleContext, as_expression
from goldpan.stored import FILLS
from goldpan.suppression import Suppression, suppressed_contacts

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

AT_ONCE = 10_000
"""Contacts that become objects at a time."""

_FEW_VALUES = frozenset({"tags", "select", "date"})
"""Types of properties whose texts repeat: they are kept once each."""


class DesiredContacts:
    """The sendable contacts, a row each.

    Args:
        refined: The contacts, and the date they are for.
        config: Which column fills which property, and whom to create.
        suppression: Who is never written.

    Attributes:
        emails: Their addresses, each once.
        texts: By property, the values for HubSpot; "" empties it.
        customer_keys: The customer ids as they are compared; "" without one.
        may_create: Whom to make where HubSpot lacks them.
        is_suppressed: Who is never written.
    """

    def __init__(self, refined: Refined, config: Config, suppression: Suppression | None = None) -> None:
        contacts = refined.contacts
        is_sendable = contacts["email"].notna()
        self._refined = refined
        self._which: Flags | None = None if is_sendable.all() else is_sendable.to_numpy()
        specs = config.properties.properties
        self.emails: Texts = _texts(self._sendable("email"))
        self.texts: dict[str, Texts] = {
            spec.name: _texts(self._sendable(spec.column), repeats=spec.type in _FEW_VALUES) for spec in specs
        }
        self.customer_keys: Texts = _texts(self._sendable("customer_id_key"))
        self.may_create = self._flags(_may_create(contacts, refined.as_of, config))
        self.is_suppressed = self._flags(suppressed_contacts(refined, suppression or Suppression()))
        # A value that only fills blanks is not what HubSpot holds: it stands under another key, so that a change of the
        # policy is a difference.
        self._keys = {spec.name: f"{FILLS}{spec.name}" if spec.policy == "fill_blank" else spec.name for spec in specs}

    def __len__(self) -> int:
        return len(self.emails)

    @cached_property
    def ranks(self) -> Rows:
        """The order of RULES section 4, best first: covering today, latest end, latest creation, last in the file.

        Of two contacts that HubSpot holds as one record the lower rank is the one to send.
        """
        names = ("source_row", "created_on", "expires_on", "member_since")
        return _ranks({name: self._sendable(name) for name in names}, self._refined.as_of)

    def rows_of(self, emails: Collection[str]) -> Rows:
        """The rows of those addresses that are among the contacts, in the order of the contacts."""
        wanted = pa.array([*emails], TEXT)
        return np.flatnonzero(flags_of(pc.is_in(self.emails, value_set=wanted))) if emails else np.empty(0, "int64")

    def of_customers(self, keys: Texts) -> Flags:
        """Who is a contact of one of these customers; "" is none."""
        wanted = pc.unique(keys.filter(pc.not_equal(keys, "")))
        return flags_of(pc.is_in(self.customer_keys, value_set=wanted))

    def payloads(self, rows: Rows) -> Texts:
        """The values of some contacts as canonical JSON, what the confirmed state is compared with."""
        some = pa.array(rows)
        return payloads_of({key: self.texts[name].take(some) for name, key in self._keys.items()})

    def contacts(self, rows: Rows) -> Iterator[DesiredContact]:
        """Some contacts as objects."""
        names = [*self.texts]
        for start in range(0, len(rows), AT_ONCE):
            few = rows[start : start + AT_ONCE]
            some = pa.array(few)
            columns = (self.emails, self.customer_keys, *self.texts.values())
            fields = (self.payloads(few).to_pylist(), self.ranks[few].tolist(), self.may_create[few].tolist())
            for payload, rank, may_create, email, customer_key, *values in zip(
                *fields, *(_as_list(column.take(some)) for column in columns), strict=True
            ):
                yield DesiredContact(
                    email, dict(zip(names, values, strict=True)), payload, rank, customer_key, may_create
                )

    def _sendable(self, column: str) -> "pd.Series[Any]":
        values = self._refined.contacts[column]
        return values if self._which is None else values[self._which]

    def _flags(self, flags: "pd.Series[bool]") -> Flags:
        values: Flags = flags.to_numpy(dtype=bool)
        return values if self._which is None else values[self._which]


def _may_create(contacts: pd.DataFrame, as_of: date, config: Config) -> "pd.Series[bool]":
    """Whom to make in HubSpot if it lacks them."""
    create = config.contacts.create
    if isinstance(create, str):
        return pd.Series(data=create == "all", index=contacts.index)
    context = RuleContext(config.contact_columns(), as_of, config.rules.savings_share)
    judged = nw.from_native(contacts).select(may_create=as_expression(create, context))
    return judged.to_native()["may_create"].astype(bool)


def _texts(column: "pd.Series[Any]", *, repeats: bool = False) -> Texts:
    """A column as texts: dates as 2026-11-20, decimals as digits and one point, missing values as ""."""
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_temporal(values.type):
        values = values.cast(pa.date32(), safe=False)
    if repeats:
        encoded = values.dictionary_encode(null_encoding="encode")
        return pa.DictionaryArray.from_arrays(encoded.indices, encoded.dictionary.cast(TEXT).fill_null(""))
    return values.cast(TEXT).fill_null("")


def _ranks(contacts: dict[str, "pd.Series[Any]"], as_of: date) -> Rows:
    today = pd.Timestamp(as_of)
    covers = (contacts["member_since"] <= today) & (contacts["expires_on"] > today)
    # As numbers a missing date is the smallest: it loses.
    by = [
        contacts["source_row"].to_numpy(dtype="int64"),
        contacts["created_on"].to_numpy(dtype="datetime64[s]").view("int64"),
        contacts["expires_on"].to_numpy(dtype="datetime64[s]").view("int64"),
        covers.to_numpy(dtype=bool),
    ]
    ranks = np.empty(len(covers), dtype="int64")
    ranks[np.lexsort(by)[::-1]] = np.arange(len(covers))
    return ranks


def flags_of(truths: Any) -> Flags:  # noqa: ANN401 - an Arrow array of truth values; pyarrow has no types
    """An Arrow array as numpy's."""
    flags: Flags = truths.to_numpy(zero_copy_only=False)
    return flags


def _as_list(texts: Texts) -> list[str]:
    """As Python's texts; equal ones of a dictionary are one object."""
    if pa.types.is_dictionary(texts.type):
        known = texts.dictionary.to_pylist()
        return [known[index] for index in texts.indices.to_pylist()]
    listed: list[str] = texts.to_pylist()
    return listed
