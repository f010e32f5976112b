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
        same_record: Contacts that share a record with another one and do not hold their values; the next run settles
            who speaks for it.
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
    same_record: list[str] = field(default_factory=list)
    drifted: list[DesiredContact] = field(default_factory=list)

    def count(self, name: str, wanted: str, now: str, tag_options: TagOptions, *, is_tags: bool) -> None:
        """Count one property of one contact that does not hold what was confirmed."""
        (self.cleared if wanted and not now.strip() else self.edited)[name] += 1
        if is_tags:
            mine = set(split_options(wanted))
            self.tags_lost.update(mine - set(split_options(now)))
            self.tags_gained.update(_mine(now, tag_options) - mine)


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
    shared = Counter(records[email].record_id for email in known if email in records)
    for rank, (email, held) in enumerate(known.items()):
        record = records.get(email)
        if record is None:
            drift.deleted.append(email)
            continue
        if held.record_id and record.record_id != held.record_id:
            drift.merged.append(email)
        if email not in (record.email, *record.additional_emails):
            drift.address_changed.append(email)
        values = _confirmed_values(held, config, tag_options)
        differing = _differing(values, record, config, tag_options)
        if not differing:
            drift.fine += 1
        elif shared[record.record_id] > 1:
            drift.same_record.append(email)
        else:
            for name in differing:
                drift.count(name, values[name], record.properties.get(name, ""), tag_options, is_tags=name in tags)
            drift.drifted.append(
                DesiredContact(email, values, held.payload, rank, customer_key=held.customer_key, may_create=False)
            )
    return drift


def _confirmed_values(held: Confirmed, config: Config, tag_options: TagOptions) -> dict[str, str]:
    """What was confirmed of the properties that Goldpan keeps, without options that HubSpot no longer has."""
    payload: dict[str, str] = json.loads(held.payload)
    values = {}
    for spec in config.properties.properties:
        if spec.policy == "own" and spec.name in payload:
            options = [option for option in split_options(payload[spec.name]) if option in tag_options.available]
            values[spec.name] = ";".join(options) if spec.type == "tags" else payload[spec.name]
    return values


def _differing(values: Mapping[str, str], record: CurrentRecord, config: Config, tag_options: TagOptions) -> list[str]:
    """The properties that hold something else; of the tags only Goldpan's own count."""
    tags = {spec.name for spec in config.properties.properties if spec.type == "tags"}
    differing, _ = difference(values, record.properties, config, tag_options)
    return sorted(
        name
        for name in differing
        if name not in tags or _mine(record.properties.get(name, ""), tag_options) != set(split_options(values[name]))
    )


def _mine(value: str, tag_options: TagOptions) -> set[str]:
    return set(split_options(value)) & tag_options.owned & tag_options.available


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
        ("same record as another", drift.same_record),
    ):
        if emails:
            yield what, "", len(emails)
