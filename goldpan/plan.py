"""The plan: what one run wants to change, worked out before anything is sent.

Contacts that differ from the confirmed state were read from HubSpot; against what is there each one is a create, an
update of what differs, equal already, or left alone for a reason. Values compare as HubSpot stores them.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from goldpan.config import Config
from goldpan.model import Action, Change, CurrentRecord
from goldpan.stored import as_stored, split_options


@dataclass(frozen=True, slots=True)
class DesiredContact:
    """One contact as HubSpot should hold it.

    Attributes:
        email: The address, HubSpot's key.
        values: Property name to text; "" empties it. A property that isn't named is left as it is.
        payload: The values as canonical JSON, as the confirmed state keeps them.
        rank: Of two contacts that are one record in HubSpot, the lower one is sent.
        customer_key: The customer id as it is compared; "" without one.
        may_create: Whether it is made where HubSpot lacks it.
        is_kept: Whether it is in the exports. One that isn't any more is cleared where HubSpot has it, and never made.
    """

    email: str
    values: Mapping[str, str]
    payload: str
    rank: int
    customer_key: str = ""
    may_create: bool = True
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class AddressMove:
    """A customer whose address changed in the exports; the two contacts should be merged in HubSpot."""

    old_email: str
    new_email: str
    customer_key: str


@dataclass(frozen=True)
class TagOptions:
    """The options of the tag property: those Goldpan owns or once owned, and all that HubSpot has."""

    owned: frozenset[str]
    available: frozenset[str]


@dataclass(frozen=True)
class Current:
    """What HubSpot holds for the contacts that differ.

    Attributes:
        records: The record of each contact that HubSpot has, by our address.
        once_confirmed: Addresses that HubSpot once confirmed; one of them without a record is gone.
        others: Record ids of the contacts that do *not* differ, with their address and rank: a contact that differs
            may turn out to be one of those records under another address.
    """

    records: Mapping[str, CurrentRecord] = field(default_factory=dict)
    once_confirmed: Collection[str] = frozenset()
    others: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What to do about the contacts that differ from the confirmed state; each is in exactly one part.

    Attributes:
        as_of: The business date.
        changes: What to send, in the order of the addresses.
        confirmed: Contacts that HubSpot holds as wanted already, with their record ids; nothing is sent for them.
        same_record: Contacts that share another contact's record, and that contact, which goes before them (it may
            name contacts that do not differ, besides).
        gone: Contacts that HubSpot once confirmed and has no more.
        not_wanted: Contacts that HubSpot lacks and that are not to be made.
        moved: Contacts that somebody changed in HubSpot since they were planned, with what happened.
        forgotten: Contacts that left the exports, and HubSpot too, or whose record another contact speaks for.
        dropped_options: Options that people had set and that HubSpot's property no longer has, by address.
        addresses_changed: Our address of a record whose address somebody changed in HubSpot, and the one it has now.
        address_moves: Customers whose address changed in the exports, of whom something is written.
    """

    as_of: date
    changes: tuple[Change, ...] = ()
    confirmed: Mapping[str, str] = field(default_factory=dict)
    same_record: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    not_wanted: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    forgotten: tuple[str, ...] = ()
    dropped_options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    addresses_changed: Mapping[str, str] = field(default_factory=dict)
    address_moves: tuple[AddressMove, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that are equal for equal plans."""
        digest = hashlib.blake2b(f'["{self.as_of.isoformat()}",['.encode(), digest_size=8)
        before = ""
        for change in self.changes:  # change by change: a first load's whole text would be as large as the plan
            values = sorted(change.before.items()), sorted(change.after.items())
            content = [change.email, change.action, change.record_id, *values]
            digest.update(f"{before}{json.dumps(content, ensure_ascii=False, separators=(',', ':'))}".encode())
            before = ","
        digest.update(b"]]")
        return digest.hexdigest()

    def left_alone(self) -> Iterator[tuple[str, str, str]]:
        """Every contact that a person should know of though nothing is sent: reason code, address, details."""
        for email, owner in sorted(self.same_record.items()):
            yield "same_record", email, f"the same HubSpot record as {owner}"
        yield from (("gone", email, "") for email in self.gone)
        yield from (("not_wanted", email, "") for email in self.not_wanted)
        yield from (("moved", email, what) for email, what in sorted(self.moved.items()))
        for email, now in sorted(self.addresses_changed.items()):
            yield "address_changed_in_hubspot", email, f"HubSpot has {now or 'no address'} now"
        for email, options in sorted(self.dropped_options.items()):
            yield "dropped_option", email, "; ".join(options)
        for move in self.address_moves:
            yield "address_moved", move.old_email, f"now {move.new_email}: merge the two contacts in HubSpot"


def tag_property(config: Config) -> str:
    """The property that holds the tags; "" where none is written."""
    return next((spec.name for spec in config.properties.properties if spec.type == "tags"), "")


def plan_changes(
    desired: Iterable[DesiredContact],
    current: Current,
    *,
    as_of: date,
    config: Config,
    tag_options: TagOptions,
    address_moves: Iterable[AddressMove] = (),
) -> Plan:
    """Compare desired contacts with what HubSpot really holds.

    Args:
        desired: The contacts that differ from the confirmed state.
        current: What was read for them, and what is known of the others.
        as_of: The business date.
        config: The properties and their policies.
        tag_options: What Goldpan may add and remove in the tag property.
        address_moves: Customers whose address changed, with the old contact among the desired ones.
    """
    wanted = sorted(desired, key=lambda contact: (not contact.is_kept, contact.rank))
    moves = {move.old_email: move for move in address_moves}
    owners = _owners(wanted, current)
    same_record = {email: owners[record_id] for record_id, (email, _) in current.others.items()}
    parts = _Parts(as_of, same_record={email: owner for email, owner in same_record.items() if owner != email})
    for contact in wanted:
        record = current.records.get(contact.email)
        if record is None:
            parts.add_absent(contact, was_confirmed=contact.email in current.once_confirmed, config=config)
            continue
        if contact.email not in (record.email, *record.additional_emails):
            parts.addresses_changed[contact.email] = record.email
        owner = owners[record.record_id]
        if owner != contact.email:
            parts.add_shared(contact, owner)
        elif _waits_for_the_new_address(contact, moves, parts):
            parts.forgotten.append(contact.email)
        else:
            parts.add_present(contact, record, config, tag_options)
    changed = {change.email for change in parts.changes}
    parts.moves += [move for email, move in moves.items() if email in changed]
    return parts.plan()


def _owners(wanted: Iterable[DesiredContact], current: Current) -> dict[str, str]:
    """Who speaks for each record: a contact in the exports before one that left, then the lower rank."""
    claims = {record_id: (0, rank, email) for record_id, (email, rank) in current.others.items()}
    for contact in wanted:
        record = current.records.get(contact.email)
        if record is not None:
            claim = (int(not contact.is_kept), contact.rank, contact.email)
            claims[record.record_id] = min(claims.get(record.record_id, claim), claim)
    return {record_id: email for record_id, (_, _, email) in claims.items()}


def _waits_for_the_new_address(contact: DesiredContact, moves: Mapping[str, AddressMove], parts: "_Parts") -> bool:
    """Nobody is cleared under the old address while the new one is not in HubSpot and will not be."""
    move = moves.get(contact.email)
    return move is not None and (move.new_email in parts.not_wanted or move.new_email in parts.gone)


@dataclass
class _Parts:
    """The plan while it is made."""

    as_of: date
    same_record: dict[str, str]
    changes: list[Change] = field(default_factory=list)
    confirmed: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    not_wanted: set[str] = field(default_factory=set)
    forgotten: list[str] = field(default_factory=list)
    dropped: dict[str, tuple[str, ...]] = field(default_factory=dict)
    addresses_changed: dict[str, str] = field(default_factory=dict)
    moves: list[AddressMove] = field(default_factory=list)
    blanks: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def add_absent(self, contact: DesiredContact, *, was_confirmed: bool, config: Config) -> None:
        """A contact that HubSpot lacks."""
        if not contact.is_kept:
            self.forgotten.append(contact.email)
        elif was_confirmed:
            self.gone.add(contact.email)
        elif not contact.may_create:
            self.not_wanted.add(contact.email)
        else:
            after, _ = difference(contact.values, {}, config, TagOptions(frozenset(), frozenset()))
            owned = (spec.name for spec in config.properties.properties if spec.policy == "own")
            values: Mapping[str, str] = dict.fromkeys(owned, "") | after
            # A first load is all creates: what they have in common is there once.
            before = self.blanks.setdefault(tuple(values), dict.fromkeys(values, ""))
            values = contact.values if values == contact.values else values
            self.changes.append(_change(contact, Action.CREATE, before, values))

    def add_shared(self, contact: DesiredContact, owner: str) -> None:
        """A contact whose record another contact speaks for."""
        if contact.is_kept:
            self.same_record[contact.email] = owner
        else:
            self.forgotten.append(contact.email)

    def add_present(
        self, contact: DesiredContact, record: CurrentRecord, config: Config, tag_options: TagOptions
    ) -> None:
        """A contact that HubSpot has: an update of what differs, or nothing to do."""
        after, dropped = difference(contact.values, record.properties, config, tag_options)
        if dropped:
            self.dropped[contact.email] = dropped
        if not after:
            self.confirmed[contact.email] = record.record_id
            return
        before = {name: record.properties.get(name, "") for name in after}
        action = Action.UPDATE if contact.is_kept else Action.CLEAR
        self.changes.append(_change(contact, action, before, after, record.record_id))

    def plan(self) -> Plan:
        """The whole plan, in the order of the addresses."""
        return Plan(
            as_of=self.as_of,
            changes=tuple(sorted(self.changes, key=lambda change: change.email)),
            confirmed=self.confirmed,
            same_record=self.same_record,
            gone=tuple(sorted(self.gone)),
            not_wanted=tuple(sorted(self.not_wanted)),
            forgotten=tuple(sorted(self.forgotten)),
            dropped_options=self.dropped,
            addresses_changed=self.addresses_changed,
            address_moves=tuple(sorted(self.moves, key=lambda move: move.old_email)),
        )


def difference(
    values: Mapping[str, str], held: Mapping[str, str], config: Config, tag_options: TagOptions
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What to write to a record so that it holds these values, people's options kept and blanks filled only.

    Args:
        values: Property name to text, as wanted; those not named stay.
        held: What the record holds.
        config: The properties and their policies.
        tag_options: What Goldpan may add and remove.

    Returns:
        The properties that differ with their new values, and the options that people had set and HubSpot no longer
        has: they can't be written back where the tag property is written.
    """
    after: dict[str, str] = {}
    dropped: tuple[str, ...] = ()
    for spec in config.properties.properties:
        if spec.name not in values:
            continue
        value, there = values[spec.name], held.get(spec.name, "")
        if spec.policy == "fill_blank":
            if value and not there.strip():
                after[spec.name] = value
        elif value == there:
            continue
        elif spec.type == "tags":
            theirs = [option for option in split_options(there) if option not in tag_options.owned]
            kept = sorted({option for option in theirs if option in tag_options.available})
            mine = split_options(value)
            if {*mine, *kept} != set(split_options(there)):
                after[spec.name] = ";".join([*mine, *kept])
                dropped = tuple(sorted(set(theirs) - set(kept)))
        elif as_stored(value, spec) != as_stored(there, spec):
            after[spec.name] = value
    return after, dropped


def _change(
    contact: DesiredContact,
    action: Action,
    before: Mapping[str, str],
    after: Mapping[str, str],
    record_id: str | None = None,
) -> Change:
    return Change(
        email=contact.email,
        action=action,
        before=before,
        after=after,
        record_id=record_id,
        payload=contact.payload,
        customer_key=contact.customer_key,
    )
