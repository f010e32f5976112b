"""`goldpan verify`: reads back what Goldpan believes, reports drift, and repairs it under the same brakes."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goldpan.drift import Drift, find_drift
from goldpan.model import Confirmed
from goldpan.plan import Current, Plan, plan_changes
from goldpan.records import of_suppressed
from goldpan.standing import confirmed_before
from sync.app import new_run_id, now, open_destination, open_state, today
from sync.apply import Applied
from sync.archive.folder import archive_changes
from sync.holding import hold, judge, planned_of
from sync.lifecycle import Work, carry_out
from sync.locking import single_flight
from sync.pausing import refuse_while_paused
from sync.progress import NoProgress, Progress, shown
from sync.reaching import reach
from sync.reading import read_current
from sync.record import RunRecord
from sync.settings import AppSettings
from sync.stopping import Stop
from sync.suppressed import suppressed_among
from sync.writing import count_outcomes, send


@dataclass
class Verified:
    """What a verification found; ``drift`` is ``None`` where HubSpot could not be read."""

    record: RunRecord
    drift: Drift | None = None


def verify(
    settings: AppSettings,
    *,
    repair: bool = False,
    sample: int | None = None,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = now,
    stop: Stop | None = None,
) -> Verified:
    """Read back what HubSpot confirmed.

    Args:
        settings: Where the state and the portal are.
        repair: Write the confirmed values again where they drifted, under the brakes. Nobody is made again.
        sample: Look at this many contacts, chosen at random; ``None`` is all.
        progress: Shows how far it is.
        clock: The time.
        stop: Ends it early once it is set.

    Raises:
        BusyError: Another run is going on (only for a repair).
        ConfigError: The state can't be opened, or Goldpan is paused (only for a repair).
    """
    with ExitStack() as stack:
        lease = stack.enter_context(single_flight(settings)) if repair else None
        state = stack.enter_context(open_state(settings, read_only=not repair))
        if repair:
            refuse_while_paused(settings, state, clock())
        started_at = clock()
        record = RunRecord(
            run_id=new_run_id(started_at, state.runs.newest_id()),
            kind="repair",
            as_of=today(settings, started_at),
            started_at=started_at,
            dry_run=not repair,
            destination=settings.file.destination,
        )
        work = Work(settings, record, state, progress or NoProgress(), clock, stop=stop or Stop(), lease=lease)
        verified = Verified(record)
        carry_out(work, lambda: _stages(work, verified, sample))
        return verified


def as_json(verified: Verified) -> dict[str, Any]:
    """What `goldpan verify --json` prints: the record of the run, and ``drift`` (counts alone; null if unread)."""
    drift = verified.drift
    found = None
    if drift is not None:
        found = {
            "checked": drift.checked,
            "fine": drift.fine,
            "drifted": len(drift.drifted),
            "edited": dict(drift.edited),
            "cleared": dict(drift.cleared),
            "tags_removed": dict(drift.tags_lost),
            "tags_added": dict(drift.tags_gained),
            "merged": len(drift.merged),
            "deleted": len(drift.deleted),
            "address_changed": len(drift.address_changed),
            "same_record": len(drift.same_record),
        }
    return {**verified.record.printed(), "drift": found}


def _stages(work: Work, verified: Verified, sample: int | None) -> None:
    record, config = work.record, work.settings.config
    with open_destination(work.settings, stop=work.stop) as destination:
        reached = reach(work, destination)
        everybody = reached.contacts.known()
        before = confirmed_before(reached.contacts.batches(), config)
        accepted = work.state.runs.last_accepted(record.destination, reached.portal)
        suppressed = suppressed_among(
            work,
            {email: held.customer_key for email, held in everybody.items()},
            [accepted.run_id if accepted else ""],
        )
        known = _chosen({email: held for email, held in everybody.items() if email not in suppressed}, sample)
        with work.stage("plan"), shown(work.progress, "Reading HubSpot", len(known)):
            records = read_current(
                destination, {email: held.record_id for email, held in known.items()}, config, work.progress.advance
            )
            unwritten = of_suppressed(records, work.settings.suppression)
            known = {email: held for email, held in known.items() if email not in unwritten}
            drift = verified.drift = find_drift(known, records, config, reached.tag_options)
            plan = plan_changes(
                drift.drifted,
                Current(records, known.keys(), _others(everybody, drift)),
                as_of=record.as_of,
                config=config,
                tag_options=reached.tag_options,
            )
        record.fingerprint = plan.fingerprint
        record.contacts["suppressed"] = len(suppressed | unwritten)
        _count(record, drift, plan)
        if record.dry_run:
            record.contacts["updated"] = len(plan.changes)
            record.status = "done"
            return
        reached.contacts.mark_absent("gone", {email: known[email].payload for email in drift.deleted}, at=work.clock())
        reached.contacts.unconfirm({*drift.same_record, *plan.same_record})
        judged = judge(work, reached, plan, before=before)
        applied = Applied()
        if judged.brakes:
            hold(work, judged)
        else:
            with work.stage("send"):
                applied = send(work, reached, plan.changes)
            count_outcomes(record, plan.changes, applied, {})
        record.check_sums()
    with record.timed("archive"):
        archive_changes(work.settings, record, planned_of(record, judged, {}), applied.outcomes)


def _chosen(known: dict[str, Confirmed], sample: int | None) -> dict[str, Confirmed]:
    if sample is None or sample >= len(known):
        return known
    return {email: known[email] for email in sorted(random.sample(sorted(known), sample))}


def _others(known: dict[str, Confirmed], drift: Drift) -> dict[str, tuple[str, int]]:
    """The records of the contacts that did not drift: one of them speaks for its record before one that did."""
    drifted = {contact.email for contact in drift.drifted}
    return {held.record_id: (email, -1) for email, held in known.items() if email not in drifted and held.record_id}


def _count(record: RunRecord, drift: Drift, plan: Plan) -> None:
    counts = record.contacts
    counts["total"] = drift.checked + counts["suppressed"]
    counts["gone"] = len(drift.deleted)
    counts["same_record"] = len(drift.same_record) + len(plan.same_record)
    counts["unchanged"] = drift.checked - counts["gone"] - counts["same_record"] - len(plan.changes)
    if drift.address_changed:
        record.notes.append(
            f"{len(drift.address_changed)} contacts have another address in HubSpot now; it was left as it is."
        )
