"""For whoever keeps Goldpan going: one object that is told what happens, and decides who hears of it."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from goldpan.errors import GoldpanError
from sync.record import RunRecord
from sync.scrubbing import Scrubber, secrets_of
from sync.settings import AppSettings
from sync.state.alerts import Alerts
from sync.state.store import State
from sync.telling import messages
from sync.telling.alerting import Alerting
from sync.telling.conditions import OK, PATIENCE, is_low
from sync.telling.disks import free_bytes
from sync.telling.messages import RefusedFile, Trouble, message_on_trouble
from sync.telling.nights import Nights
from sync.telling.runs import RunTold

if TYPE_CHECKING:
    from sync.checks import Check

log = structlog.get_logger()

ACCESS = frozenset({"token", "portal", "read scope"})
"""Checks that speak of access to HubSpot."""
REFUSED = 2
"""The exit code of a check that a person has to mend; another one may pass by itself, such as HubSpot being away."""
MB = 1_000_000


class Telling:
    """Alerts, heartbeat and digest. Whatever goes wrong here is logged, and never breaks what is told of.

    Args:
        settings: Who is told.
        state: Where it is remembered what was told.
        clock: The time.
        patience: How long something that comes and goes must be away before it is told.
        sender: Stands at the end of every message; by default the name of this machine.
    """

    def __init__(
        self,
        settings: AppSettings,
        state: State,
        *,
        clock: Callable[[], datetime],
        patience: timedelta = PATIENCE,
        sender: str = "",
    ) -> None:
        self._settings, self._clock, self._patience = settings, clock, patience
        name = sender or f"Goldpan on {socket.gethostname()}"
        self._alerting = Alerting(Alerts(state.engine), lambda: self._settings.alert_urls, name)
        self._nights = Nights(state, self._alerting, clock)
        self._away_since: dict[str, datetime] = {}
        self._fine: set[str] = set()

        self.use(settings)

    def use(self, settings: AppSettings) -> None:
        """Go on with these settings; what waits to be delivered still waits."""
        self._settings = self._nights.settings = settings
        self._alerting.scrubber = Scrubber(secrets_of(settings))

    def after_run(self, record: RunRecord) -> None:
        """A run has ended: its heartbeat, its alert and its digest; nothing after a dry run or a person's own try."""
        if record.dry_run or record.kind not in ("run", "approve", "repair"):
            return
        run = RunTold.of_record(record)
        for what, tell in (
            ("heartbeat", self._nights.ping),
            ("run", self._nights.stand),
            ("digest", self._nights.send_digest),
        ):
            with _guarded(what):
                tell(run)

    def after_check(self, checks: Iterable["Check"]) -> None:
        """The daily check was made."""
        found = list(checks)
        wrong = [check for check in found if not check.is_ok and check.exit_code]
        access = [check for check in wrong if check.name in ACCESS]
        denied = [check for check in access if check.exit_code == REFUSED]
        with _guarded("access"):
            if denied or not access:  # HubSpot being away says nothing about access
                self._stand("access", "denied" if denied else OK, messages.denied_access(denied))
        with _guarded("check"):
            others = [check for check in wrong if check.name not in ACCESS and check.name != "disk"]
            self._stand("check", "failing" if others else OK, messages.failing_checks(others))
        self.disk(free_bytes(self._settings))

    def export_missing(self, kind: str, due: datetime, source: str = "") -> None:
        """An export did not arrive by its hour; the source is named where there are several."""
        self._stand_export("missing", kind, due, source)

    def export_arrived(self, kind: str, source: str = "") -> None:
        """It did."""
        self._stand_export(OK, kind, self._clock(), source)

    def files_refused(self, files: Sequence[RefusedFile]) -> None:
        """Files were set aside."""
        with _guarded("files"):
            if files:
                log.warning("files.refused", count=len(files))
                self._alerting.tell_event("files", messages.message_on_files(files), self._clock())

    def disk(self, free: Mapping[str, int]) -> None:
        """How many bytes are free, by place (:func:`sync.telling.disks.free_bytes`)."""
        with _guarded("disk"):
            limit_mb = self._settings.file.alerts.disk_free_mb
            before = self._alerting.state_of("disk")
            was_low = before is not None and before.status == "low"
            low = {place: each for place, each in free.items() if is_low(each, limit_mb * MB, was_low=was_low)}
            self._stand("disk", "low" if low else OK, messages.low_disk(low, limit_mb))

    def source_problem(self, name: str, text: str) -> None:
        """A source could not be looked at."""
        self._away(f"source:{name}", "unreachable", messages.unreachable(f"source {name}", text))

    def source_ok(self, name: str) -> None:
        """It could."""
        self._back(f"source:{name}", messages.unreachable(f"source {name}", ""))

    def archive_problem(self, text: str) -> None:
        """The archive could not be reached; whoever says so has tried for a while."""
        with _guarded("archive"):
            self._stand("archive", "unreachable", messages.unreachable("archive", text))

    def archive_ok(self) -> None:
        """It could."""
        with _guarded("archive"):
            self._stand("archive", OK, messages.unreachable("archive", ""))

    def exports_incomplete(self, reason: str) -> None:
        """A run waits for an export of the other kind, and there is none that it may take instead."""
        with _guarded("pairing"):
            self._stand("pairing", "incomplete", messages.incomplete_exports(reason))

    def exports_complete(self) -> None:
        """None does."""
        with _guarded("pairing"):
            self._stand("pairing", OK, messages.incomplete_exports(""))

    def job_failed(self, job: str, text: str) -> None:
        """A part of the service's turn failed."""
        self._away(f"job:{job}", "failing", messages.failing_job(job, text))

    def job_worked(self, job: str) -> None:
        """It did what it should."""
        self._back(f"job:{job}", messages.failing_job(job, ""))

    def repeat(self) -> None:
        """Tell what is due again, and what did not get through; called at every turn, and cheap."""
        with _guarded("repeat"):
            now = self._clock()
            self._alerting.retry(now)
            self._nights.look()
            for state in self._alerting.left_over(now):
                self._alerting.tell_again(state, messages.message_after_restart(state), now)

    def _stand_export(self, status: str, kind: str, due: datetime, source: str) -> None:
        with _guarded("export"):
            topic = f"export:{kind}:{source}" if source else f"export:{kind}"
            self._stand(topic, status, messages.missing_export(kind, due, self._settings.zone, source))

    def _stand(self, topic: str, status: str, trouble: Trouble) -> None:
        """A topic stands like this; what was fine before in this process needs no question to the state."""
        if status == OK and topic in self._fine:
            return
        self._alerting.stand(
            topic, status, lambda reason, before: message_on_trouble(trouble, status, reason, before), self._clock()
        )
        (self._fine.add if status == OK else self._fine.discard)(topic)

    def _away(self, topic: str, status: str, trouble: Trouble) -> None:
        """Something is away; it is told when it stays away."""
        with _guarded(topic):
            now = self._clock()
            since = self._away_since.setdefault(topic, now)
            if now - since >= self._patience:
                self._stand(topic, status, trouble)

    def _back(self, topic: str, trouble: Trouble) -> None:
        with _guarded(topic):
            self._away_since.pop(topic, None)
            self._stand(topic, OK, trouble)


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Nothing that goes wrong in telling goes further."""
    try:
        yield
    except GoldpanError as error:
        log.warning("telling.failed", what=what, problem=str(error))
    except Exception:
        log.exception("telling.failed", what=what)
