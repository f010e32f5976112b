"""The loop of `goldpan serve`: look for exports, do what is due, tell people; one thing after the other."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import BusyError, GoldpanError
from sync.app import now as real_now
from sync.lifecycle import cause_of, own_frames
from sync.runner import RunRequest, run
from sync.service.chores import Chores
from sync.service.liveness import Liveness
from sync.service.taking_in import TakingIn
from sync.service.timetable import Timetable
from sync.service.wanted import COUNTED, wanted_run
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.store import State
from sync.stopping import Stop
from sync.telling import Telling
from sync.verify import verify

log = structlog.get_logger()


class Service:
    """One process that keeps HubSpot in step; it does one thing at a time, in the thread that calls it.

    Args:
        load: Reads the settings; called before each turn, so that an edit of the config holds from then on.
        state: Open for as long as the service.
        stop: Ends it, and what it is doing.
        clock: The time.

    Attributes:
        settings: As they were read last.
        liveness: How the loop is.
    """

    def __init__(
        self,
        load: Callable[[], AppSettings],
        state: State,
        *,
        stop: Stop,
        clock: Callable[[], datetime] = real_now,
    ) -> None:
        self._load, self._state, self._stop, self._clock = load, state, stop, clock
        self.liveness = Liveness(stop)
        settings = load()
        self._telling = Telling(settings, state, clock=clock)
        self._furnish(settings)

    def go(self) -> None:
        """Turn until told to stop."""
        log.info("service.started", sources=[source.name for source in self.settings.file.sources])
        self._taking_in.watch()
        while not self._stop.is_set():
            self.turn()
            self._taking_in.wait()
        log.info("service.stopped")

    def turn(self) -> None:
        """Do everything that is due now; what fails is logged and told, and tried again at the next turn."""
        self._attempt("settings", self._reload)
        chores, taking_in = self._chores, self._taking_in
        for job, work in (
            ("intake", taking_in.look),
            ("run", self._run_if_wanted),
            ("verify", self._verify_if_due),
            ("check", lambda: chores.check(self._timetable)),
            ("disks", chores.look_at_disks),
            ("exports", lambda: chores.look_for_exports(taking_in)),
            ("archive", chores.tidy),
        ):
            if not self._stop.is_set():
                self._attempt(job, work)
        self._telling.repeat()

    def _furnish(self, settings: AppSettings) -> None:
        """Make everything that depends on the settings."""
        self.settings = settings
        self._timetable = Timetable(settings.file.schedule, settings.zone)
        self._taking_in = TakingIn(settings, self._state, self._telling, clock=self._clock, stop=self._stop)
        self._chores = Chores(settings, self._state, self._telling, clock=self._clock)
        for job, at in self._timetable.coming(self._clock()):
            log.info("job.scheduled", job=job, due_at=at.isoformat())

    def _attempt(self, job: str, work: Callable[[], None]) -> None:
        """Nothing ends the service but its stop."""
        self.liveness.turn()
        try:
            work()
        except BusyError as error:
            log.info("job.waits", job=job, reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs still have their chance
            what = _in_words(error)
            # Without the error itself: its text may hold names.
            log.error("job.failed", job=job, error=type(error).__name__, where=own_frames(error), what=what)  # noqa: TRY400
            self._telling.job_failed(job, what)
        else:
            self._telling.job_worked(job)

    def _reload(self) -> None:
        """An edit of the config holds from the next turn on; after one with a mistake, the config before stays."""
        settings = self._load()
        if settings != self.settings:
            log.info("settings.changed")
            self._taking_in.end()
            self._telling.use(settings)
            self._furnish(settings)
            self._taking_in.watch()

    def _run_if_wanted(self) -> None:
        now, schedule = self._clock(), self.settings.file.schedule
        decision, waiting = self._taking_in.decide(now), self._taking_in.waiting()
        wanted = wanted_run(self._state, decision, waiting, timetable=self._timetable, schedule=schedule, now=now)
        if wanted is None:
            return
        log.info("run.wanted", why=wanted.why)
        with self.liveness.busy("run"):
            record = run(self.settings, RunRequest(delivered=wanted.delivered), clock=self._clock, stop=self._stop)
        self._taking_in.settle(record)
        self._telling.after_run(record)

    def _verify_if_due(self) -> None:
        repairs = self._state.runs.find(t.runs.c.kind == "repair", t.runs.c.status.in_(COUNTED), limit=1)
        if self._timetable.due("verify", self._clock(), repairs[0].started_at if repairs else None) is None:
            return
        has_sent = self._state.runs.find(t.runs.c.status.in_(("done", "partial")), limit=1)
        if not has_sent or self._state.pauses.current(self._clock()) is not None:
            return  # after a pause it is still due
        with self.liveness.busy("verify"):
            verified = verify(self.settings, repair=True, clock=self._clock, stop=self._stop)
        self._telling.after_run(verified.record)


def _in_words(error: Exception) -> str:
    """What went wrong, without anything that a person or a file wrote."""
    if isinstance(error, GoldpanError):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return f"The state database failed: {cause_of(error)}."
    if isinstance(error, OSError):
        return f"The machine refused something: {error.strerror or type(error).__name__}."
    return f"{type(error).__name__}: a defect of Goldpan; the log says where."
