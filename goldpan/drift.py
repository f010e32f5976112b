"""What HubSpot holds against what it confirmed: who drifted, in which properties and tags, and how."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from goldpan.config import Config
from goldpan.model import Confirmed, CurrentRecord
from goldpan.plan import DesiredContact, TagOptions, difference
from goldpan.stored import split_options


@dataclass
class Drift:
    """What was found by reading back, in contacts.

    Attributes:
        checked: How many were looked at.
        fine: How many hold what was confirmed.
        edited: By property, how many hold another value.
        cleared: By property, how many hold none though one was confirmed.
        tags_lost: By option, how many lost it; ``tags_gained`` likewise.
        merged: Contacts whose record was merged into another one.
        deleted: Contacts that HubSpot has no more.
        address_changed: Contacts whose record has another address now.
        drifted: The contacts that should be written again, as they should be.
    """

    checked: int = 0
    fine: int = 0
    edited: Counter[str] = field(default_factory=Counter)
    cleared: Counter[str] = field(default_factory=Counter)
    tags_lost: Counter[str] = field(default_factory=Counter)
    tags_gained: Counter[str] = field(default_factory=Counter)
    merged: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    address_changed: list[str] = field(default_factory=list)
    drifted: list[DesiredContact] = field(default_factory=list)


def find_drift(
    known: Mapping[str, Confirmed], records: Mapping[str, CurrentRecord], config: Config, tag_options: TagOptions
) -> Drift:
    """Compare what is confirmed with what was read back.

    Args:
        known: What HubSpot confirmed last, by address.
        records: What it holds now.
        config: The properties; those that are filled only where they were blank can't drift.
        tag_options: What Goldpan may add and remove.
    """
    drift = Drift(checked=len(known))
    tags = {spec.name for spec in config.properties.properties if spec.type == "tags"}
    own = {spec.name for spec in config.properties.properties if spec.policy == "own"}
    for rank, (email, held) in enumerate(known.items()):
        record = records.get(email)
        if record is None:
            drift.deleted.append(email)
            continue
        if held.record_id and record.record_id != held.record_id:
            drift.merged.append(email)
        if email not in (record.email, *record.additional_emails):
            drift.address_changed.append(email)
        payload: dict[str, str] = json.loads(held.payload)
        values = {name: value for name, value in payload.items() if name in own}
        differing, _ = difference(values, record.properties, config, tag_options)
        held_now = record.properties
        after = {
            name
            for name in differing
            if name not in tags or _mine(held_now.get(name, ""), tag_options) != set(split_options(values[name]))
        }
        if not after:
            drift.fine += 1
            continue
        for name in sorted(after):
            now = record.properties.get(name, "")
            (drift.cleared if values[name] and not now.strip() else drift.edited)[name] += 1
            if name in tags:
                drift.tags_lost.update(set(split_options(values[name])) - set(split_options(now)))
                drift.tags_gained.update(_mine(now, tag_options) - set(split_options(values[name])))
        drift.drifted.append(
            DesiredContact(email, values, held.payload, rank, customer_key=held.customer_key, may_create=False)
        )
    return drift


def _mine(value: str, tag_options: TagOptions) -> set[str]:
    return set(split_options(value)) & tag_options.owned


def lines_of(drift: Drift) -> Iterator[tuple[str, str, int]]:
    """The findings as what, which, and how many contacts; nothing for what was not found."""
    for what, counts in (
        ("property edited", drift.edited),
        ("property cleared", drift.cleared),
        ("tag removed", drift.tags_lost),
        ("tag added", drift.tags_gained),
    ):
        yield from ((what, name, count) for name, count in sorted(counts.items()))
    for what, emails in (
        ("record merged", drift.merged),
        ("contact deleted", drift.deleted),
        ("address changed", drift.address_changed),
    ):
        if emails:
            yield what, "", len(emails)
