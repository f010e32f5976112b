"""The intake as a part of the service's turn: its looks, and what people are told of them."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from sync.exports import Delivery
from sync.intake import Decision, Missing
from sync.intake.intake import Intake
from sync.intake.looked import NO_SOURCE, Looked, Refused
from sync.intake.watching import watch
from sync.locking import single_flight
from sync.record import RunRecord
from sync.settings import AppSettings
from sync.state.database import checked_url
from sync.state.store import State
from sync.stopping import Stop
from sync.telling import RefusedFile, Telling

TURN_SECONDS = 10.0
"""So often at least the service turns, however rarely it looks: the night begins at its hour, a new config holds."""
NOTICED_SECONDS = 0.5
"""A stop is noticed after so long."""


class TakingIn:
    """What arrives.

    Args:
        settings: The sources.
        state: Where deliveries are on record.
        telling: Hears of refused files and of sources that are away.
        clock: The time.
        stop: Ends a look between two files.
    """

    def __init__(
        self, settings: AppSettings, state: State, telling: Telling, *, clock: Callable[[], datetime], stop: Stop
    ) -> None:
        self._settings, self._telling, self._clock, self._stop = settings, telling, clock, stop
        self.intake = Intake(settings, state, clock=clock, is_stopped=stop.is_set)
        self._wake, self._end = threading.Event(), Stop(stop)
        self._has_recovered = False
        self._looked_at, self._has_looked = -math.inf, False

    def watch(self) -> None:
        """Be woken by changes in the folders, from now on."""
        folders = [self._settings.home / source.folder for source in self._settings.file.sources if source.folder]
        watch(folders, self._wake, self._end)

    def end(self) -> None:
        """Be woken no more."""
        self._end.set()

    def wait(self) -> bool:
        """Until something changed, something else may be due, or the service is told to stop.

        Returns:
            Whether it is time for the next look.
        """
        intake = self._settings.file.intake
        again: float = max(intake.settle_seconds, 1) if self.intake.is_settling else intake.poll_seconds
        again = again if self._has_looked else TURN_SECONDS
        look_at = self._looked_at + min(again, intake.poll_seconds)
        until = min(look_at, time.monotonic() + TURN_SECONDS)
        while not self._stop.is_set() and not self._wake.is_set() and (left := until - time.monotonic()) > 0:
            self._wake.wait(min(left, NOTICED_SECONDS))
        is_woken = self._wake.is_set()
        self._wake.clear()
        return is_woken or time.monotonic() >= look_at

    def look(self) -> None:
        """Take in what is whole; the first time, settle first what the last service left."""
        self._looked_at, self._has_looked = time.monotonic(), False
        with self._alone():
            if not self._has_recovered:
                self._tell_refused(self.intake.recover())
                self._has_recovered = True
            looked = self.intake.look()
            self._tell_refused(looked)
            self._tell_problems(looked)
        self._has_looked = True

    def _alone(self) -> AbstractContextManager[object]:
        """Services on several machines take turns; on one machine there is one service per home."""
        is_on_server = checked_url(self._settings.state_url).get_backend_name() != "sqlite"
        return single_flight(self._settings) if is_on_server else nullcontext()

    def decide(self, now: datetime) -> Decision:
        """Whether a run should start; that something has to come first is told."""
        decision = self.intake.decide(now)
        if isinstance(decision, Missing):
            self._telling.exports_incomplete(decision.reason)
        else:
            self._telling.exports_complete()
        return decision

    def waiting(self) -> list[Delivery]:
        """What waits for its run, or for approval."""
        return self.intake.waiting_exports()

    def settle(self, record: RunRecord, given: Iterable[Delivery]) -> None:
        """What became of the exports that a run was given."""
        self._tell_refused(self.intake.settle_record(record, given))

    def last_arrivals(self) -> dict[tuple[str, str], datetime]:
        """When an export arrived last, by source and kind."""
        return self.intake.deliveries.arrivals_by_source()

    def _tell_refused(self, looked: Looked) -> None:
        self._telling.files_refused([*map(_told, looked.refused)])

    def _tell_problems(self, looked: Looked) -> None:
        """How each source is after a look: only a look into all of them knows that."""
        if self._stop.is_set():  # it may have ended the look before it came to all
            return
        for name in dict.fromkeys([NO_SOURCE, *(source.name for source in self._settings.file.sources)]):
            if problems := looked.problems_about(name):
                self._telling.source_problem(name, " ".join(problems))
            else:
                self._telling.source_ok(name)


def _told(refused: Refused) -> RefusedFile:
    """Without the whole reason, which may quote a row: that stands beside the file."""
    delivery = refused.delivery
    where = f"the whole reason: {delivery.path}.txt" if delivery.path else "it was left where it is"
    return RefusedFile(delivery.name, delivery.source, f"{refused.code}; {where}")
