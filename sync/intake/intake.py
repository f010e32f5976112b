"""The intake of `goldpan serve`: looks into the sources, takes whole files in, and says when a run should start.

One service at a time takes in from a source: whoever looks while another does finds files gone, and loses none.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial

import structlog

from goldpan.errors import GoldpanError
from sync.app import now as real_now
from sync.exports import Delivery, delivery_of
from sync.intake.afterwards import Afterwards
from sync.intake.claiming import Claiming
from sync.intake.looked import NO_SOURCE, Looked
from sync.intake.pairing import Arrival, Decision, decide
from sync.intake.settling import Settling
from sync.record import RunRecord
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.sources import ChangedError, Refusal, Source, open_sources
from sync.state.deliveries import Deliveries, StoredDelivery
from sync.state.store import State

log = structlog.get_logger()


class Intake:
    """Files from the sources into the archive; every call may be cut short at any moment, and the next goes on.

    Args:
        settings: Sources, folders, and how long to wait for what.
        state: Where claims are on record.
        clock: The time.
        on_step: Told of each step of a claim that was done; for tests.
        is_stopped: Asked between two files.

    Attributes:
        deliveries: The record.
    """

    def __init__(
        self,
        settings: AppSettings,
        state: State,
        *,
        clock: Callable[[], datetime] = real_now,
        on_step: Callable[[str], None] = lambda _: None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings, self._state, self._clock, self._is_stopped = settings, state, clock, is_stopped
        self.deliveries = Deliveries(state.engine)
        self._sources: dict[str, Source] = {source.settings.name: source for source in open_sources(settings, clock)}
        self._settling = Settling(settings.file.intake.settle_seconds)
        self._claiming = Claiming(settings, self.deliveries, clock, on_step)
        self._afterwards = Afterwards(settings, self.deliveries, self._claiming)
        self._said: dict[str, frozenset[str]] = {}

    @property
    def is_settling(self) -> bool:
        """Whether the last look found a file that is not whole yet."""
        return self._settling.is_waiting

    def recover(self) -> Looked:
        """Settle what the last service left when it ended, however it did; at start, before the first look."""
        looked = Looked()
        self._attempt(NO_SOURCE, "failed", looked, self._afterwards.complete)
        self._go_on(looked)
        return looked

    def look(self) -> Looked:
        """Look into every source once, and take in what is whole.

        What fails is in the problems, and tried again with the next look; only a failing state database is raised.
        """
        looked = Looked()
        self._go_on(looked)
        for source in self._sources.values():
            if not self._is_stopped():
                name = source.settings.name
                self._attempt(name, name, looked, partial(self._look_into, source, looked))
        self._say("intake.troubled", "problems", looked.problems)
        return looked

    def decide(self, now: datetime) -> Decision:
        """Whether what waits should start a run; see :func:`sync.intake.pairing.decide`."""
        waiting = [Arrival(each.kind, each.claimed_at, bool(each.run_id)) for each in self.deliveries.waiting()]
        accepted = {kind: self._accepted_at(kind) for kind in KINDS} if waiting else {}
        known = {kind: at for kind, at in accepted.items() if at is not None}
        came_again = self.deliveries.came_again() if waiting else {}
        return decide(waiting, known, now, self._settings.file.intake, came_again)

    def settle_run(self, run_id: str, status: str, used: Collection[str], refused: Mapping[str, str]) -> Looked:
        """What became of a run's exports.

        Args:
            run_id: The run.
            status: How it ended: unless it was interrupted, what it did not accept itself waits on.
            used: The digests of what it was given and read.
            refused: Why an export could not be used, by its digest: it is set aside.
        """
        if status in ("done", "partial", "held", "failed"):
            self.deliveries.use(run_id, used)
        looked = Looked()
        for sha256, reason in refused.items():
            self._attempt(NO_SOURCE, "failed", looked, partial(self._afterwards.refuse, sha256, reason, looked))
        self._say("intake.troubled", "refusals", looked.problems)
        return looked

    def settle_record(self, record: RunRecord, given: Iterable[Delivery] = ()) -> Looked:
        """The same, by the run's own record.

        Args:
            record: The run's.
            given: What it was to take, though it may have failed before it looked at it.
        """
        refused = {each.sha256: each.problem for each in record.inputs if each.problem}
        used = {each.sha256 for each in record.inputs} | {each.digest for each in given}
        return self.settle_run(record.run_id, record.status, used - refused.keys(), refused)

    def waiting_exports(self) -> list[Delivery]:
        """What waits, as a run takes it."""
        waiting = self.deliveries.waiting()
        found = [delivery_of(each.as_input, self._settings) for each in waiting]
        gone = [each.name for each, delivery in zip(waiting, found, strict=True) if delivery is None]
        self._say("export.gone", "archive", gone)
        return [delivery for delivery in found if delivery is not None]

    def _accepted_at(self, kind: str) -> datetime | None:
        """When the last accepted exports of a kind arrived: the oldest of them, where several sources have some."""
        times = [self.deliveries.arrived_at(each.sha256) for each in self._state.inputs.last_accepted(kind)]
        return min((at for at in times if at is not None), default=None)

    def _go_on(self, looked: Looked) -> None:
        """Everything that was begun and is not ended."""
        for row in self.deliveries.claimed():
            source = self._sources.get(row.source)
            about = row.source if source is not None else NO_SOURCE
            self._attempt(about, row.name, looked, partial(self._claiming.go_on, row, source, looked))
        self._attempt(NO_SOURCE, "processing", looked, partial(self._claiming.clean_up, looked))

    def _look_into(self, source: Source, looked: Looked) -> None:
        name = source.settings.name
        listing = source.list_files()
        for problem in listing.problems:
            looked.note_problem(name, problem)
        known = self.deliveries.latest(name) if listing.files or listing.refused else {}
        for refusal in listing.refused:
            self._refuse_in_place(refusal, known.get(refusal.found.key), looked)
        self._say("file.in_use", name, [found.name for found in listing.in_use])
        whole = [*listing.files]
        if source.settles:
            whole = self._settling.whole(whole, self._clock(), place=name)
        for found in sorted(whole, key=lambda found: (found.modified_at, found.name)):
            if not self._is_stopped():
                take = partial(self._claiming.take, source, found, known.get(found.key), looked)
                self._attempt(name, found.name, looked, take)

    def _refuse_in_place(self, refusal: Refusal, latest: StoredDelivery | None, looked: Looked) -> None:
        """Said once, and left where it is."""
        found = refusal.found
        if latest is None or latest.fingerprint != found.fingerprint:
            row = self._claiming.record(found)
            row = self.deliveries.mark(
                row.delivery_id, status="refused", reason=refusal.reason, finished_at=self._clock()
            )
            looked.note_refused(row, refusal.code)

    def _attempt(self, about: str, what: str, looked: Looked, work: Callable[[], None]) -> None:
        """What fails now is tried again; the other files go on."""
        try:
            work()
        except ChangedError:
            pass  # it settles again
        except GoldpanError as error:
            looked.note_problem(about, str(error))
        except OSError as error:
            place = f" ({error.filename})" if error.filename else ""
            looked.note_problem(about, f"{what}: {error.strerror or error}{place}. It is tried again.")

    def _say(self, event: str, about: str, texts: Iterable[str]) -> None:
        """Log what is new since the last look."""
        before, now = self._said.get(f"{event} {about}", frozenset()), frozenset(texts)
        self._said[f"{event} {about}"] = now
        for text in sorted(now - before):
            log.warning(event, about=about, what=text)
