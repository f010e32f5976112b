"""Taking a run back: its replaced values are put back where they still hold what it wrote."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from goldpan.config import Config, PropertySpec
from goldpan.model import Action, Change, Confirmed, CurrentRecord
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
    written: Iterable[Change],
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
    changes: list[Change] = []
    gone: list[str] = []
    is_back: list[str] = []
    moved: dict[str, str] = {}
    for change in written:
        record = records.get(change.email)
        if record is None:
            gone.append(change.email)
            continue
        after: dict[str, str] = {}
        edited: list[str] = []
        for spec in config.properties.properties:
            if spec.name not in change.after:
                continue
            put_back = _put_back(spec, change, record.properties.get(spec.name, ""), tag_options)
            if put_back is None:
                edited.append(spec.name)
            elif as_stored(put_back, spec) != as_stored(record.properties.get(spec.name, ""), spec):
                after[spec.name] = put_back
        if edited:
            moved[change.email] = f"changed since: {', '.join(edited)}"
        if after:
            held = known.get(change.email)
            payload = _payload(held.payload if held else change.payload, after, config, tag_options)
            changes.append(_undoing(change, record, after, payload))
        elif not edited:
            is_back.append(change.email)
    changes.sort(key=lambda each: each.email)
    return Undoing(Plan(as_of, tuple(changes), gone=tuple(sorted(gone)), moved=moved), tuple(is_back))


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


def _undoing(change: Change, record: CurrentRecord, after: Mapping[str, str], payload: str) -> Change:
    return Change(
        email=change.email,
        action=Action.CLEAR if change.action is Action.CREATE else Action.UPDATE,
        before={name: record.properties.get(name, "") for name in after},
        after=after,
        record_id=record.record_id,
        payload=payload,
        customer_key=change.customer_key,
    )


def _payload(held: str, after: Mapping[str, str], config: Config, tag_options: TagOptions) -> str:
    """What the confirmed state says once these values are back: of the tags only Goldpan's own."""
    tags = {spec.name for spec in config.properties.properties if spec.type == "tags"}
    own = {
        name: ";".join(option for option in split_options(value) if option in tag_options.owned)
        if name in tags
        else value
        for name, value in after.items()
    }
    values = json.loads(held or "{}") | own
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
