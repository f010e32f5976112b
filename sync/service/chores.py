"""What keeps the house in order: checks, disks, missing exports, old runs; besides runs and repairs."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from sync.app import today
from sync.checks import run_checks
from sync.locking import single_flight
from sync.retention import prune
from sync.service.taking_in import TakingIn
from sync.service.timetable import Timetable
from sync.settings import AppSettings
from sync.state.store import State
from sync.telling import Telling
from sync.telling.disks import free_bytes

DISKS_EVERY = timedelta(minutes=5)


class Chores:
    """Small jobs with a time of their own.

    Args:
        settings: What is due when.
        state: What is on record.
        telling: Hears of what is wrong.
        clock: The time.
    """

    def __init__(self, settings: AppSettings, state: State, telling: Telling, *, clock: Callable[[], datetime]) -> None:
        self._settings, self._state, self._telling, self._clock = settings, state, telling, clock
        self._checked_at: datetime | None = None
        self._weighed_at: datetime | None = None
        self._tidied_on: date | None = None

    def check(self, timetable: Timetable) -> None:
        """`goldpan check`, at the start and when it is due."""
        now = self._clock()
        if self._checked_at is None or timetable.due("check", now, self._checked_at) is not None:
            self._checked_at = now
            self._telling.after_check(run_checks(self._settings))

    def look_at_disks(self) -> None:
        """Whether there is room."""
        now = self._clock()
        if self._weighed_at is None or now - self._weighed_at >= DISKS_EVERY:
            self._weighed_at = now
            self._telling.disk(free_bytes(self._settings))

    def look_for_exports(self, taking_in: TakingIn) -> None:
        """Whether each export has arrived by its hour: what a source ever delivered, and what is awaited."""
        due = self._due_today()
        if due is None:
            return
        sources = [source.name for source in self._settings.file.sources]
        arrivals = {pair: at for pair, at in taking_in.last_arrivals().items() if pair[0] in sources}
        for (source, kind), at in arrivals.items():
            if len(sources) > 1:
                self._look_for_export(kind, at, due, source)
        # Where there is one source, a kind is told without it; and one that none of several ever delivered.
        for kind in dict.fromkeys([*self._settings.file.intake.awaits, *(kind for _, kind in arrivals)]):
            last_at = max((at for (_, each), at in arrivals.items() if each == kind), default=None)
            if len(sources) == 1 or last_at is None or last_at >= due - timedelta(days=1):
                self._look_for_export(kind, last_at, due)

    def _look_for_export(self, kind: str, at: datetime | None, due: datetime, source: str = "") -> None:
        """It has arrived if it came after the last hour at which one was due, such as the evening before."""
        if at is not None and at >= due - timedelta(days=1):
            self._telling.export_arrived(kind, source)
        elif self._clock() >= due:
            self._telling.export_missing(kind, due, source)

    def tidy(self) -> None:
        """Once a day, after its first run: remove what is older than the archive keeps, upload what still waits."""
        day = today(self._settings, self._clock())
        if self._tidied_on == day:
            return
        with single_flight(self._settings):
            pruned = prune(self._settings, self._state, today=day)
        self._tidied_on = day
        if pruned.problems:
            self._telling.archive_problem(" ".join(pruned.problems))
        else:
            self._telling.archive_ok()

    def _due_today(self) -> datetime | None:
        """The hour by which exports should be there today."""
        hour = self._settings.file.alerts.export_due
        if not hour:
            return None
        zone = self._settings.zone
        return datetime.combine(self._clock().astimezone(zone).date(), time.fromisoformat(hour), zone)
