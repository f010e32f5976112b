"""One run, in order: the only place that puts effects in sequence.

choose → read → refine → compare with the confirmed state → read HubSpot for those that differ → plan → send → archive.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from traceback import extract_tb

import structlog
from sqlalchemy.exc import SQLAlchemyError

from goldpan.conform import Export
from goldpan.errors import FatalError, GoldpanError, UnsafePlanError
from goldpan.model import Action, Portal, Verdict
from goldpan.pipeline import refine
from goldpan.plan import Plan, TagOptions
from sync.app import new_run_id, now, open_destination, open_state, single_flight, today, version
from sync.apply import Applied, Sending
from sync.archive.folder import archive_run, write_record
from sync.destinations.hubspot import HubSpotDestination
from sync.intake import KINDS, Delivery, choose_exports, keep, read_export
from sync.planning import Planning
from sync.preflight import check_portal, check_properties
from sync.progress import NoProgress, Progress, shown
from sync.record import InputRecord, RunRecord, count_rows
from sync.settings import AppSettings
from sync.state.contacts import Refusal
from sync.state.store import State

log = structlog.get_logger()

NOT_SENT = "not_sent"
"""The reason of changes that were handed over but never left, because the run stopped: they are held back."""

_LOGGED = frozenset({"status", "as_of", "fingerprint", "rows", "contacts", "tags", "requests", "seconds"})
"""What of the record is logged: every count, and nothing that a person or a file wrote."""


@dataclass(frozen=True)
class RunRequest:
    """What one run is asked to do.

    Attributes:
        named: The exports given on the command line, by kind; ``None`` leaves the choice to the intake.
        as_of: The business date; ``None`` is today in the configured time zone.
        dry_run: Read and plan, but write nothing except the report.
    """

    named: Mapping[str, Path | None] = field(default_factory=dict)
    as_of: date | None = None
    dry_run: bool = False


def run(
    settings: AppSettings,
    request: RunRequest,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = now,
) -> RunRecord:
    """Carry out one run.

    Returns:
        Its record, also when it failed: ``status`` and ``exit_code`` say how it ended, ``problems`` why.

    Raises:
        BusyError: Another run is going on; nothing was done.
        ConfigError: The state can't be opened; nothing was done.
    """
    started_at = clock()
    record = RunRecord(
        run_id=new_run_id(started_at),
        as_of=request.as_of or today(settings),
        started_at=started_at,
        dry_run=request.dry_run,
        destination=settings.file.destination,
    )
    with ExitStack() as stack:
        if not request.dry_run:
            stack.enter_context(single_flight(settings))
        state = stack.enter_context(open_state(settings, read_only=request.dry_run))
        steps = _Run(settings, request, record, state, progress=progress or NoProgress(), clock=clock)
        return steps.carry_out()


def _own_frames(error: Exception) -> list[str]:
    """Where in Goldpan's own code an error passed, the innermost last."""
    root = Path(__file__).resolve().parent.parent
    frames = [(Path(frame.filename).resolve(), frame.lineno) for frame in extract_tb(error.__traceback__)]
    return [f"{path.relative_to(root)}:{line}" for path, line in frames if path.is_relative_to(root)]


