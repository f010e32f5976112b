"""`goldpan run --approve FINGERPRINT`: sends a plan that waited for a person, and nothing that was not in it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime

from sqlalchemy import select

from goldpan.errors import ConfigError, GoldpanError
from goldpan.model import Action, Change, Confirmed, Outcome, Portal
from goldpan.plan import Plan
from goldpan.proof import holds_after, holds_before
from goldpan.report import Planned
from goldpan.standing import confirmed_before
from sync.app import new_run_id, now, open_destination, open_state
from sync.archive.folder import archive_changes, archive_run, without_analysis
from sync.exports import exports_of_run
from sync.holding import Judged, judge, planned_of
from sync.lifecycle import Work, carry_out
from sync.locking import single_flight
from sync.pausing import refuse_while_paused
from sync.planning import Reached
from sync.progress import NoProgress, Progress, shown
from sync.reaching import reach
from sync.reading import read_current
from sync.record import InputRecord, RunRecord
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.runs import Runs, StoredRun
from sync.stopping import Stop
from sync.writing import count_outcomes, send

PLANNING = ("run", "repair", "retry")
"""The kinds of runs whose plan takes the place of any earlier one; a canary's only of another canary's."""


def approve(
    settings: AppSettings,
    fingerprint: str,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = now,
    stop: Stop | None = None,
) -> RunRecord:
    """Send a held plan: each change whose *before* still holds; the others are ``moved``.

    Args:
        settings: Where the state and the portal are.
        fingerprint: The plan's.
        progress: Shows how far it is.
        clock: The time.
        stop: Ends it early once it is set.

    Raises:
        BusyError: Another run is going on.
        ConfigError: Goldpan is paused, no plan of that fingerprint waits, a newer one was made, or the config changed
            since.
    """
    with ExitStack() as stack:
        lease = stack.enter_context(single_flight(settings))
        state = stack.enter_context(open_state(settings))
        refuse_while_paused(settings, state, clock())
        held = waiting_plan(state.runs, fingerprint, settings)
        started_at = clock()
        record = RunRecord(
            run_id=new_run_id(started_at, state.runs.newest_id()),
            kind="approve",
            parent_id=held.run_id,
            as_of=held.as_of,
            started_at=started_at,
            destination=settings.file.destination,
            fingerprint=fingerprint,
        )
        work = Work(settings, record, state, progress or NoProgress(), clock, stop=stop or Stop(), lease=lease)
        return carry_out(work, lambda: _stages(work, held))


def waiting_plan(runs: Runs, fingerprint: str, settings: AppSettings) -> StoredRun:
    """The held run with this plan, fit to be sent."""
    waiting = runs.find(t.runs.c.status == "held", t.runs.c.fingerprint == fingerprint)
    if not waiting:
        raise ConfigError(
            f"No plan {fingerprint} waits for approval. A dry run's does not: run without --dry-run first. "
            "What waits: goldpan runs"
        )
    held = waiting[0]
    if held.destination != settings.file.destination:
        raise ConfigError(
            f'Plan {fingerprint} is for destination = "{held.destination}", but goldpan.toml says '
            f'"{settings.file.destination}". Nothing was written.'
        )
    here = Portal(held.portal_id)
    done = runs.of_portal(
        held.destination, here, t.runs.c.parent_id == held.run_id, t.runs.c.status.in_(["done", "partial"])
    )
    complete = [run for run in done if not run.record.get("contacts", {}).get("unknown")]
    if complete:
        raise ConfigError(f"Plan {fingerprint} was sent already, by run {complete[0].run_id}.")
    _refuse_outdated(runs, held, here)
    if held.config_id != settings.config_id:
        raise ConfigError(
            f"The config changed since plan {fingerprint} was made (or the list of suppressed contacts), so it may not "
            "be what you want any more. Nothing was written. Plan anew: goldpan run"
        )
    return held


def _refuse_outdated(runs: Runs, held: StoredRun, here: Portal) -> None:
    """Another plan was made since: it is that one that people look at, or that was sent."""
    kinds = [*PLANNING, "undo", *([held.kind] if held.kind == "only" else [])]
    # A run that was killed while it sent has left its fingerprint nowhere, but its changes in the journal.
    has_planned = (t.runs.c.fingerprint != "") | t.runs.c.run_id.in_(select(t.changes.c.run_id))
    newer = runs.of_portal(held.destination, here, t.runs.c.run_id > held.run_id, t.runs.c.kind.in_(kinds), has_planned)
    if not newer:
        return
    what = (
        f"its plan waits: goldpan run --approve {newer[0].fingerprint}"
        if newer[0].status == "held"
        else f"it is {newer[0].status}"
    )
    raise ConfigError(f"Plan {held.fingerprint} is out of date: run {newer[0].run_id} planned anew since ({what}).")


def _stages(work: Work, held: StoredRun) -> None:
    record = work.record
    _take_over(record, held)
    with open_destination(work.settings, stop=work.stop) as destination:
        reached = reach(work, destination)
        if reached.portal.portal_id != held.portal_id:
            raise ConfigError(
                f"The plan is for portal {held.portal_id}, but the token belongs to portal {reached.portal.portal_id}."
            )
        with work.stage("plan"):
            plan = _what_still_holds(work, reached, held)
        judged = judge(work, reached, plan, before=confirmed_before(reached.contacts.batches(), work.settings.config))
        known_refusals = reached.contacts.refusals()
        with work.stage("send"):
            applied = send(work, reached, plan.changes)
        count_outcomes(record, plan.changes, applied, known_refusals)
        record.check_sums()
    if record.status in ("done", "partial") and held.kind == "run":
        work.state.inputs.accept(held.run_id)
    with record.timed("archive"), shown(work.progress, "Writing the analysis"):
        planned = planned_of(record, Judged(plan, judged.movements, ()), {})
        _archive(work, held, planned, applied.outcomes)


def _archive(work: Work, held: StoredRun, planned: Planned, outcomes: Mapping[str, Outcome]) -> None:
    """The whole analysis, as of the held run, where its exports can be read again; else the changes alone."""
    record, config = work.record, work.settings.config
    try:
        with exports_of_run(held.run_id, work.state, work.settings) as exports:
            if exports is not None:
                archive_run(
                    work.settings,
                    record,
                    exports=exports,
                    refined=exports.refined(record.as_of, config),
                    planned=planned,
                    outcomes=outcomes,
                    refused_since={},
                )
                return
    except GoldpanError as error:  # everything is sent: no reason to call the run failed
        record.notes.append(without_analysis(error))
    archive_changes(work.settings, record, planned, outcomes)


def _take_over(record: RunRecord, held: StoredRun) -> None:
    """The held run's numbers: its rows, tags and contacts; what it held is counted anew here."""
    before = held.record
    record.rows |= before.get("rows", {})
    record.tags |= before.get("tags", {})
    record.inputs += [InputRecord(**each) for each in before.get("inputs", [])]
    record.contacts |= before.get("contacts", {}) | {"held": 0}


