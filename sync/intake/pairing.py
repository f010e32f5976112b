"""Whether what has arrived should start a run: memberships and orders belong together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.settings_file import IntakeSettings


@dataclass(frozen=True, slots=True)
class Arrival:
    """An export that waits.

    Attributes:
        at: When it was taken in.
        was_used: A run has had it already, and was held or failed: it starts no other by itself.
    """

    kind: str
    at: datetime
    was_used: bool = False


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing new has arrived."""


@dataclass(frozen=True, slots=True)
class Start:
    """A run should start.

    Attributes:
        reused: The kinds of which it takes the last accepted exports, because nothing new came in time.
    """

    reused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """More may come.

    Attributes:
        until: Then decide again, or when something arrives.
        kinds: What is awaited; empty: only a newer version of what is there.
    """

    until: datetime
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """What arrived can't be used without the other kind, which has not come: somebody should be told.

    Attributes:
        kinds: What is missing.
        reason: In words, with what to do.
    """

    kinds: tuple[str, ...]
    reason: str


Decision = Idle | Start | Wait | Missing


def decide(
    waiting: Iterable[Arrival],
    accepted_at: Mapping[str, datetime],
    now: datetime,
    settings: IntakeSettings,
    came_again: Mapping[str, datetime] | None = None,
) -> Decision:
    """Decide.

    Args:
        waiting: What has arrived and was not accepted yet.
        accepted_at: When the exports arrived that were accepted last, by kind; without the kinds that never were.
        now: The time.
        settings: How long to wait for what.
        came_again: When the accepted content of a kind came once more: who delivers the same again has delivered.
    """
    waiting = [*waiting]
    new = [each.at for each in waiting if not each.was_used]
    if not new:
        return Idle()
    there = {each.kind for each in waiting}
    patience = timedelta(minutes=settings.patience_minutes)
    again = {kind for kind, at in (came_again or {}).items() if at >= min(new) - patience}
    missing = tuple(kind for kind in settings.awaits if kind not in there | again)
    until = max(new) + timedelta(seconds=settings.debounce_seconds)
    if missing:
        until = max(until, min(new) + patience)
    if now < until:
        return Wait(until, missing)
    problems = [problem for kind in missing if (problem := _unfit(kind, accepted_at.get(kind), now, settings))]
    if problems:
        return Missing(
            tuple(kind for kind in missing if _unfit(kind, accepted_at.get(kind), now, settings)),
            f"{' and '.join(sorted(there))} arrived, but {'; '.join(problems)}. Drop the missing export: the run "
            "starts by itself then.",
        )
    return Start(tuple(kind for kind in settings.awaits if kind not in there))


def _unfit(kind: str, accepted_at: datetime | None, now: datetime, settings: IntakeSettings) -> str | None:
    """Why the last accepted export of a kind can't stand in, in words."""
    if accepted_at is None:
        return f"no {kind} export with them, and none was accepted before"
    age = now - accepted_at
    if age <= timedelta(days=settings.other_kind_max_age_days):
        return None
    return (
        f"no {kind} export with them, and the last accepted one is {age.days} days old ([intake] "
        f"other_kind_max_age_days = {settings.other_kind_max_age_days})"
    )
