"""Sending as a stage of a run: journal, send, and count what came of it."""

from collections.abc import Mapping, Sequence

from goldpan.model import Action, Change, Verdict
from sync.apply import NOT_SENT, Applied, Sending
from sync.lifecycle import Work
from sync.planning import Reached
from sync.progress import shown
from sync.record import RunRecord
from sync.state.contacts import Refusal


def send(work: Work, reached: Reached, changes: Sequence[Change]) -> Applied:
    """Put the changes into the journal and send them; what has no proof is read back."""
    if not changes:
        return Applied()
    record = work.record
    work.state.runs.keep_config(work.settings.config_id, work.settings.snapshot_text)
    work.state.journal.plan(record.run_id, changes)
    sending = Sending(
        destination=reached.destination,
        journal=work.state.journal,
        contacts=reached.contacts,
        config=work.settings.config,
        run_id=record.run_id,
        circumstances=reached.circumstances,
        clock=work.clock,
    )
    work.has_begun_to_send = True
    with shown(work.progress, "Sending", len(changes)):
        return sending.send(changes, work.progress.advance)


def count_outcomes(
    record: RunRecord, changes: Sequence[Change], applied: Applied, known_refusals: Mapping[str, Refusal]
) -> None:
    """Count every change where it ended, and say how the run ended."""
    contacts = record.contacts
    for change in changes:
        outcome = applied.outcomes.get(change.email)
        if outcome is None or outcome.reason == NOT_SENT:
            contacts["held"] += 1
        elif outcome.verdict is Verdict.APPLIED:
            contacts["created" if change.action is Action.CREATE else "updated"] += 1
        else:
            contacts[str(outcome.verdict)] += 1
            is_refused = outcome.verdict is Verdict.REFUSED
            record.new_refusals += is_refused and change.email not in known_refusals
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