def _what_still_holds(work: Work, reached: Reached, held: StoredRun) -> Plan:
    """The changes whose *before* still holds; the others are counted, and confirmed where they are done already."""
    config, planned = work.settings.config, work.state.journal.planned(held.run_id, "held")
    with shown(work.progress, "Reading HubSpot", len(planned)):
        ids = {change.email: change.record_id for change in planned}
        current = read_current(reached.destination, ids, config, work.progress.advance)
    known = reached.contacts.known_of([change.email for change in planned])
    since = {email for email, confirmed in known.items() if confirmed.run_id > held.run_id}
    to_send: list[Change] = []
    gone: dict[str, str] = {}
    moved: dict[str, str] = {}
    done: dict[str, Confirmed] = {}
    for change in planned:
        record = current.get(change.email)
        if record is None and (change.action is not Action.CREATE or change.email in since):
            gone[change.email] = change.payload
        elif record is None:
            to_send.append(change)
        elif change.record_id not in (None, record.record_id):
            moved[change.email] = "HubSpot keeps it in another record by now"
        elif holds_after(change, record, config):
            done[change.email] = Confirmed(record.record_id, change.payload, change.customer_key)
        elif change.action is Action.CREATE:
            moved[change.email] = "HubSpot has the contact by now"
        elif not holds_before(change, record, config):
            moved[change.email] = "somebody changed it in HubSpot since it was planned"
        else:
            to_send.append(change)
    counts, at = work.record.contacts, work.clock()
    counts["gone"] += len(gone)
    counts["moved"] += len(moved)
    counts["unchanged"] += len(done)
    reached.contacts.confirm(done, run_id=work.record.run_id, at=at)
    reached.contacts.mark_absent("gone", gone, at=at)
    return Plan(work.record.as_of, tuple(to_send), gone=tuple(sorted(gone)), moved=moved)
