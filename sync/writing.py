"""Sending as a stage of a run: journal, send, and count what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from goldpan.model import Action, Change, Verdict
from goldpan.plan import tag_property
from goldpan.stored import split_options
from sync.apply import NOT_SENT, Applied, Sending
from sync.lifecycle import Work
from sync.pausing import PausedError, in_words
from sync.planning import Reached
from sync.progress import shown
from sync.record import RunRecord
from sync.state.contacts import Refusal


def send(work: Work, reached: Reached, changes: Sequence[Change]) -> Applied:
    """Put the changes into the journal and send them; what has no proof is read back.

    A customer whose address changed is cleared under the old one last, and only once the new one is in HubSpot: nobody
    is left without tags because HubSpot refuses the new address. Who waits has no outcome, and is planned again.
    """
    if not changes:
        return Applied()
    record = work.record
    tags = tag_property(work.settings.config)
    written = {option for change in changes for option in split_options(change.after.get(tags, ""))}
    owned = written & reached.tag_options.owned
    work.state.options.remember(reached.destination.name, reached.portal, tags, owned)
    work.state.journal.plan(record.run_id, changes)
    sending = Sending(
        destination=reached.destination,
        journal=work.state.journal,
        contacts=reached.contacts,
        config=work.settings.config,
        run_id=record.run_id,
        circumstances=reached.circumstances,
        clock=work.clock,
        permission=_Permission(work),
    )
    work.has_begun_to_send = True
    at_once, later = _in_order(changes)
    with shown(work.progress, "Sending", len(changes)):
        applied = sending.send(at_once, work.progress.advance)
        if later and applied.failure is None:
            arrived = {change.customer_key for change in at_once if _is_applied(change, applied)}
            after = sending.send([c for c in later if c.customer_key in arrived], work.progress.advance)
            applied = Applied(applied.outcomes | after.outcomes, after.failure)
    return applied


@dataclass(frozen=True)
class _Permission:
    """A run may send while it holds the lease and nobody pauses Goldpan."""

    work: Work

    def check(self, connection: Connection) -> None:
        if self.work.lease is not None:
            self.work.lease.fence(connection)
        pause = self.work.state.pauses.current_in(connection, self.work.clock())
        if pause is not None:
            raise PausedError(
                f"{in_words(pause, self.work.settings.zone)} The rest was held back, and the next run after "
                "goldpan resume plans it anew."
            )

    @property
    def is_lost(self) -> bool:
        return self.work.lease is not None and self.work.lease.is_lost


def _in_order(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """What may leave at once, and the clears of customers who are written under another address in this very plan."""
    kept = {change.customer_key for change in changes if change.action is not Action.CLEAR and change.customer_key}
    waits = [change.action is Action.CLEAR and change.customer_key in kept for change in changes]
    return (
        [change for change, is_waiting in zip(changes, waits, strict=True) if not is_waiting],
        [change for change, is_waiting in zip(changes, waits, strict=True) if is_waiting],
    )


def _is_applied(change: Change, applied: Applied) -> bool:
    outcome = applied.outcomes.get(change.email)
    return outcome is not None and outcome.verdict is Verdict.APPLIED


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
            known = known_refusals.get(change.email)
            record.new_refusals += is_refused and (known is None or known.payload != change.payload)
    if applied.failure is not None:
        unsent = f" {contacts['held']} changes were not sent." if contacts["held"] else ""
        record.problems.append(f"{applied.failure}{unsent}")
        record.end_with(applied.failure)
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
