"""How every run begins and ends: on record before it does anything, and with a truthful record whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

import structlog
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import FatalError, GoldpanError
from sync.app import now, open_state, version
from sync.archive.folder import write_record
from sync.archive.opening import open_archive
from sync.lease import Lease
from sync.processes import this_process
from sync.progress import NoProgress, Progress
from sync.record import RunRecord
from sync.settings import AppSettings
from sync.state.store import State
from sync.stopping import Stop

log = structlog.get_logger()

_LOGGED = frozenset(
    {"kind", "status", "as_of", "destination", "fingerprint", "rows", "contacts", "tags", "requests", "seconds"}
)
"""What of the record is logged: every count, and nothing that a person or a file wrote."""


@dataclass
class Work:
    """What the stages of a run share.

    Attributes:
        has_begun_to_send: From then on a contact without an outcome may have been written.
        stop: Ends the run early once it is set.
        lease: The right to send; a dry run has none. Once it is lost, the run ends.
    """

    settings: AppSettings
    record: RunRecord
    state: State
    progress: Progress = field(default_factory=NoProgress)
    clock: Callable[[], datetime] = now
    has_begun_to_send: bool = False
    stop: Stop = field(default_factory=Stop)
    lease: Lease | None = None

    def __post_init__(self) -> None:
        if self.lease is not None:
            self.stop = self.lease.stop(self.stop)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One timed stage of the run.

        Raises:
            StoppedError: The run was told to stop before it.
        """
        self.stop.check()
        with self.record.timed(name):
            yield


def carry_out(work: Work, stages: Callable[[], None]) -> RunRecord:
    """Go through the stages; whatever goes wrong ends up in the record.

    Args:
        work: The run; a dry run leaves nothing in the state.
        stages: What it does; it fills the record.
    """
    record = work.record
    structlog.contextvars.bind_contextvars(run_id=record.run_id)
    log.info("run.started", kind=record.kind, as_of=record.as_of.isoformat(), dry_run=record.dry_run)
    try:
        if not record.dry_run:
            _begin(work)
        with record.timed("total"):
            stages()
    except GoldpanError as error:
        _fail(work, error)
    except SQLAlchemyError as error:
        _fail(work, FatalError(f"The state database failed: {cause_of(error)}. Run again to settle it."))
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _fail(work, FatalError(f"The machine refused a file{place}: {error.strerror or error}. Run again afterwards."))
    except Exception as error:  # noqa: BLE001 - whatever it is, the run ends on record; the log tells where it was
        where = own_frames(error)
        log.error("run.crashed", error=type(error).__name__, where=where)  # noqa: TRY400 - its text may hold names
        _fail(
            work,
            FatalError(f"Goldpan failed unexpectedly ({type(error).__name__} at {where[-1]}); this is a defect."),
        )
    _finish(work)
    logged = {key: value for key, value in record.as_json().items() if key in _LOGGED}
    brakes = [brake["name"] for brake in record.brakes]
    log.info("run.finished", **logged, brakes=brakes, new_refusals=record.new_refusals)
    structlog.contextvars.unbind_contextvars("run_id")
    return record


def give_up(settings: AppSettings, clock: Callable[[], datetime] = now) -> None:
    """The process must end now: what was sent without an answer is unknown, and the run is interrupted.

    Only the run of this very process is meant; the next run would settle the same.
    """
    with open_state(settings) as state:
        held = state.leases.current()
        if held is not None and held.holder == this_process():
            state.runs.close_interrupted(clock())


def _begin(work: Work) -> None:
    record, runs = work.record, work.state.runs
    work.stop.check()
    interrupted = runs.close_interrupted(work.clock())
    if interrupted:
        log.warning("runs.interrupted", runs=interrupted)
    runs.start(
        record.run_id,
        destination=record.destination,
        as_of=record.as_of,
        version=version(),
        at=record.started_at,
        kind=record.kind,
        parent_id=record.parent_id,
        config_id=work.settings.config_id,
    )
    runs.keep_config(work.settings.config_id, work.settings.snapshot_text)


def _fail(work: Work, error: GoldpanError) -> None:
    record = work.record
    record.end_with(error)
    record.problems.append(str(error))
    # Whoever has no outcome yet was kept back, or may have been sent: the sums add up on failure too.
    if work.has_begun_to_send:
        _count_journalled(work)
    record.contacts["unknown" if work.has_begun_to_send else "held"] += record.contacts_without_end()


def _count_journalled(work: Work) -> None:
    """What the journal has proof of, when the run broke off before it could count; nothing if it can't be read."""
    counts = work.record.contacts
    if counts["created"] or counts["updated"] or counts["refused"]:
        return
    try:
        told = work.state.journal.told(work.record.run_id)
    except SQLAlchemyError:
        return
    for (action, verdict), count in told.items():
        if verdict == "applied":
            counts["created" if action == "create" else "updated"] += count
        elif verdict in ("refused", "gone", "moved"):
            counts[verdict] += count
        elif verdict == "planned":
            counts["held"] += count


def _finish(work: Work) -> None:
    record = work.record
    try:
        if record.archive:
            write_record(Path(record.archive), record)
    except OSError as error:
        record.problems.append(f"The record in {record.archive} could not be completed: {error.strerror}.")
    if record.dry_run:
        return
    try:
        if record.archive:
            open_archive(work.settings).save(Path(record.archive))
    except (GoldpanError, OSError) as error:
        record.notes.append(f"{error} The results wait in {record.archive}; the next run takes them along.")
    try:
        work.state.runs.finish(
            record.run_id,
            status=record.status,
            portal_id=record.portal_id,
            fingerprint=record.fingerprint,
            record=record.as_json(),
            at=work.clock(),
        )
    except SQLAlchemyError as error:
        record.problems.append(f"The end of the run could not be put on record: {cause_of(error)}.")
        record.status, record.exit_code = "failed", 1


def cause_of(error: SQLAlchemyError) -> str:
    """What a database says, without the values that it may quote in its further lines."""
    return str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]


def own_frames(error: Exception) -> list[str]:
    """Where in Goldpan's own code an error passed, the innermost last."""
    root = Path(__file__).resolve().parent.parent
    frames = [(Path(frame.filename).resolve(), frame.lineno) for frame in extract_tb(error.__traceback__)]
    return [f"{path.relative_to(root)}:{line}" for path, line in frames if path.is_relative_to(root)]
