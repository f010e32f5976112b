"""Whether a run must wait for a person: its exports and its plan against the limits, before anything is written."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from goldpan.brakes import (
    TagMovement,
    TrippedBrake,
    brake_on_age,
    brakes_on_exports,
    brakes_on_plan,
    tag_movements,
)
from goldpan.config import Config
from goldpan.desired import desired_contacts
from goldpan.errors import GoldpanError
from goldpan.facts import Facts
from goldpan.model import Action, Cause, Change, Confirmed, Outcome
from goldpan.pipeline import refine
from goldpan.plan import Plan
from goldpan.report import Planned, mask
from goldpan.stored import split_options
from sync.archive.folder import remark_of
from sync.intake import Delivery, exports_of_run
from sync.lifecycle import Work
from sync.planning import Reached
from sync.record import RunRecord
from sync.settings import AppSettings, config_of
from sync.state.runs import StoredRun

log = structlog.get_logger()


@dataclass(frozen=True)
class Judged:
    """A plan with what is to be thought of it.

    Attributes:
        plan: Its changes know their cause where that was worked out.
        movements: What it does to each option of the tag property.
        brakes: The limits that it is beyond; with any of them it is held.
    """

    plan: Plan
    movements: tuple[TagMovement, ...]
    brakes: tuple[TrippedBrake, ...]


def judge(
    work: Work,
    reached: Reached,
    plan: Plan,
    *,
    known: Mapping[str, Confirmed],
    facts: Facts | None = None,
    delivered: Mapping[str, Delivery] | None = None,
) -> Judged:
    """Compare a run with the limits.

    Args:
        work: The run.
        reached: The portal.
        plan: What it wants to change.
        known: What HubSpot has confirmed so far.
        facts: What its exports amount to; ``None`` for a run that reads none.
        delivered: Its exports.
    """
    settings = work.settings
    limits = settings.file.brakes
    accepted = work.state.runs.last_accepted(work.record.destination, reached.portal)
    brakes: list[TrippedBrake] = []
    if facts is not None and delivered is not None:
        kept = accepted.record.get("facts") if accepted else None
        brakes += brakes_on_exports(facts, Facts.of_json(kept) if kept else None, limits)
        brakes += _brakes_on_ages(work, delivered)
    tags = tag_property(settings.config)
    carriers = _carriers(known, tags)
    beyond = [*brakes_on_plan(plan.changes, _moved(plan, carriers, tags, work), len(known), limits, tags)]
    if plan.changes and (beyond or work.record.dry_run or brakes) and facts is not None:
        plan = _with_causes(work, plan, accepted)
    movements = _moved(plan, carriers, tags, work)
    brakes += brakes_on_plan(plan.changes, movements, len(known), limits, tags)
    if plan.changes:
        brakes += _brakes_on_history(work, reached, plan, known)
    return Judged(plan, movements, tuple(brakes))


def hold(work: Work, judged: Judged) -> None:
    """Put on record that the run waits for a person, and what it would do."""
    record = work.record
    record.status, record.exit_code = "held", 3
    record.contacts["held"] += len(judged.plan.changes)
    record.brakes = [
        {"name": brake.name, "what": brake.what, "found": brake.found, "limit": brake.limit} for brake in judged.brakes
    ]
    for brake in judged.brakes:
        examples = f" For example {', '.join(map(mask, brake.examples))}." if brake.examples else ""
        record.problems.append(f"Held: {brake.what} The limit: {brake.limit}.{examples}")
    record.problems.append(
        f"Nothing was written. If this is right, approve this very plan: goldpan run --approve {record.fingerprint}"
        if not record.dry_run
        else "A run would be held like this, and wait for approval."
    )
    if not record.dry_run:
        work.state.journal.plan(record.run_id, judged.plan.changes, verdict="held")
    log.warning("run.held", brakes=[brake.name for brake in judged.brakes], changes=len(judged.plan.changes))


def planned_of(record: RunRecord, judged: Judged, refused: Mapping[str, Outcome]) -> Planned:
    """The plan as reports show it.

    Args:
        record: The run, with its counts.
        judged: The plan and the limits that it is beyond.
        refused: Contacts that HubSpot refused before and that rest.
    """
    return Planned(
        as_of=judged.plan.as_of,
        fingerprint=record.fingerprint,
        changes=judged.plan.changes,
        counts=record.contacts,
        tags=judged.movements,
        brakes=judged.brakes,
        left_alone=tuple(judged.plan.left_alone()),
        refused=refused,
        remark=remark_of(record),
    )


def tag_property(config: Config) -> str:
    """The property that holds the tags; "" where none is written."""
    return next((spec.name for spec in config.properties.properties if spec.type == "tags"), "")


def _moved(plan: Plan, carriers: Mapping[str, int], tags: str, work: Work) -> tuple[TagMovement, ...]:
    return tag_movements(plan.changes, carriers, tags, work.settings.config)


def _carriers(known: Mapping[str, Confirmed], tags: str) -> Counter[str]:
    """How many contacts carry each option by the confirmed state."""
    counts: Counter[str] = Counter()
    for value, times in Counter(json.loads(held.payload).get(tags, "") for held in known.values()).items():
        for option in split_options(value):
            counts[option] += times
    return counts


def _with_causes(work: Work, plan: Plan, accepted: StoredRun | None) -> Plan:
    """The plan with the cause of each change: time, where the accepted exports imply it at this date, else data."""
    implied = _implied_by_accepted(work, accepted)

    def cause_of(change: Change) -> Cause:
        if change.action is Action.CLEAR:
            return Cause.DATA if implied is None or change.email in implied else Cause.TIME
        return Cause.TIME if implied is not None and implied.get(change.email) == change.payload else Cause.DATA

    return replace(plan, changes=tuple(replace(change, cause=cause_of(change)) for change in plan.changes))


def _implied_by_accepted(work: Work, accepted: StoredRun | None) -> Mapping[str, str] | None:
    """What the accepted exports, under the config that they were accepted with, make of this date, by address.

    ``None`` where that can't be worked out any more; then every change counts as caused by data.
    """
    snapshot = work.state.runs.config_files(accepted.config_id) if accepted else None
    if accepted is None or snapshot is None:
        return None
    try:
        settings = replace(work.settings, config=config_of(json.loads(snapshot)))
        exports = exports_of_run(accepted.run_id, work.state, settings)
        if exports is None:
            return None
        refined = refine(exports["memberships"].frame, exports["orders"].frame, work.record.as_of, settings.config)
    except GoldpanError as error:
        work.record.notes.append(
            f"What changed with time alone could not be told from what changed in the data: {error}"
        )
        return None
    frame = desired_contacts(refined, settings.config, work.settings.suppression)
    return dict(zip(frame["email"], frame["payload"], strict=True))


def _brakes_on_ages(work: Work, delivered: Mapping[str, Delivery]) -> list[TrippedBrake]:
    limits = work.settings.file.brakes
    brakes = []
    for kind, delivery in delivered.items():
        age = age_of(delivery, work.clock(), work.record.as_of, work.settings)
        brake = brake_on_age(kind, delivery.name, age, limits)
        if brake is not None:
            brakes.append(brake)
        elif age > timedelta(hours=limits.export_age_warning_hours):
            hours = age / timedelta(hours=1)
            work.record.notes.append(
                f"The {kind} export {delivery.name} is {hours:.0f} hours old: has tonight's not arrived?"
            )
    return brakes


def age_of(delivery: Delivery, now: datetime, as_of: date, settings: AppSettings) -> timedelta:
    """How old an export is: by the date in its name, else by its arrival.

    A date in the name is compared with the business date of the run and with the clock; the younger age counts, so that
    a night of the past may be run again with its own export.
    """
    local = now.astimezone(settings.zone)
    if delivery.named_on is None:
        return local - delivery.arrived_at.astimezone(settings.zone)
    start = datetime.combine(delivery.named_on, datetime.min.time(), settings.zone)
    return max(min(local - start, datetime.combine(as_of, local.timetz()) - start), timedelta())


def _brakes_on_history(work: Work, reached: Reached, plan: Plan, known: Mapping[str, Confirmed]) -> list[TrippedBrake]:
    """What runs before this one make a person's business."""
    runs, name, portal = work.state.runs, work.record.destination, reached.portal
    brakes = []
    count = len(plan.changes)
    examples = tuple(change.email for change in plan.changes[:5])
    if not known and work.settings.file.destination != "sandbox":
        brakes.append(
            TrippedBrake(
                "first_load",
                f"This is the first load into portal {portal.portal_id}: {count:,} contacts.",
                count,
                "the first load always waits for a person",
                examples,
            )
        )
    last = runs.last_sent_as_of(name, portal)
    if work.record.kind in ("run", "only") and last is not None and work.record.as_of < last:
        brakes.append(
            TrippedBrake(
                "earlier_day",
                f"This run is for {work.record.as_of}, but {last} was sent already; it would take {count:,} contacts "
                "back in time.",
                count,
                "no day before one that was sent; without --as-of it is today",
                examples,
            )
        )
    undone = runs.undone_last(name, portal)
    if work.record.kind in ("run", "retry") and undone is not None:
        brakes.append(
            TrippedBrake(
                "after_undo",
                f"Run {undone} was undone, and this run would write {count:,} contacts again.",
                count,
                "the first run after an undo waits for a person",
                examples,
            )
        )
    return brakes
