"""`goldpan undo RUN`: a run of its own that puts back what another run replaced."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

from goldpan.errors import ConfigError
from goldpan.model import Verdict
from goldpan.records import of_suppressed
from goldpan.standing import confirmed_before
from goldpan.undo import Undoing, plan_undo
from sync.app import new_run_id, now, open_destination, open_state, today
from sync.apply import Applied
from sync.archive.folder import archive_changes
from sync.holding import Judged, judge, planned_of
from sync.lifecycle import Work, carry_out
from sync.locking import single_flight
from sync.pausing import refuse_while_paused
from sync.planning import Reached
from sync.progress import NoProgress, Progress, shown
from sync.reaching import reach
from sync.reading import read_current
from sync.record import CONTACT_COUNTS, RunRecord
from sync.settings import AppSettings
from sync.state.runs import StoredRun
from sync.stopping import Stop
from sync.suppressed import suppressed_among
from sync.writing import count_outcomes, send

WRITTEN = ("applied",)


def undo(
    settings: AppSettings,
    run_id: str,
    *,
    dry_run: bool = False,
    confirm: Callable[[RunRecord, Undoing], bool] = lambda _record, _undoing: True,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = now,
    stop: Stop | None = None,
) -> RunRecord:
    """Put back the values that a run replaced, where they still hold what it wrote.

    Args:
        settings: Where the state and the portal are.
        run_id: The run, or a unique beginning of its id, or ``latest``.
        dry_run: Only say what would be put back.
        confirm: Asked before anything is sent.
        progress: Shows how far it is.
        clock: The time.
        stop: Ends it early once it is set.

    Raises:
        BusyError: Another run is going on.
        ConfigError: No such run, or one that wrote nothing, or Goldpan is paused.
    """
    with ExitStack() as stack:
        lease = None if dry_run else stack.enter_context(single_flight(settings))
        state = stack.enter_context(open_state(settings, read_only=dry_run))
        if not dry_run:
            refuse_while_paused(settings, state, clock())
        undone = state.runs.get(run_id)
        started_at = clock()
        record = RunRecord(
            run_id=new_run_id(started_at, state.runs.newest_id()),
            kind="undo",
            parent_id=undone.run_id,
            as_of=today(settings, started_at),
            started_at=started_at,
            dry_run=dry_run,
            destination=settings.file.destination,
        )
        work = Work(settings, record, state, progress or NoProgress(), clock, stop=stop or Stop(), lease=lease)
        return carry_out(work, lambda: _stages(work, undone, confirm))


def _stages(work: Work, undone: StoredRun, confirm: Callable[[RunRecord, Undoing], bool]) -> None:
    record = work.record
    with open_destination(work.settings, stop=work.stop) as destination:
        reached = reach(work, destination)
        _check(undone, reached)
        with work.stage("plan"):
            undoing, judged = _plan(work, reached, undone)
        _count(record, undoing)
        applied = Applied()
        if record.dry_run or not confirm(record, undoing):
            record.contacts["updated" if record.dry_run else "held"] = len(undoing.plan.changes)
            record.status = "done"
        else:
            with work.stage("send"):
                applied = send(work, reached, undoing.plan.changes)
            count_outcomes(record, undoing.plan.changes, applied, {})
        record.check_sums()
    with record.timed("archive"):
        archive_changes(work.settings, record, planned_of(record, judged, {}), applied.outcomes)


def _plan(work: Work, reached: Reached, undone: StoredRun) -> tuple[Undoing, Judged]:
    written = work.state.journal.planned(undone.run_id, *WRITTEN)
    if not written:
        raise ConfigError(f"Run {undone.run_id} ({undone.status}) wrote nothing that could be put back.")
    config, accepted = work.settings.config, work.state.runs.last_accepted(undone.destination, reached.portal)
    suppressed = suppressed_among(
        work,
        {change.email: change.customer_key for change in written},
        [accepted.run_id if accepted else "", undone.run_id, undone.parent_id],
    )
    record_ids = {change.email: change.record_id for change in written if change.email not in suppressed}
    with shown(work.progress, "Reading HubSpot", len(record_ids)):
        records = read_current(reached.destination, record_ids, config, work.progress.advance)
    suppressed |= of_suppressed(records, work.settings.suppression)
    undoing = plan_undo(
        [change for change in written if change.email not in suppressed],
        records,
        reached.contacts.known_of([change.email for change in written]),
        as_of=work.record.as_of,
        config=config,
        tag_options=reached.tag_options,
    )
    work.record.fingerprint = undoing.plan.fingerprint
    work.record.contacts["suppressed"] = len(suppressed)
    judged = judge(work, reached, undoing.plan, before=confirmed_before(reached.contacts.batches(), config))
    return undoing, Judged(undoing.plan, judged.movements, ())


def _check(undone: StoredRun, reached: Reached) -> None:
    if reached.portal.portal_id != undone.portal_id:
        raise ConfigError(
            f"Run {undone.run_id} wrote to portal {undone.portal_id or '(none)'}, but the token belongs to portal "
            f"{reached.portal.portal_id}. Use the token of that portal."
        )


def _count(record: RunRecord, undoing: Undoing) -> None:
    changed = {change.email for change in undoing.plan.changes}
    only_moved = [email for email in undoing.plan.moved if email not in changed]
    counts = record.contacts
    counts["unchanged"] = len(undoing.is_back)
    counts["gone"] = len(undoing.plan.gone)
    counts[str(Verdict.MOVED)] = len(only_moved)
    counts["same_record"] = len(undoing.plan.same_record)
    counts["total"] = sum(counts[name] for name in CONTACT_COUNTS) + len(changed)
    if undoing.plan.moved:
        record.notes.append(
            f"{len(undoing.plan.moved)} contacts have values that somebody changed since; those were left as they are."
        )
