"""Whether a run is wanted now, why, and with which exports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.exports import Delivery
from sync.intake import Decision, Missing, Start, Wait
from sync.service.repeats import may_try_again
from sync.service.timetable import Timetable
from sync.settings_file import KINDS, ScheduleSettings
from sync.state import tables as t
from sync.state.store import State

COUNTED = ("done", "partial", "held", "failed")
"""How a run ended that had its chance; one that was interrupted has not."""
LATEST = 30


@dataclass(frozen=True)
class Wanted:
    """A run that should begin now.

    Attributes:
        why: ``arrival``, ``nightly`` or ``retry``.
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
    runs = state.runs.find(t.runs.c.kind == "run", t.runs.c.status.in_(COUNTED), limit=LATEST)
    is_due = timetable.due("nightly", now, runs[0].started_at if runs else None) is not None
    if is_due and _has_both(state, delivered):
        return Wanted("nightly", delivered)
    return Wanted("retry", delivered) if may_try_again(runs, now, schedule) else None


def _has_both(state: State, delivered: Sequence[Delivery]) -> bool:
    """Whether there is anything of each kind: before the first exports arrived, a night has nothing to do."""
    there = {each.kind for each in delivered}
    return all(kind in there or state.inputs.last_accepted(kind) for kind in KINDS)
