"""One run, in order: the only place that puts effects in sequence.

choose → read → refine → compare with the confirmed state → read HubSpot for those that differ → plan → send → archive.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from traceback import extract_tb

import structlog
from sqlalchemy.exc import SQLAlchemyError

from goldpan.conform import Export
from goldpan.desired import desired_contacts
from goldpan.errors import FatalError, GoldpanError, UnsafePlanError
from goldpan.model import Action, Portal, Verdict
from goldpan.pipeline import Refined, refine
from goldpan.plan import DesiredContact, Plan, TagOptions, plan_changes
from sync.app import new_run_id, now, open_destination, open_state, single_flight, today, version
from sync.apply import Applied, Sending, read_current
from sync.archive.folder import archive_run
from sync.destinations.hubspot import HubSpotDestination
from sync.intake import KINDS, Delivery, choose_exports, keep, read_export
from sync.preflight import check_portal, check_properties
from sync.progress import NoProgress, Progress, shown
from sync.record import InputRecord, RunRecord, count_rows
from sync.settings import AppSettings
from sync.state.store import Confirmed, Refusal, State

log = structlog.get_logger()

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

    def carry_out(self) -> RunRecord:
        """All stages; whatever goes wrong ends up in the record."""
        record = self.record
        structlog.contextvars.bind_contextvars(run_id=record.run_id)
        log.info("run.started", as_of=record.as_of.isoformat(), dry_run=record.dry_run)
        if not self.request.dry_run:
            interrupted = self.state.close_interrupted_runs(self.clock())
            if interrupted:
                log.warning("runs.interrupted", runs=interrupted)
            self.state.start_run(
                record.run_id,
                destination=record.destination,
                portal=Portal(""),
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
            tag_options = check_properties(destination, self.settings.config)
            with record.timed("read"):
                exports = self._read(chosen)
            with record.timed("refine"), shown(self.progress, "Refining"):
                refined = refine(
                    exports["memberships"].frame, exports["orders"].frame, record.as_of, self.settings.config
                )
                count_rows(record, exports, refined, self.settings.config)
            planning = _Planning(self, refined, destination, portal, tag_options)
            with record.timed("plan"):
                plan = planning.plan()
            log.info("plan.made", changes=len(plan.changes), fingerprint=plan.fingerprint)
            applied = Applied()
            if self._is_held(portal, plan):
                record.contacts["held"] = len(plan.changes)
            elif self.request.dry_run:
                record.contacts["created"] = sum(change.action is Action.CREATE for change in plan.changes)
                record.contacts["updated"] = len(plan.changes) - record.contacts["created"]
                record.status = "done"
            else:
                with record.timed("send"):
                    applied = planning.send(plan)
                self._count_outcomes(plan, applied, planning.known_refusals)
            record.check_sums()
        if record.status in ("done", "partial") and not self.request.dry_run:
            self.state.accept_inputs(record.run_id)
        with record.timed("archive"), shown(self.progress, "Writing the analysis"):
            record.archive = str(
                archive_run(
                    self.settings, record, exports=exports, refined=refined, plan=plan, outcomes=applied.outcomes
                )
            )

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
                    self.state.add_input(self.record.run_id, stored, rows=exports[kind].rows_read)
        if problems:
            self.record.problems += [str(problem) for problem in problems[:-1]]
            raise problems[-1]
        return exports

    def _is_held(self, portal: Portal, plan: Plan) -> bool:
        """A run for a day before the last one sent would take everybody back in time."""
        last = self.state.last_sent_as_of(self.record.destination, portal)
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
            if outcome is None:
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
        self.record.status, self.record.exit_code = "failed", error.exit_code
        self.record.problems.append(str(error))

    def _finish(self) -> None:
        if self.request.dry_run:
            return
        record = self.record
        try:
            self.state.finish_run(
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


class _Planning:
    """What is wanted against what is confirmed, and against what HubSpot holds."""

    def __init__(
        self,
        run: _Run,
        refined: Refined,
        destination: HubSpotDestination,
        portal: Portal,
        tag_options: TagOptions,
    ) -> None:
        self._run, self._record, self._destination, self._portal = run, run.record, destination, portal
        self._tag_options, self._config = tag_options, run.settings.config
        self._total = len(refined.contacts)
        frame = desired_contacts(refined, self._config)
        names = [spec.name for spec in self._config.properties.properties]
        columns = (frame["email"], frame["payload"], frame["rank"], *(frame[name] for name in names))
        self._desired = {
            email: DesiredContact(email, dict(zip(names, values, strict=True)), payload, rank)
            for email, payload, rank, *values in zip(*columns, strict=True)
        }
        self._confirmed = run.state.confirmed(destination.name, portal)
        self.known_refusals = self._unchanged_refusals()

    def plan(self) -> Plan:
        """Read those that differ, and plan; what HubSpot holds as wanted is confirmed on the way."""
        record, contacts = self._record, self._record.contacts
        self._note_portal()
        differing = {email for email, contact in self._desired.items() if not self._is_confirmed(contact)}
        resting = {email for email in differing & self.known_refusals.keys() if self._rests(email)}
        asked = sorted(differing - resting)
        with shown(self._run.progress, "Reading HubSpot", len(asked)):
            current = read_current(self._destination, asked, self._config, self._run.progress.advance)
        plan = plan_changes(
            [self._desired[email] for email in asked],
            current,
            as_of=record.as_of,
            config=self._config,
            tag_options=self._tag_options,
            confirmed_records={
                confirmed.record_id: (email, self._desired[email].rank)
                for email, confirmed in self._confirmed.items()
                if email in self._desired and email not in differing and confirmed.record_id
            },
        )
        if not self._run.request.dry_run:
            self._keep_confirmed(plan)
        record.fingerprint = plan.fingerprint
        contacts["total"] = self._total
        contacts["unsendable"] = self._total - len(self._desired)
        contacts["same_record"] = len(plan.same_record)
        contacts["refused"] = len(resting)
        contacts["unchanged"] = len(self._desired) - len(plan.changes) - len(plan.same_record) - len(resting)
        self._note_plan(plan, resting)
        return plan

    def send(self, plan: Plan) -> Applied:
        """Send the plan, and read back what has no proof."""
        if not plan.changes:
            return Applied()
        sending = Sending(
            plan=plan,
            desired=self._desired,
            destination=self._destination,
            state=self._run.state,
            portal=self._portal,
            run_id=self._record.run_id,
            clock=self._run.clock,
        )
        with shown(self._run.progress, "Sending", len(plan.changes)):
            applied = sending.apply(self._run.progress.advance)
        sending.settle(applied, self._config, self._tag_options)
        return applied

    def _is_confirmed(self, contact: DesiredContact) -> bool:
        confirmed = self._confirmed.get(contact.email)
        return confirmed is not None and confirmed.payload == contact.payload

    def _unchanged_refusals(self) -> dict[str, Refusal]:
        """Contacts that HubSpot refused before with just these values."""
        refusals = self._run.state.refusals(self._destination.name, self._portal)
        return {
            email: refusal
            for email, refusal in refusals.items()
            if email in self._desired and self._desired[email].payload == refusal.payload
        }

    def _rests(self, email: str) -> bool:
        """Whether a refused contact is left alone today: the same values would be refused again."""
        days = self._run.settings.file.hubspot.retry_refused_after_days
        return self._run.clock() - self.known_refusals[email].last_at < timedelta(days=days)

    def _keep_confirmed(self, plan: Plan) -> None:
        state, run_id = self._run.state, self._record.run_id
        state.unconfirm(self._destination.name, self._portal, plan.same_record)
        state.confirm(
            self._destination.name,
            self._portal,
            {email: Confirmed(record_id, self._desired[email].payload) for email, record_id in plan.confirmed.items()},
            run_id=run_id,
            at=self._run.clock(),
        )

    def _note_portal(self) -> None:
        others = self._run.state.other_portals(self._destination.name, self._portal)
        if others and not self._confirmed:
            self._record.notes.append(
                f"Portal {self._portal.portal_id} is new to this installation (known: {', '.join(others)}): "
                "it starts empty, and every contact is compared with what it holds."
            )

    def _note_plan(self, plan: Plan, resting: set[str]) -> None:
        notes = self._record.notes
        if plan.same_record:
            notes.append(
                f"{len(plan.same_record)} contacts share a HubSpot record with another contact, which goes before them."
            )
        if plan.dropped_options:
            notes.append(
                f"{len(plan.dropped_options)} contacts carry an option that the tag property no longer has; "
                "HubSpot could not take it back, so it is dropped where the contact is written."
            )
        if resting:
            notes.append(
                f"{len(resting)} contacts were refused before with the same values; they are sent again when those "
                f"change, else after {self._run.settings.file.hubspot.retry_refused_after_days} days."
            )
