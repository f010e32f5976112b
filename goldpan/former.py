"""Contacts that Goldpan wrote before and that are not in the exports as they were: left, moved or suppressed."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.config import Config
from goldpan.desired_contacts import DesiredContacts, Flags
from goldpan.model import Confirmed
from goldpan.payloads import TEXT, Texts, hold, hold_values, payload_of
from goldpan.plan import AddressMove, DesiredContact
from goldpan.policies import LeftTag
from goldpan.suppression import Suppression, listed_addresses


@dataclass(frozen=True)
class Former:
    """What to do about the contacts that are no longer kept.

    Attributes:
        contacts: Those whose values in HubSpot should change, as they should be.
        moves: Customers who are in the exports under another address now.
    """

    contacts: tuple[DesiredContact, ...]
    moves: tuple[AddressMove, ...]


def former_contacts(
    known: Mapping[str, Confirmed],
    desired: Mapping[str, DesiredContact],
    in_exports: Collection[str],
    *,
    suppression: Suppression,
    config: Config,
) -> Former:
    """Find the contacts that HubSpot confirmed and that the exports no longer speak for.

    Args:
        known: What HubSpot last confirmed, by address.
        desired: The contacts of the exports that may be written, by address.
        in_exports: All addresses of contacts in the exports, suppressed ones too.
        suppression: Who is never written, but for one clearing if the config says so.
        config: The policies.
    """
    by_customer: dict[str, list[DesiredContact]] = {}
    for contact in desired.values():
        if contact.customer_key:
            by_customer.setdefault(contact.customer_key, []).append(contact)
    policies, contacts, moves = config.contacts, [], []
    for email, held in known.items():
        if email in desired or not _holds_values(held, config):
            continue
        target: DesiredContact | None = None
        if email in in_exports or suppression.has_email(email) or held.customer_key in suppression.customer_keys:
            if policies.on_suppress == "clear":
                target = _cleared(email, held, dict(_empty_values(config)))
        elif new_email := _new_address(held, by_customer, known, config):
            target = _cleared(email, held, dict(_empty_values(config)))
            moves.append(AddressMove(email, new_email, held.customer_key))
        elif policies.on_left != "keep":
            target = _cleared(email, held, _values_when_left(config))
        if target is not None and target.payload != held.payload:
            contacts.append(target)
    return Former(tuple(contacts), tuple(moves))


def _new_address(
    held: Confirmed,
    by_customer: Mapping[str, list[DesiredContact]],
    known: Mapping[str, Confirmed],
    config: Config,
) -> str:
    """The address under which the same customer came later than this contact was last written; "" if there is none."""
    for contact in by_customer.get(held.customer_key, ()) if held.customer_key else ():
        other = known.get(contact.email)
        if other is None or not _holds_values(other, config) or other.first_run_id > held.run_id:
            return contact.email
    return ""


def _holds_values(held: Confirmed, config: Config) -> bool:
    """Whether anything that Goldpan owns is left; nothing is once a contact was cleared."""
    payload = json.loads(held.payload)
    return any(payload.get(name) for name, _ in _empty_values(config))


def _cleared(email: str, held: Confirmed, values: Mapping[str, str]) -> DesiredContact:
    payload = payload_of(json.loads(held.payload) | values)
    return DesiredContact(
        email, values, payload, rank=0, customer_key=held.customer_key, may_create=False, is_kept=False
    )


def _empty_values(config: Config) -> Iterator[tuple[str, str]]:
    yield from ((spec.name, "") for spec in config.properties.properties if spec.policy == "own")


def _values_when_left(config: Config) -> dict[str, str]:
    """What becomes of the tags of a contact that left, unless it is kept."""
    on_left = config.contacts.on_left
    tag = on_left.tag if isinstance(on_left, LeftTag) else ""
    return {spec.name: tag for spec in config.properties.properties if spec.type == "tags"}


class FormerCandidates:
    """Of confirmed contacts that are not desired, those that may have to change: so few that each can be looked at.

    Args:
        suppression: Who is never written, but for one clearing if the config says so.
        config: The policies.
    """

    def __init__(self, suppression: Suppression, config: Config) -> None:
        self._suppression, self._config = suppression, config
        self._owned = [name for name, _ in _empty_values(config)]
        self._batches: list[pa.Table] = []

    def add(self, emails: Texts, payloads: Texts, customer_keys: Texts, *, is_in_exports: Flags) -> None:
        """Some of them; who holds nothing of Goldpan's any more can't change."""
        batch = pa.table(
            {
                "email": emails,
                "customer_key": customer_keys,
                "is_in_exports": pa.array(is_in_exports),
                "is_as_left": hold(payloads, _values_when_left(self._config)),
            }
        )
        self._batches.append(batch.filter(hold_values(payloads, self._owned)))

    def chosen(self, desired: DesiredContacts) -> list[str]:
        """The addresses of those that a policy or a new address in the exports may change."""
        if not sum(map(len, self._batches)):
            return []
        found = pa.concat_tables(self._batches).combine_chunks()
        keys = desired.customer_keys.filter(pa.array(~desired.is_suppressed))
        may_change = pc.and_(
            pc.not_equal(found["customer_key"], ""), pc.is_in(found["customer_key"], value_set=keys)
        )  # fmt: skip
        policies = self._config.contacts
        if policies.on_left != "keep":
            may_change = pc.or_(may_change, pc.invert(found["is_as_left"]))
        if policies.on_suppress == "clear":
            may_change = pc.or_(may_change, self._are_suppressed(found))
        chosen: list[str] = found["email"].filter(may_change).to_pylist()
        return chosen

    def _are_suppressed(self, found: pa.Table) -> pa.ChunkedArray:
        keys = pa.array([*self._suppression.customer_keys], TEXT)
        by_key = pc.is_in(found["customer_key"], value_set=keys)
        by_address = listed_addresses(found["email"].to_pandas(), self._suppression)
        return pc.or_(pc.or_(found["is_in_exports"], by_key), pa.array(by_address))


def former_among(
    emails: Collection[str],
    desired: DesiredContacts,
    known_of: Callable[[Collection[str]], Mapping[str, Confirmed]],
    *,
    suppression: Suppression,
    config: Config,
) -> Former:
    """Look at some of the contacts that HubSpot confirmed (see :func:`former_contacts`).

    Args:
        emails: Theirs. None of them may be written because of the exports.
        desired: The contacts of the exports.
        known_of: What HubSpot last confirmed of some addresses.
        suppression: Who is never written, but for one clearing if the config says so.
        config: The policies.
    """
    if not emails:
        return Former((), ())
    known = known_of(emails)
    keys = pa.array({held.customer_key for held in known.values()}, TEXT)
    of_customers = np.flatnonzero(desired.of_customers(keys) & ~desired.is_suppressed)
    now = {contact.email: contact for contact in desired.contacts(of_customers)}
    in_exports = desired.emails.take(pa.array(desired.rows_of(emails))).to_pylist()
    return former_contacts(
        {**known, **known_of(now)}, now, {*now, *in_exports}, suppression=suppression, config=config
    )  # fmt: skip
