"""From contacts to a plan: what is wanted, against what is confirmed, against what HubSpot holds."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from goldpan.desired import desired_contacts
from goldpan.model import Outcome, Verdict
from goldpan.pipeline import Refined
from goldpan.plan import DesiredContact, Plan, TagOptions, plan_changes
from sync.apply import read_current
from sync.destinations import Destination
from sync.progress import Progress, shown
from sync.record import RunRecord
from sync.settings import AppSettings
from sync.state.contacts import Confirmed, ConfirmedContacts, Refusal


class Planning:
    """What one run wants of one portal.

    Attributes:
        desired: The sendable contacts as HubSpot should hold them, by address.
        known_refusals: Contacts that HubSpot refused before with just these values.
    """

    def __init__(
        self,
        refined: Refined,
        record: RunRecord,
        *,
        destination: Destination,
        contacts: ConfirmedContacts,
        tag_options: TagOptions,
        settings: AppSettings,
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self._record, self._destination, self._contacts = record, destination, contacts
        self._tag_options, self._settings, self._progress, self._clock = tag_options, settings, progress, clock
        self._total = len(refined.contacts)
        self.desired = _desired_by_email(refined, settings)
        self._confirmed = contacts.confirmed()
        self._resting: set[str] = set()
        self.known_refusals = {
            email: refusal
            for email, refusal in contacts.refusals().items()
            if email in self.desired and self.desired[email].payload == refusal.payload
        }

    def plan(self) -> Plan:
        """Read the contacts that differ from the confirmed state, and plan; nothing is written anywhere."""
        self._note_new_portal()
        differing = {email for email, contact in self.desired.items() if not self._is_confirmed(contact)}
        refused = differing & self.known_refusals.keys()
        self._resting = {email for email in refused if self._rests(self.known_refusals[email])}
        asked = sorted(differing - self._resting)
        with shown(self._progress, "Reading HubSpot", len(asked)):
            current = read_current(self._destination, asked, self._settings.config, self._progress.advance)
        plan = plan_changes(
            [self.desired[email] for email in asked],
            current,
            as_of=self._record.as_of,
            config=self._settings.config,
            tag_options=self._tag_options,
            confirmed_records={
                held.record_id: (email, self.desired[email].rank)
                for email, held in self._confirmed.items()
                if email in self.desired and email not in differing and held.record_id
            },
        )
        self._record.fingerprint = plan.fingerprint
        self._count(plan, len(self._resting))
        return plan

    def resting_outcomes(self) -> dict[str, Outcome]:
        """The refused contacts that are left alone today, as HubSpot refused them: reports list them every night."""
        return {
            email: Outcome(email, Verdict.REFUSED, reason=refusal.reason, message=refusal.message)
            for email, refusal in self.known_refusals.items()
            if email in self._resting
        }

    def keep_confirmed(self, plan: Plan) -> None:
        """Remember what HubSpot turned out to hold as wanted already; nothing is sent for it."""
        self._contacts.unconfirm(plan.same_record)
        held = {email: Confirmed(record_id, self.desired[email].payload) for email, record_id in plan.confirmed.items()}
        self._contacts.confirm(held, run_id=self._record.run_id, at=self._clock())

    def _is_confirmed(self, contact: DesiredContact) -> bool:
        held = self._confirmed.get(contact.email)
        return held is not None and held.payload == contact.payload

    def _rests(self, refusal: Refusal) -> bool:
        """Whether a refused contact is left alone today: the same values would be refused again."""
        return self._clock() - refusal.last_at < timedelta(days=self._settings.file.hubspot.retry_refused_after_days)

    def _count(self, plan: Plan, resting: int) -> None:
        counts, notes = self._record.contacts, self._record.notes
        counts["total"] = self._total
        counts["unsendable"] = self._total - len(self.desired)
        counts["same_record"] = len(plan.same_record)
        counts["refused"] = resting
        counts["unchanged"] = len(self.desired) - len(plan.changes) - len(plan.same_record) - resting
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
                f"{resting} contacts were refused before with the same values; they are sent again when those "
                f"change, else after {self._settings.file.hubspot.retry_refused_after_days} days."
            )

    def _note_new_portal(self) -> None:
        others = self._contacts.other_portals()
        if others and not self._confirmed:
            self._record.notes.append(
                f"Portal {self._record.portal_id} is new to this installation (known: {', '.join(others)}): "
                "it starts empty, and every contact is compared with what it holds."
            )


def _desired_by_email(refined: Refined, settings: AppSettings) -> Mapping[str, DesiredContact]:
    frame = desired_contacts(refined, settings.config)
    names = [spec.name for spec in settings.config.properties.properties]
    columns = (frame["email"], frame["payload"], frame["rank"], *(frame[name] for name in names))
    return {
        email: DesiredContact(email, dict(zip(names, values, strict=True)), payload, rank)
        for email, payload, rank, *values in zip(*columns, strict=True)
    }
