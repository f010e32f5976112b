"""Whether a run is wanted now, why, and with which exports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.exports import Delivery
from sync.intake import Decision, Missing, Start, Wait
from sync.pausing import BRAKE
from sync.service.retries import may_try_again
from sync.service.timetable import Timetable
from sync.settings_file import KINDS, ScheduleSettings
from sync.state import tables as t
from sync.state.runs import StoredRun
from sync.state.store import State

COUNTED = ("done", "partial", "held", "failed")
"""How a run ended that had its chance; one that was interrupted has not."""
LATEST = 30


@dataclass(frozen=True)
class Wanted:
    """A run that should begin now.

    Attributes:
        why: ``arrival``, ``nightly``, ``resumed`` (after a pause) or ``retry``.
        delivered: The exports that it takes instead of those accepted last.
    """

    why: str
    delivered: tuple[Delivery, ...]


def wanted_run(
    state: State,
    decision: Decision,
    waiting: Sequence[Delivery],
    *,
    timetable: Timetable,
    schedule: ScheduleSettings,
    now: datetime,
) -> Wanted | None:
    """Decide.

    Args:
        state: What ran, and what was accepted.
        decision: What the intake makes of what waits.
        waiting: What waits, also what a held run has used already.
        timetable: When a night is due.
        schedule: When what failed is tried again.
        now: The time.
    """
    if isinstance(decision, Wait):
        return None  # also a night that is due: it goes with what is about to be complete
    if isinstance(decision, Start):
        return Wanted("arrival", tuple(waiting))
    delivered = () if isinstance(decision, Missing) else tuple(waiting)
    runs = counted_runs(state, "run", now)
    if delivered and runs and _is_held_by_a_past_pause(runs[0], state, now):
        return Wanted("resumed", delivered)
    is_due = timetable.due("nightly", now, runs[0].started_at if runs else None) is not None
    if is_due and _has_both(state, delivered):
        return Wanted("nightly", delivered)
    return Wanted("retry", delivered) if may_try_again(runs, now, schedule) else None


def counted_runs(state: State, kind: str, now: datetime) -> list[StoredRun]:
    """The latest runs of a kind that had their chance, the newest first; none of a time to come, by a wrong clock."""
    r = t.runs.c
    return state.runs.find(r.kind == kind, r.status.in_(COUNTED), r.started_at <= now, limit=LATEST)


def is_repair_wanted(state: State, *, timetable: Timetable, schedule: ScheduleSettings, now: datetime) -> bool:
    """Whether the weekly repair is due; one that failed is due again as soon as a run would be tried again.

    Args:
        state: What was repaired.
        timetable: When it is due.
        schedule: When what failed is tried again.
        now: The time.
    """
    repairs = counted_runs(state, "repair", now)
    done_at = next((repair.started_at for repair in repairs if repair.status != "failed"), None)
    due_at = timetable.due("verify", now, done_at)
    if due_at is None:
        return False
    is_tried = bool(repairs) and repairs[0].started_at >= due_at
    return not is_tried or may_try_again(repairs, now, schedule)


def _is_held_by_a_past_pause(run: StoredRun, state: State, now: datetime) -> bool:
    """Whether nothing but a pause held it, and that is over."""
    brakes = [brake["name"] for brake in run.record.get("brakes", [])]
    return run.status == "held" and brakes == [BRAKE] and state.pauses.current(now) is None


def _has_both(state: State, delivered: Sequence[Delivery]) -> bool:
    """Whether there is anything of each kind: before the first exports arrived, a night has nothing to do."""
    there = {each.kind for each in delivered}
    return all(kind in there or state.inputs.last_accepted(kind) for kind in KINDS)
