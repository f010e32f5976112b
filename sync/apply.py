"""Sending a plan: every change is on record before it leaves, and every answer as soon as it comes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from goldpan.config import Config
from goldpan.errors import GoldpanError
from goldpan.model import Change, CurrentRecord, Outcome, Verdict
from goldpan.plan import DesiredContact, Plan, TagOptions, plan_changes
from sync.destinations import Destination
from sync.state.contacts import Confirmed, ConfirmedContacts, Refusal
from sync.state.journal import Journal


@dataclass
class Applied:
    """What came of a plan.

    Attributes:
        outcomes: One per change that was sent, by address.
        failure: What stopped the sending early, if anything did; changes without an outcome never left.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failure: GoldpanError | None = None


class Sending:
    """One plan on its way to one portal, with the state kept in step batch by batch."""

    def __init__(
        self,
        plan: Plan,
        *,
        desired: Mapping[str, DesiredContact],
        destination: Destination,
        journal: Journal,
        contacts: ConfirmedContacts,
        run_id: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._plan, self._desired, self._destination = plan, desired, destination
        self._journal, self._contacts, self._run_id, self._clock = journal, contacts, run_id, clock
        self._known_refusals = contacts.refusals()

    def apply(self, on_batch: Callable[[int], None] = lambda _: None) -> Applied:
        """Send every change of the plan.

        Args:
            on_batch: Told how many changes have been answered.

        Returns:
            The outcomes. An error that stops the sending is in ``failure``, after all outcomes were kept.
        """
        applied = Applied()
        self._journal.plan(self._run_id, self._plan.changes)
        try:
            for outcomes in self._destination.write(self._plan.changes, on_sent=self._mark_sent):
                self._keep(outcomes)
                applied.outcomes |= {outcome.email: outcome for outcome in outcomes}
                on_batch(len(outcomes))
        except GoldpanError as error:
            applied.failure = error
        return applied

    def settle(self, applied: Applied, config: Config, tag_options: TagOptions) -> None:
        """Read back what has no proof: what HubSpot holds as wanted was applied after all."""
        unknown = [email for email, outcome in applied.outcomes.items() if outcome.verdict is Verdict.UNKNOWN]
        if not unknown or applied.failure is not None:
            return
        try:
            current = read_current(self._destination, unknown, config)
        except GoldpanError as error:
            applied.failure = error
            return
        desired = [self._desired[email] for email in unknown]
        plan = plan_changes(
            desired, current, as_of=self._plan.as_of, config=config, tag_options=tag_options, confirmed_records={}
        )
        settled = [
            Outcome(email, Verdict.APPLIED, record_id=record_id, is_new=self._is_create(email), reason="read_back")
            for email, record_id in plan.confirmed.items()
        ]
        self._keep(settled)
        applied.outcomes |= {outcome.email: outcome for outcome in settled}

    def _is_create(self, email: str) -> bool:
        return any(change.email == email and change.record_id is None for change in self._plan.changes)

    def _mark_sent(self, changes: Sequence[Change]) -> None:
        self._journal.mark_sent(self._run_id, changes)

    def _keep(self, outcomes: Sequence[Outcome]) -> None:
        """Confirmed state moves per record, and only on proof."""
        now = self._clock()
        self._journal.record(self._run_id, outcomes)
        self._contacts.confirm(
            {
                outcome.email: Confirmed(outcome.record_id or "", self._desired[outcome.email].payload)
                for outcome in outcomes
                if outcome.verdict is Verdict.APPLIED
            },
            run_id=self._run_id,
            at=now,
        )
        self._contacts.refuse(
            {outcome.email: self._refusal(outcome, now) for outcome in outcomes if outcome.verdict is Verdict.REFUSED},
        )

    def _refusal(self, outcome: Outcome, now: datetime) -> Refusal:
        payload = self._desired[outcome.email].payload
        earlier = self._known_refusals.get(outcome.email)
        is_same = earlier is not None and earlier.payload == payload
        first_at = earlier.first_at if earlier is not None and is_same else now
        return Refusal(payload, outcome.reason, outcome.message, first_at, now)


def read_current(
    destination: Destination, emails: Sequence[str], config: Config, on_batch: Callable[[int], None] = lambda _: None
) -> dict[str, CurrentRecord]:
    """What the destination holds now for these addresses; the ones it lacks are missing."""
    names = [spec.name for spec in config.properties.properties]
    current: dict[str, CurrentRecord] = {}
    for batch in destination.read_contacts(emails, names):
        current |= batch.found
        on_batch(len(batch.asked))
    return current
