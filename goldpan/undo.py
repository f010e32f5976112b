"""Taking a run back: its replaced values are put back where they still hold what it wrote."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from goldpan.config import Config, PropertySpec
from goldpan.desired import tag_options as configured_options
from goldpan.model import Action, Change, Confirmed, CurrentRecord
from goldpan.payloads import payload_of
from goldpan.plan import Plan, TagOptions
from goldpan.stored import as_stored, split_options


@dataclass(frozen=True)
class Undoing:
    """What taking a run back means.

    Attributes:
        plan: The changes that put values back; ``moved`` names contacts of which somebody changed values since: those
            values are left.
        is_back: Contacts that hold their old values already.
    """

    plan: Plan
    is_back: tuple[str, ...]


def plan_undo(
    written: Collection[Change],
    records: Mapping[str, CurrentRecord],
    known: Mapping[str, Confirmed],
    *,
    as_of: date,
    config: Config,
    tag_options: TagOptions,
) -> Undoing:
    """Work out what to put back.

    In the tag property only Goldpan's own options are put back; what people added since stays. A contact that the run
    created has its values emptied; nobody is deleted.

    Args:
        written: The changes that the run wrote.
        records: What HubSpot holds now, by address.
        known: What the confirmed state says, by address.
        as_of: The business date.
        config: The properties. A property that is not in it any more is left alone.
        tag_options: What Goldpan may add and remove.
    """
    parts = [
        _Part(change, record, *_compare(change, record, config, tag_options))
        for change in written
        if (record := records.get(change.email)) is not None
    ]
    owners = _owners(parts)
    changes: list[Change] = []
    is_back: list[str] = []
    moved: dict[str, str] = {}
    for part in parts:
        email = part.change.email
        if owners[part.record.record_id] != email:
            continue
        if part.edited:
            moved[email] = f"changed since: {', '.join(part.edited)}"
        if part.after:
            held = known.get(email)
            payload = _payload(held.payload if held else part.change.payload, part.after, config, tag_options)
            changes.append(_undoing(part, payload))
        elif not part.edited:
            is_back.append(email)
    plan = Plan(
        as_of,
        tuple(sorted(changes, key=lambda each: each.email)),
        gone=tuple(sorted(change.email for change in written if change.email not in records)),
        moved=moved,
        same_record={
            part.change.email: owners[part.record.record_id]
            for part in parts
            if owners[part.record.record_id] != part.change.email
        },
    )
    return Undoing(plan, tuple(is_back))


@dataclass(frozen=True)
class _Part:
    """One change of the run, the record it is on now, what to put back there, and what somebody changed since."""

    change: Change
    record: CurrentRecord
    after: Mapping[str, str]
    edited: tuple[str, ...]


def _compare(
    change: Change, record: CurrentRecord, config: Config, tag_options: TagOptions
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What to put back on a record, and the properties that somebody changed since."""
    after: dict[str, str] = {}
    edited: list[str] = []
    for spec in config.properties.properties:
        if spec.name not in change.after:
            continue
        now = record.properties.get(spec.name, "")
        put_back = _put_back(spec, change, now, tag_options)
        if put_back is None:
            edited.append(spec.name)
        elif as_stored(put_back, spec) != as_stored(now, spec):
            after[spec.name] = put_back
    return after, tuple(edited)


def _owners(parts: Iterable[_Part]) -> dict[str, str]:
    """Of contacts that were merged since, the one whose values the record holds: one record, one write."""
    claims: dict[str, tuple[int, str]] = {}
    for part in parts:
        claim = len(part.edited), part.change.email
        claims[part.record.record_id] = min(claims.get(part.record.record_id, claim), claim)
    return {record_id: email for record_id, (_, email) in claims.items()}


def _put_back(spec: PropertySpec, change: Change, now: str, tag_options: TagOptions) -> str | None:
    """The value to write; the one that is there if it is back already; ``None`` if somebody changed it since."""
    before, after = change.before[spec.name], change.after[spec.name]
    if spec.type != "tags":
        if as_stored(now, spec) == as_stored(after, spec):
            return before
        return now if as_stored(now, spec) == as_stored(before, spec) else None
    owned = tag_options.owned
    mine = set(split_options(now)) & owned
    theirs = [option for option in split_options(now) if option not in owned and option in tag_options.available]
    old = [option for option in split_options(before) if option in owned and option in tag_options.available]
    if mine == set(split_options(after)) & owned:
        return ";".join([*old, *theirs])
    return now if mine == set(old) else None


def _undoing(part: _Part, payload: str) -> Change:
    return Change(
        email=part.change.email,
        action=Action.CLEAR if part.change.action is Action.CREATE else Action.UPDATE,
        before={name: part.record.properties.get(name, "") for name in part.after},
        after=part.after,
        record_id=part.record.record_id,
        payload=payload,
        customer_key=part.change.customer_key,
    )


def _payload(held: str, after: Mapping[str, str], config: Config, tag_options: TagOptions) -> str:
    """What the confirmed state says once these values are back: of the tags only Goldpan's own."""
    place = {option.value: number for number, option in enumerate(configured_options(config))}
    own = {
        spec.name: ";".join(
            sorted(
                set(split_options(after[spec.name])) & tag_options.owned,
                key=lambda option: (place.get(option, len(place)), option),
            )
        )
        if spec.type == "tags"
        else after[spec.name]
        for spec in config.properties.properties
        if spec.policy == "own" and spec.name in after
    }
    return payload_of(json.loads(held or "{}") | own)
