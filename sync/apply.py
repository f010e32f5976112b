"""Sending changes: every one is on record before it leaves, and every answer as soon as it comes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from goldpan.config import Config
from goldpan.errors import GoldpanError
from goldpan.model import Action, Change, Confirmed, CurrentRecord, Outcome, Verdict
from goldpan.proof import proven
from sync.destinations import Destination
from sync.reading import read_current
from sync.state.contacts import ConfirmedContacts, Refusal
from sync.state.journal import Journal

NOT_SENT = "not_sent"
"""The reason of changes that were handed over but never left, because the run stopped."""
READ_BACK = "read_back"
"""The reason of outcomes that HubSpot's answer did not give, but a look at the record."""


@dataclass
class Applied:
    """What came of the changes.

    Attributes:
        outcomes: One per change that was sent, by address.
        failure: What stopped the sending early, if anything did; changes without an outcome never left.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failure: GoldpanError | None = None

    def of(self, verdict: Verdict) -> list[str]:
        """The addresses with this verdict."""
        return [email for email, outcome in self.outcomes.items() if outcome.verdict is verdict]


class Permission(Protocol):
    """Whether this run may send."""

    def check(self, connection: Connection) -> None:
        """Asked in the transaction that marks a batch as sent; what holds then holds until it ends.

        Raises:
            GoldpanError: It may not, and why.
        """

    @property
    def is_lost(self) -> bool:
        """Whether another run may be at work with the state: then this one leaves it alone."""


class Sending:
    """Changes on their way to one portal, with the state kept in step batch by batch.

    Args:
        destination: Where they go.
        journal: Has every change of this run as planned already.
        contacts: What the portal confirmed.
        config: The properties, for reading back.
        run_id: The run.
        circumstances: What besides its values decides whether HubSpot refuses a contact.
        clock: The time.
        permission: Asked before each batch.
    """

    def __init__(
        self,
        *,
        destination: Destination,
        journal: Journal,
        contacts: ConfirmedContacts,
        config: Config,
        run_id: str,
        circumstances: str,
        clock: Callable[[], datetime],
        permission: Permission,
    ) -> None:
        self._destination, self._journal, self._contacts, self._config = destination, journal, contacts, config
        self._run_id, self._circumstances, self._clock = run_id, circumstances, clock
        self._permission = permission
        self._known_refusals = contacts.refusals()

    def send(self, changes: Sequence[Change], on_batch: Callable[[int], None] = lambda _: None) -> Applied:
        """Send every change; what has no proof is read back, and sent once more if it was not written.

        Args:
            changes: As the journal has them.
            on_batch: Told how many changes have been answered.

        Returns:
            The outcomes. An error that stops the sending is in ``failure``, after all outcomes were kept.
        """
        by_email = {change.email: change for change in changes}
        applied = Applied()
        self._send(changes, by_email, applied, on_batch)
        unwritten = self._settle(by_email, applied)
        if unwritten and applied.failure is None:
            self._send(unwritten, by_email, applied)
            self._settle(by_email, applied)
        return applied

    def _send(
        self,
        changes: Iterable[Change],
        by_email: Mapping[str, Change],
        applied: Applied,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:
        try:
            for answered in self._destination.write(changes, on_sent=self._mark_sent):
                outcomes = self._of_their_own(answered, by_email)
                self._keep(outcomes, by_email)
                applied.outcomes |= {outcome.email: outcome for outcome in outcomes}
                on_batch(len(outcomes))
        except GoldpanError as error:
            applied.failure = error

    def _settle(self, by_email: Mapping[str, Change], applied: Applied) -> list[Change]:
        """Read back what has no proof.

        Returns:
            The changes that were not written, fit to be sent again.
        """
        unknown = [by_email[email] for email in applied.of(Verdict.UNKNOWN)]
        if not unknown or applied.failure is not None:
            return []
        try:
            current = read_current(self._destination, {each.email: each.record_id for each in unknown}, self._config)
        except GoldpanError as error:
            applied.failure = error
            return []
        settled, unwritten = settle(unknown, current, self._config)
        self._keep(settled, by_email)
        applied.outcomes |= {outcome.email: outcome for outcome in settled}
        return unwritten

    def _of_their_own(self, outcomes: Sequence[Outcome], by_email: Mapping[str, Change]) -> list[Outcome]:
        """The outcomes, but a new contact that HubSpot put onto another contact's record has moved there.

        That happens only if HubSpot finds an additional address when it writes and not when it reads. The other contact
        is not confirmed any more: the next run puts its values back, and knows of the shared record.
        """
        onto = {
            outcome.email: outcome.record_id or ""
            for outcome in outcomes
            if outcome.verdict is Verdict.APPLIED
            and not outcome.is_new
            and by_email[outcome.email].action is Action.CREATE
        }
        owners = self._contacts.owners_of(onto.values()) if onto else {}
        shared = {email: record_id for email, record_id in onto.items() if owners.get(record_id, email) != email}
        if not shared:
            return [*outcomes]
        payloads = {email: by_email[email].payload for email in shared}
        self._contacts.unconfirm(owners[record_id] for record_id in shared.values())
        self._contacts.mark_absent("same_record", payloads, at=self._clock(), record_ids=shared)
        return [
            replace(outcome, verdict=Verdict.MOVED, reason="same_record") if outcome.email in shared else outcome
            for outcome in outcomes
        ]

    def _mark_sent(self, changes: Sequence[Change]) -> None:
        self._journal.mark_sent(self._run_id, changes, unless=self._permission.check)

    def _keep(self, outcomes: Sequence[Outcome], by_email: Mapping[str, Change]) -> None:
        """Confirmed state moves per record, and only on proof; never beside another run, which reads back itself."""
        if self._permission.is_lost:
            return
        now = self._clock()
        self._journal.record(self._run_id, outcomes, at=now)
        keep_proofs(outcomes, by_email, self._contacts, run_id=self._run_id, at=now)
        self._contacts.refuse(
            {
                outcome.email: self._refusal(outcome, by_email[outcome.email].payload, now)
                for outcome in outcomes
                if outcome.verdict is Verdict.REFUSED
            }
        )

    def _refusal(self, outcome: Outcome, payload: str, now: datetime) -> Refusal:
        earlier = self._known_refusals.get(outcome.email)
        is_same = earlier is not None and earlier.payload == payload
        first_at = earlier.first_at if earlier is not None and is_same else now
        return Refusal(payload, outcome.reason, outcome.message, first_at, now, self._circumstances)


def keep_proofs(
    outcomes: Iterable[Outcome],
    by_email: Mapping[str, Change],
    contacts: ConfirmedContacts,
    *,
    run_id: str,
    at: datetime,
) -> None:
    """What HubSpot holds now is confirmed, and who is gone is marked so."""
    confirmed: dict[str, Confirmed] = {}
    gone: dict[str, str] = {}
    for outcome in outcomes:
        change = by_email[outcome.email]
        if not change.payload:  # journalled by an older Goldpan: the next reading confirms it
            continue
        if outcome.verdict is Verdict.APPLIED:
            record_id = outcome.record_id or change.record_id or ""
            confirmed[outcome.email] = Confirmed(record_id, change.payload, change.customer_key)
        elif outcome.verdict is Verdict.GONE:
            gone[outcome.email] = change.payload
    contacts.confirm(confirmed, run_id=run_id, at=at)
    contacts.mark_absent("gone", gone, at=at)


def settle(
    unknown: Iterable[Change], current: Mapping[str, CurrentRecord], config: Config
) -> tuple[list[Outcome], list[Change]]:
    """Tell by what HubSpot holds what became of changes without an answer.

    Returns:
        The outcomes that are proven, and the changes that were not written, with the record id that they have now.
    """
    outcomes, unwritten = [], []
    taken: set[str] = set()
    for change in unknown:
        record = current.get(change.email)
        verdict = proven(change, record, config)
        if verdict is None and record is not None:  # merged meanwhile: a record is written once
            verdict = Verdict.MOVED if record.record_id in taken else None
            taken.add(record.record_id)
        if verdict is None:
            unwritten.append(change if record is None else _onto(change, record))
            continue
        outcomes.append(
            Outcome(
                change.email,
                verdict,
                record_id=record.record_id if record else None,
                is_new=change.action is Action.CREATE,
                reason=READ_BACK,
            )
        )
    return outcomes, unwritten


def _onto(change: Change, record: CurrentRecord) -> Change:
    """The change for the record that HubSpot has now: an update by its id, whoever made it."""
    action = Action.UPDATE if change.action is Action.CREATE else change.action
    return replace(change, action=action, record_id=record.record_id)
