"""The plan: what one run wants to change, worked out before anything is sent.

Desired contacts that differ from the confirmed state were read from HubSpot; against what is there each one is
a create, an update, or equal already. Values compare as HubSpot stores them: tags as sets, numbers as numbers, and
null as "".
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from goldpan.config import Config, PropertySpec
from goldpan.model import Action, Change, CurrentRecord


@dataclass(frozen=True)
class DesiredContact:
    """One contact as HubSpot should hold it.

    Attributes:
        email: The address, HubSpot's key.
        values: Property name to text; "" empties it.
        payload: The values as canonical JSON, as the confirmed state keeps them.
        rank: Of two contacts that are one record in HubSpot, the lower one is sent.
    """

    email: str
    values: Mapping[str, str]
    payload: str
    rank: int


@dataclass(frozen=True)
class Plan:
    """What to do about the contacts that differ from the confirmed state.

    Attributes:
        as_of: The business date.
        changes: What to send, in the order of the addresses.
        confirmed: Contacts that HubSpot holds as wanted already, with their record ids; nothing is sent for them.
        same_record: Contacts that share another contact's record, and that contact, which goes before them.
        dropped_options: Options that people had set and that HubSpot's property no longer has, by address.
    """

    as_of: date
    changes: tuple[Change, ...]
    confirmed: Mapping[str, str]
    same_record: Mapping[str, str]
    dropped_options: Mapping[str, tuple[str, ...]]

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that are equal for equal plans."""
        content = [
            [change.email, change.action, sorted(change.before.items()), sorted(change.after.items())]
            for change in self.changes
        ]
        text = json.dumps([self.as_of.isoformat(), content], ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class TagOptions:
    """The options of the tag property: those Goldpan owns, and all that HubSpot has."""

    owned: frozenset[str]
    available: frozenset[str]


def plan_changes(
    desired: Iterable[DesiredContact],
    current: Mapping[str, CurrentRecord],
    *,
    as_of: date,
    config: Config,
    tag_options: TagOptions,
    confirmed_records: Mapping[str, tuple[str, int]],
) -> Plan:
    """Compare desired contacts with what HubSpot really holds.

    Args:
        desired: The contacts that differ from the confirmed state.
        current: What was read for them, by the address asked for; an address that HubSpot does not have is missing.
        as_of: The business date.
        config: The properties and their policies.
        tag_options: What Goldpan may add and remove in the tag property.
        confirmed_records: Record ids of the desired contacts that do *not* differ, with their address and rank: a
            differing contact may turn out to be one of those records under another address.

    Returns:
        The plan; every desired contact is in exactly one part of it (``same_record`` may name confirmed ones besides).
    """
    wanted = sorted(desired, key=lambda contact: contact.rank)
    owners = {record_id: (rank, email) for record_id, (email, rank) in confirmed_records.items()}
    for contact in wanted:
        record = current.get(contact.email)
        if record is not None:
            claim = (contact.rank, contact.email)
            owners[record.record_id] = min(owners.get(record.record_id, claim), claim)
    changes: list[Change] = []
    confirmed: dict[str, str] = {}
    same_record = {
        email: owners[record_id][1]
        for record_id, (email, _) in confirmed_records.items()
        if owners[record_id][1] != email
    }
    dropped: dict[str, tuple[str, ...]] = {}
    for contact in wanted:
        record = current.get(contact.email)
        owner = owners[record.record_id][1] if record else contact.email
        if owner != contact.email:
            same_record[contact.email] = owner
            continue
        before = {name: record.properties.get(name, "") if record else "" for name in contact.values}
        after, gone = _merged(contact, before, config, tag_options)
        if gone:
            dropped[contact.email] = gone
        if record is not None and all(_same(spec, before, after) for spec in config.properties.properties):
            confirmed[contact.email] = record.record_id
            continue
        changes.append(
            Change(
                email=contact.email,
                action=Action.UPDATE if record else Action.CREATE,
                before={name: before[name] for name in after},
                after=after,
                record_id=record.record_id if record else None,
            )
        )
    changes.sort(key=lambda change: change.email)
    return Plan(as_of, tuple(changes), confirmed, same_record, dropped)


def _merged(
    contact: DesiredContact, before: Mapping[str, str], config: Config, tag_options: TagOptions
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Everything to write: all owned values, people's options kept, blanks filled only where HubSpot has nothing."""
    after: dict[str, str] = {}
    gone: tuple[str, ...] = ()
    for spec in config.properties.properties:
        value = contact.values[spec.name]
        if spec.policy == "fill_blank":
            if value and not before[spec.name].strip():
                after[spec.name] = value
        elif spec.type == "tags":
            ours = split_options(value)
            theirs = [option for option in split_options(before[spec.name]) if option not in tag_options.owned]
            kept = sorted(option for option in theirs if option in tag_options.available)
            gone = tuple(sorted(set(theirs) - set(kept)))
            after[spec.name] = ";".join([*ours, *(option for option in kept if option not in ours)])
        else:
            after[spec.name] = value
    return after, gone


def split_options(value: str) -> list[str]:
    """The options in a checkbox value, without blanks."""
    return [option for part in value.split(";") if (option := part.strip())]


def _same(spec: PropertySpec, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    if spec.name not in after:
        return True
    return as_stored(before[spec.name], spec) == as_stored(after[spec.name], spec)


def as_stored(value: str, spec: PropertySpec) -> object:
    """A value in a form that is equal whenever HubSpot holds the same: 5 and 5.00, a;b and b;a, a day and its ms."""
    if spec.type == "tags":
        return frozenset(split_options(value))
    text = value.strip()
    if not text:
        return ""
    if spec.type == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    if spec.type == "date" and text.lstrip("-").isdigit() and len(text) > 8:
        return datetime.fromtimestamp(int(text) / 1000, tz=UTC).date().isoformat()
    return text.removesuffix("T00:00:00Z").removesuffix("T00:00:00.000Z") if spec.type == "date" else text
