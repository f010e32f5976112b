"""What `goldpan serve` would do by itself: when, whom it would tell, and whether it is paused."""

from collections.abc import Iterator
from datetime import datetime

from sync.app import open_state
from sync.calendar import Calendar
from sync.checks.check import Check, advice, attempt
from sync.pausing import in_words
from sync.settings import AppSettings


def checks(settings: AppSettings, at: datetime) -> Iterator[Check]:
    """A line each; none of them stops a run."""
    yield attempt("schedule", lambda: _schedule(settings, at))
    yield attempt("alerts", lambda: _alerts(settings))
    yield _pause(settings, at)


def _schedule(settings: AppSettings, at: datetime) -> str:
    schedule = settings.file.schedule
    times = {"run": schedule.nightly, "verify": schedule.verify, "check": schedule.check}
    coming = {name: Calendar(cron, settings.zone).next_after(at) for name, cron in times.items() if cron}
    listed = (f"{name} {due.astimezone(settings.zone):%a %Y-%m-%d %H:%M}" for name, due in coming.items() if due)
    return f"goldpan serve: {', '.join(listed) or 'nothing'} ({settings.file.time_zone})"


def _alerts(settings: AppSettings) -> str:
    """How many, never where: the addresses are secrets."""
    count = len(settings.alert_urls)
    told = f"{count} address{'' if count == 1 else 'es'}" if count else "nobody is told when something is wrong"
    digest = "on" if settings.file.digest.is_on else "off"
    heartbeat = "on" if settings.heartbeat_url else "off"
    hint = "" if count else "; to change that: GOLDPAN_ALERT_URLS"
    return f"{told}, digest {digest}, heartbeat {heartbeat}{hint}"


def _pause(settings: AppSettings, at: datetime) -> Check:
    looked = attempt("pause", lambda: _paused(settings, at))
    if not looked.is_ok:
        return looked
    return advice("pause", looked.says, "none")


def _paused(settings: AppSettings, at: datetime) -> str:
    with open_state(settings, read_only=True) as state:
        pause = state.pauses.current(at)
    return f"{in_words(pause, settings.zone)} To go on: goldpan resume" if pause else ""
