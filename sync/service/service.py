"""The loop of `goldpan serve`: look for exports, do what is due, tell people; one thing after the other."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import BusyError, GoldpanError
from sync.app import now as real_now
from sync.lifecycle import cause_of, own_frames
from sync.locking import single_flight
from sync.runner import RunRequest, run
from sync.service.chores import Chores
from sync.service.liveness import Liveness
from sync.service.reloading import refuse_lost
from sync.service.taking_in import TakingIn
from sync.service.timetable import Timetable
from sync.service.wanted import is_repair_wanted, wanted_run
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.store import State
from sync.stopping import Stop
from sync.telling import Telling
from sync.telling.runs import problem_of
from sync.verify import verify

log = structlog.get_logger()

GRAVITY = (0, 5, 4, 3, 1, 2)
"""Exit codes, the gravest last: all is well, busy, new refusals, held, failed, to be configured."""


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
        exit_code: Of its runs so far, and of what else failed, the gravest; 0 while all is well.
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
        self.liveness, self.exit_code = Liveness(stop), 0
        settings = load()
        self._telling = Telling(settings, state, clock=clock)
        self._said: dict[str, str] = {}
        self._has_closed = False
        self._furnish(settings)

    def go(self) -> None:
        """Turn until told to stop."""
        log.info("service.started", sources=[source.name for source in self.settings.file.sources])
        self._taking_in.watch()
        looks = True
        while not self._stop.is_set():
            self.turn(looks=looks)
            looks = self._taking_in.wait()
        log.info("service.stopped")

    def turn(self, *, looks: bool = True) -> None:
        """Do everything that is due now; what fails is logged and told, and tried again at the next turn.

        Args:
            looks: Look into the sources too.
        """
        self._attempt("settings", self._reload)
        chores, taking_in = self._chores, self._taking_in
        for job, work in (
            ("start", self._close_interrupted),
            ("intake", taking_in.look),
            ("run", self._run_if_wanted),
            ("verify", self._verify_if_due),
            ("check", lambda: chores.check(self._timetable)),
            ("disks", chores.look_at_disks),
            ("exports", lambda: chores.look_for_exports(taking_in)),
            ("archive", chores.tidy),
        ):
            if not self._stop.is_set() and (looks or job != "intake"):
                self._attempt(job, work)
        self._telling.repeat()

    def note_end(self, exit_code: int) -> None:
        """A run has ended so."""
        self.exit_code = max(self.exit_code, exit_code, key=GRAVITY.index)

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
        try:
            with self.liveness.busy(job):  # a share or a bucket may hang for minutes
                work()
        except BusyError as error:
            if self._is_new(job, str(error)):
                log.info("job.waits", job=job, reason=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs still have their chance
            what = _in_words(error)
            if self._is_new(job, what):
                # Without the error itself: its text may hold names.
                log.error("job.failed", job=job, error=type(error).__name__, where=own_frames(error), what=what)  # noqa: TRY400
            self.note_end(error.exit_code if isinstance(error, GoldpanError) else 1)
            self._telling.job_failed(job, what)
        else:
            if self._said.pop(job, None) is not None:
                log.info("job.recovered", job=job)
            self._telling.job_worked(job)

    def _is_new(self, job: str, what: str) -> bool:
        """Whether this was not said of the job at the turn before: what lasts is logged once."""
        before, self._said[job] = self._said.get(job), what
        return what != before

    def _close_interrupted(self) -> None:
        """At the start: what ended without a word, such as an approval that was killed, is running no more."""
        if self._has_closed:
            return
        with single_flight(self.settings):
            closed = self._state.runs.close_interrupted(self._clock())
        self._has_closed = True
        if closed:
            log.warning("runs.interrupted", runs=closed)

    def _reload(self) -> None:
        """An edit of the config holds from the next turn on; after one with a mistake, the config before stays."""
        settings = self._load()
        if settings != self.settings:
            refuse_lost(self.settings, settings)
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
        if "run" not in self._said:
            log.info("run.wanted", why=wanted.why)
        record = run(self.settings, RunRequest(delivered=wanted.delivered), clock=self._clock, stop=self._stop)
        self._taking_in.settle(record, wanted.delivered)
        self.note_end(record.exit_code)
        if record.status == "failed":
            log.error("run.failed", run_id=record.run_id, problems=[*map(problem_of, record.problems)])
        self._telling.after_run(record)

    def _verify_if_due(self) -> None:
        now, schedule = self._clock(), self.settings.file.schedule
        if not is_repair_wanted(self._state, timetable=self._timetable, schedule=schedule, now=now):
            return
        has_sent = self._state.runs.find(t.runs.c.status.in_(("done", "partial")), limit=1)
        if not has_sent or self._state.pauses.current(self._clock()) is not None:
            return  # after a pause it is still due
        verified = verify(self.settings, repair=True, clock=self._clock, stop=self._stop)
        self.note_end(verified.record.exit_code)
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
