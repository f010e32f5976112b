"""Contacts that Goldpan wrote before and that are not in the exports as they were: left, moved or suppressed."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from goldpan.config import Config
from goldpan.model import Confirmed
from goldpan.plan import AddressMove, DesiredContact
from goldpan.policies import LeftTag
from goldpan.suppression import Suppression


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
            left = policies.on_left.tag if isinstance(policies.on_left, LeftTag) else ""
            target = _cleared(email, held, dict.fromkeys(_tag_properties(config), left))
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
    payload = json.dumps(json.loads(held.payload) | values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return DesiredContact(
        email, values, payload, rank=0, customer_key=held.customer_key, may_create=False, is_kept=False
    )


def _empty_values(config: Config) -> Iterator[tuple[str, str]]:
    yield from ((spec.name, "") for spec in config.properties.properties if spec.policy == "own")


def _tag_properties(config: Config) -> Iterator[str]:
    yield from (spec.name for spec in config.properties.properties if spec.type == "tags")