class _Run:
    """The stages of one run; each reads what the stages before it left in the record."""

    def __init__(
        self,
        settings: AppSettings,
        request: RunRequest,
        record: RunRecord,
        state: State,
        *,
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self.settings, self.request, self.record = settings, request, record
        self.state, self.progress, self.clock = state, progress, clock
        self.has_begun_to_send = False

    def carry_out(self) -> RunRecord:
        """All stages; whatever goes wrong ends up in the record."""
        record = self.record
        structlog.contextvars.bind_contextvars(run_id=record.run_id)
        log.info("run.started", as_of=record.as_of.isoformat(), dry_run=record.dry_run)
        if not self.request.dry_run:
            interrupted = self.state.runs.close_interrupted(self.clock())
            if interrupted:
                log.warning("runs.interrupted", runs=interrupted)
            self.state.runs.start(
                record.run_id,
                destination=record.destination,
                as_of=record.as_of,
                version=version(),
                at=record.started_at,
            )
        try:
            with record.timed("total"):
                self._stages()
        except GoldpanError as error:
            self._fail(error)
        except SQLAlchemyError as error:
            self._fail(
                FatalError(f"The state database failed: {getattr(error, 'orig', error)}. Run again to settle it.")
            )
        except OSError as error:
            place = f" {error.filename}" if error.filename else ""
            self._fail(
                FatalError(f"The machine refused a file{place}: {error.strerror or error}. Run again afterwards.")
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the run ends on record; the log tells where it was
            where = _own_frames(error)
            log.error("run.crashed", error=type(error).__name__, where=where)  # noqa: TRY400 - its text may hold names
            self._fail(
                FatalError(f"Goldpan failed unexpectedly ({type(error).__name__} at {where[-1]}); this is a defect.")
            )
        self._finish()
        log.info("run.finished", **{key: value for key, value in record.as_json().items() if key in _LOGGED})
        structlog.contextvars.unbind_contextvars("run_id")
        return record

    def _stages(self) -> None:
        record = self.record
        chosen = choose_exports(self.settings, self.state, self.request.named)
        with open_destination(self.settings) as destination:
            record.requests = destination.requests
            portal = check_portal(destination, self.settings)
            record.portal_id = portal.portal_id
            if not record.dry_run:
                self.state.runs.reach(record.run_id, portal)
            tag_options = check_properties(destination, self.settings.config)
            with record.timed("read"):
                exports = self._read(chosen)
            with record.timed("refine"), shown(self.progress, "Refining"):
                refined = refine(
                    exports["memberships"].frame, exports["orders"].frame, record.as_of, self.settings.config
                )
                count_rows(record, exports, refined, self.settings.config)
            planning = Planning(
                refined,
                record,
                destination=destination,
                contacts=self.state.contacts_of(destination.name, portal),
                tag_options=tag_options,
                settings=self.settings,
                progress=self.progress,
                clock=self.clock,
            )
            with record.timed("plan"):
                plan = planning.plan()
            log.info("plan.made", changes=len(plan.changes), fingerprint=plan.fingerprint)
            if not record.dry_run:
                planning.keep_confirmed(plan)
            applied = Applied()
            if self._is_held(portal, plan):
                record.contacts["held"] = len(plan.changes)
            elif record.dry_run:
                record.contacts["created"] = sum(change.action is Action.CREATE for change in plan.changes)
                record.contacts["updated"] = len(plan.changes) - record.contacts["created"]
                record.status = "done"
            else:
                with record.timed("send"):
                    applied = self._send(plan, planning, destination, tag_options)
                self._count_outcomes(plan, applied, planning.known_refusals)
            record.check_sums()
        if record.status in ("done", "partial") and not self.request.dry_run:
            self.state.inputs.accept(record.run_id)
        with record.timed("archive"), shown(self.progress, "Writing the analysis"):
            outcomes = {**planning.resting_outcomes(), **applied.outcomes}
            archive_run(self.settings, record, exports=exports, refined=refined, plan=plan, outcomes=outcomes)

    def _send(
        self, plan: Plan, planning: Planning, destination: HubSpotDestination, tag_options: TagOptions
    ) -> Applied:
        """Send the plan, and read back what has no proof."""
        if not plan.changes:
            return Applied()
        portal = Portal(self.record.portal_id)
        sending = Sending(
            plan,
            desired=planning.desired,
            destination=destination,
            journal=self.state.journal,
            contacts=self.state.contacts_of(destination.name, portal),
            run_id=self.record.run_id,
            clock=self.clock,
        )
        self.has_begun_to_send = True
        with shown(self.progress, "Sending", len(plan.changes)):
            applied = sending.apply(self.progress.advance)
        sending.settle(applied, self.settings.config, tag_options)
        return applied

    def _read(self, chosen: Mapping[str, Delivery]) -> dict[str, Export]:
        """Every export, from the archive's copy of it (a dry run copies nothing)."""
        exports = {}
        problems = []
        with shown(self.progress, "Reading", len(KINDS)):
            for kind in KINDS:
                delivery = chosen[kind]
                stored = None if self.request.dry_run else keep(delivery, self.settings.archive_folder)
                if stored is not None:
                    delivery = Delivery(kind, stored.path, stored.name)
                sha256 = stored.sha256 if stored else delivery.sha256()
                self.record.inputs.append(InputRecord(kind, delivery.name, sha256))
                try:
                    exports[kind] = read_export(delivery, self.settings)
                except GoldpanError as error:
                    problems.append(error)
                    continue
                finally:
                    self.progress.advance()
                self.record.inputs[-1].rows = exports[kind].rows_read
                log.info("export.read", kind=kind, sha256=sha256, rows=exports[kind].rows_read)
                if stored is not None:
                    self.state.inputs.add(self.record.run_id, stored, rows=exports[kind].rows_read)
        if problems:
            self.record.problems += [str(problem) for problem in problems[:-1]]
            raise problems[-1]
        return exports

    def _is_held(self, portal: Portal, plan: Plan) -> bool:
        """A run for a day before the last one sent would take everybody back in time."""
        last = self.state.runs.last_sent_as_of(self.record.destination, portal)
        if last is None or self.record.as_of >= last or not plan.changes:
            return False
        held = UnsafePlanError(
            f"Held: this run is for {self.record.as_of}, but {last} was sent already; it would take "
            f"{len(plan.changes)} contacts back in time. Nothing was written. Run without --as-of for today's tags."
        )
        self.record.status, self.record.exit_code = "held", held.exit_code
        self.record.problems.append(str(held))
        return True

    def _count_outcomes(self, plan: Plan, applied: Applied, known: Mapping[str, Refusal]) -> None:
        record, contacts = self.record, self.record.contacts
        for change in plan.changes:
            outcome = applied.outcomes.get(change.email)
            if outcome is None or outcome.reason == NOT_SENT:
                contacts["held"] += 1
            elif outcome.verdict is Verdict.UNKNOWN:
                contacts["unknown"] += 1
            elif outcome.verdict is Verdict.REFUSED:
                contacts["refused"] += 1
                record.new_refusals += change.email not in known
            else:
                contacts["created" if change.action is Action.CREATE else "updated"] += 1
        if applied.failure is not None:
            unsent = f" {contacts['held']} changes were not sent." if contacts["held"] else ""
            record.problems.append(f"{applied.failure}{unsent}")
            record.status, record.exit_code = "failed", applied.failure.exit_code
        elif contacts["unknown"]:
            record.problems.append(
                f"{contacts['unknown']} changes have no proof from HubSpot either way; the next run reads them back."
            )
            record.status, record.exit_code = "partial", 1
        elif record.new_refusals:
            record.problems.append(
                f"HubSpot refused {record.new_refusals} contacts for the first time: goldpan rejects {record.run_id}"
            )
            record.status, record.exit_code = "partial", 4
        else:
            record.status = "done"

    def _fail(self, error: GoldpanError) -> None:
        record = self.record
        record.status, record.exit_code = "failed", error.exit_code
        record.problems.append(str(error))
        # Whoever has no outcome yet was kept back, or may have been sent: the sums add up on failure too.
        record.contacts["unknown" if self.has_begun_to_send else "held"] += record.contacts_without_end()

    def _finish(self) -> None:
        record = self.record
        try:
            if record.archive:
                write_record(Path(record.archive), record)
        except OSError as error:
            record.problems.append(f"The record in {record.archive} could not be completed: {error.strerror}.")
        if record.dry_run:
            return
        try:
            self.state.runs.finish(
                record.run_id,
                status=record.status,
                portal_id=record.portal_id,
                fingerprint=record.fingerprint,
                record=record.as_json(),
                at=self.clock(),
            )
        except SQLAlchemyError as error:
            record.problems.append(f"The end of the run could not be put on record: {getattr(error, 'orig', error)}.")
            record.status, record.exit_code = "failed", 1
