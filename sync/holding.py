"""Whether a run must wait for a person: its exports and its plan against the limits, before anything is written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from goldpan.brakes import TagMovement, TrippedBrake, brakes_on_plan, first_of, losers_by_tag, loss_bases, tag_movements
from goldpan.export_brakes import brake_on_age, brakes_on_exports
from goldpan.facts import Facts
from goldpan.model import Outcome
from goldpan.plan import Plan, tag_property
from goldpan.report import Planned, mask
from goldpan.standing import ConfirmedBefore
from sync.approved import approved_changes
from sync.archive.folder import remark_of
from sync.causes import Implied, Tonight, implied_by_accepted, with_causes
from sync.exports import Delivery
from sync.lifecycle import Work
from sync.pausing import BRAKE, brake_of
from sync.planning import Reached
from sync.record import RunRecord
from sync.settings import AppSettings

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
    before: ConfirmedBefore,
    facts: Facts | None = None,
    tonight: Tonight | None = None,
) -> Judged:
    """Compare a run with the limits.

    Args:
        work: The run.
        reached: The portal.
        plan: What it wants to change.
        before: What HubSpot has confirmed so far.
        facts: What its exports amount to; ``None`` for a run that reads none.
        tonight: Its exports.
    """
    limits = work.settings.file.brakes
    accepted = work.state.runs.last_accepted(work.record.destination, reached.portal)
    brakes: list[TrippedBrake] = []
    if facts is not None and tonight is not None:
        kept = accepted.facts if accepted else None
        brakes += brakes_on_exports(facts, Facts.of_json(kept) if kept else None, limits, before.missing)
        brakes += _brakes_on_ages(work, tonight.delivered)
    history = _brakes_on_history(work, reached, plan, before.count) if plan.changes else []
    moving = _Moving(work.settings, before)
    movements, beyond = moving.judge(plan)
    if plan.changes and tonight is not None and (work.record.dry_run or brakes or beyond or history):
        implied = implied_by_accepted(work, accepted, plan.changes, reached.contacts, tonight)
        approved = approved_changes(work.state, work.record.destination, reached.portal)
        plan = replace(plan, changes=with_causes(plan.changes, implied, approved))
        movements, beyond = moving.judge(plan, implied)
    return Judged(plan, movements, (*brakes, *beyond, *history))


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
    record.problems.append(_what_now(record, {brake.name for brake in judged.brakes}))
    if not record.dry_run:
        work.state.journal.plan(record.run_id, judged.plan.changes, verdict="held")
    log.warning("run.held", brakes=[brake.name for brake in judged.brakes], changes=len(judged.plan.changes))


def _what_now(record: RunRecord, brakes: Collection[str]) -> str:
    if record.dry_run:
        return "A run would be held like this, and wait for approval."
    approve = f"approve this very plan: goldpan run --approve {record.fingerprint}"
    if BRAKE not in brakes:
        return f"Nothing was written. If this is right, {approve}"
    if len(brakes) == 1:
        return "Nothing was written. The first run after the pause plans anew; to end it now: goldpan resume"
    return f"Nothing was written. If this is right, end the pause (goldpan resume), then {approve}"


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


class _Moving:
    """What plans do to the contacts that HubSpot has confirmed so far."""

    def __init__(self, settings: AppSettings, before: ConfirmedBefore) -> None:
        self._settings, self._before = settings, before
        self._tags = tag_property(settings.config)

    def judge(self, plan: Plan, implied: Implied | None = None) -> tuple[tuple[TagMovement, ...], list[TrippedBrake]]:
        """The movement of each tag, and the limits that the plan is beyond."""
        changes, config = plan.changes, self._settings.config
        held, carriers = self._before.held, self._before.carriers
        with_time = dict(implied.options_with_time(held, self._tags)) if implied is not None else {}
        movements = tag_movements(changes, carriers, self._tags, config, with_time)
        losers = losers_by_tag(changes, self._tags, with_time)
        limits, bases = self._settings.file.brakes, loss_bases(carriers, config)
        return movements, [*brakes_on_plan(changes, movements, losers, self._before.count, limits, bases=bases)]


def _brakes_on_ages(work: Work, delivered: Iterable[Delivery]) -> list[TrippedBrake]:
    limits = work.settings.file.brakes
    brakes = []
    for delivery in delivered:
        kind = delivery.kind
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


def _brakes_on_history(work: Work, reached: Reached, plan: Plan, known: int) -> list[TrippedBrake]:
    """What runs before this one make a person's business."""
    runs, name, portal = work.state.runs, work.record.destination, reached.portal
    brakes = []
    count = len(plan.changes)
    examples = first_of(change.email for change in plan.changes)
    # Contacts that were found in HubSpot as they should be are known before anything was ever sent.
    is_first = not known or not runs.has_written(name, portal)
    if is_first and work.settings.file.destination != "sandbox":
        brakes.append(
            TrippedBrake(
                "first_load",
                f"This is the first load into portal {portal.portal_id}: {count:,} contacts.",
                count,
                "the first load always waits for a person",
                examples,
            )
        )
    pause = work.state.pauses.current(work.clock())
    if pause is not None:
        brakes.append(brake_of(pause, work.settings.zone, (change.email for change in plan.changes)))
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
