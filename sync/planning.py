"""From contacts to a plan: what is wanted, against what is confirmed, against what HubSpot holds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from goldpan.desired import desired_contacts
from goldpan.former import Former, former_contacts
from goldpan.model import Action, Confirmed, Outcome, Portal, Verdict
from goldpan.pipeline import Refined
from goldpan.plan import Current, DesiredContact, Plan, TagOptions, plan_changes
from sync.destinations import Destination
from sync.lifecycle import Work
from sync.progress import shown
from sync.reading import read_current
from sync.state.contacts import ConfirmedContacts, Refusal

LOOK_AGAIN_AFTER = timedelta(days=7)
"""A contact that HubSpot lacked is looked for again when its values change, else after this long."""


@dataclass(frozen=True)
class Reached:
    """The portal that a run talks to.

    Attributes:
        destination: The open connection.
        portal: Whose contacts they are.
        contacts: What it confirmed so far.
        tag_options: What Goldpan may add and remove in the tag property.
        circumstances: A digest of what besides its values decides whether a contact is refused.
    """

    destination: Destination
    portal: Portal
    contacts: ConfirmedContacts
    tag_options: TagOptions
    circumstances: str


class Planning:
    """What one run wants of one portal.

    Args:
        refined: What the exports mean.
        work: The run.
        reached: The portal.
        only: Plan for these addresses alone; nobody else counts as missing.
        recreate: Make contacts again that HubSpot has no more (of those in ``only``).
        retry: Send what HubSpot refused again, whenever that was.
    """

    def __init__(
        self,
        refined: Refined,
        work: Work,
        reached: Reached,
        *,
        only: Collection[str] = (),
        recreate: bool = False,
        retry: bool = False,
    ) -> None:
        self._work, self._reached = work, reached
        self._recreate, self._retry = recreate, retry
        settings = work.settings
        frame = desired_contacts(refined, settings.config, settings.suppression)
        self._total = len(refined.contacts)
        if only:
            frame = frame[frame["email"].isin(set(only))]
            self._total = len(frame)
        self.desired = as_contacts(
            frame[~frame["is_suppressed"]], [p.name for p in settings.config.properties.properties]
        )
        self._suppressed = set(frame.loc[frame["is_suppressed"], "email"])
        self.known = reached.contacts.known()
        self._absences = reached.contacts.absences()
        self.former = (
            Former((), ())
            if only
            else former_contacts(
                self.known,
                self.desired,
                {*self.desired, *self._suppressed},
                suppression=settings.suppression,
                config=settings.config,
            )
        )
        self.known_refusals = {
            email: refusal
            for email, refusal in reached.contacts.refusals().items()
            if email in self.desired and self.desired[email].payload == refusal.payload
        }
        self._resting: dict[str, str] = {}

    def plan(self) -> Plan:
        """Read the contacts that differ from the confirmed state, and plan; nothing is written anywhere."""
        self._note_new_portal()
        self._resting = {
            email: reason
            for email, contact in self.desired.items()
            if not self._is_confirmed(contact) and (reason := self._why_it_rests(contact))
        }
        wanted = [
            contact
            for email, contact in self.desired.items()
            if not self._is_confirmed(contact) and email not in self._resting
        ]
        wanted += self.former.contacts
        asked = {contact.email for contact in wanted}
        with shown(self._work.progress, "Reading HubSpot", len(wanted)):
            records = read_current(
                self._reached.destination,
                {email: self._record_id(email) for email in sorted(asked)},
                self._work.settings.config,
                self._work.progress.advance,
            )
        plan = plan_changes(
            wanted,
            Current(records, self._once_confirmed(), self._others(asked)),
            as_of=self._work.record.as_of,
            config=self._work.settings.config,
            tag_options=self._reached.tag_options,
            address_moves=self.former.moves,
        )
        self._work.record.fingerprint = plan.fingerprint
        self._count(plan)
        return plan

    def resting_outcomes(self) -> dict[str, Outcome]:
        """The refused contacts that are left alone today, as HubSpot refused them: reports list them every night."""
        return {
            email: Outcome(email, Verdict.REFUSED, reason=refusal.reason, message=refusal.message)
            for email, refusal in self.known_refusals.items()
            if self._resting.get(email) == "refused"
        }

    def keep_proofs(self, plan: Plan) -> None:
        """Remember what reading has proved; nothing is sent for it."""
        contacts, at = self._reached.contacts, self._work.clock()
        targets = {**self.desired, **{contact.email: contact for contact in self.former.contacts}}
        contacts.unconfirm([*plan.same_record, *plan.forgotten])
        contacts.mark_absent("gone", {email: targets[email].payload for email in plan.gone}, at=at)
        contacts.mark_absent("not_wanted", {email: targets[email].payload for email in plan.not_wanted}, at=at)
        held = {
            email: Confirmed(record_id, targets[email].payload, targets[email].customer_key)
            for email, record_id in plan.confirmed.items()
        }
        contacts.confirm(held, run_id=self._work.record.run_id, at=at)

    def _is_confirmed(self, contact: DesiredContact) -> bool:
        held = self.known.get(contact.email)
        return held is not None and held.payload == contact.payload

    def _record_id(self, email: str) -> str | None:
        held = self.known.get(email)
        return held.record_id if held else None

    def _once_confirmed(self) -> set[str]:
        """Whom HubSpot had once: without a record now they are gone, unless a person wants them back."""
        gone = {email for email, absence in self._absences.items() if absence.reason == "gone"}
        once = gone | self.known.keys()
        return once - self.desired.keys() if self._recreate else once

    def _others(self, asked: Collection[str]) -> dict[str, tuple[str, int]]:
        """The records of the contacts that are not read, with who they are."""
        return {
            held.record_id: (email, self.desired[email].rank)
            for email, held in self.known.items()
            if email in self.desired and email not in asked and held.record_id
        }

    def _why_it_rests(self, contact: DesiredContact) -> str:
        """Whether a contact is left alone today because nothing changed since HubSpot refused it or lacked it."""
        now = self._work.clock()
        absence = self._absences.get(contact.email)
        if absence is not None and absence.payload == contact.payload and not self._recreate:
            is_as_before = absence.reason == "gone" or not contact.may_create
            if is_as_before and now - absence.checked_at < LOOK_AGAIN_AFTER:
                return absence.reason
        refusal = self.known_refusals.get(contact.email)
        return "refused" if refusal is not None and not self._retry and self._rests(refusal, now) else ""

    def _rests(self, refusal: Refusal, now: datetime) -> bool:
        """The same values would be refused again, as long as the portal and Goldpan are the same."""
        days = timedelta(days=self._work.settings.file.hubspot.retry_refused_after_days)
        return refusal.circumstances == self._reached.circumstances and now - refusal.last_at < days

    def _count(self, plan: Plan) -> None:
        counts, notes = self._work.record.contacts, self._work.record.notes
        resting = list(self._resting.values())
        former = {change.email for change in plan.changes if change.action is Action.CLEAR}
        counts["total"] = self._total + len(former - self._suppressed)
        counts["unsendable"] = self._total - len(self.desired) - len(self._suppressed)
        counts["suppressed"] = len(self._suppressed - former)
        counts["same_record"] = len(plan.same_record)
        counts["refused"] = resting.count("refused")
        counts["gone"] = len(plan.gone) + resting.count("gone")
        counts["not_wanted"] = len(plan.not_wanted) + resting.count("not_wanted")
        elsewhere = sum(counts[name] for name in ("same_record", "refused", "gone", "not_wanted"))
        counts["unchanged"] = len(self.desired) - (len(plan.changes) - len(former)) - elsewhere
        told = {
            "contacts share a HubSpot record with another contact, which goes before them.": plan.same_record,
            "contacts carry an option that the tag property no longer has; HubSpot could not take it back, so it is "
            "dropped where the contact is written.": plan.dropped_options,
            "contacts have another address in HubSpot now; it was left as it is.": plan.addresses_changed,
            "customers have a new address in the exports: merge the two contacts in HubSpot.": plan.address_moves,
        }
        notes += [f"{len(found)} {words} See Rejects and warnings." for words, found in told.items() if found]
        if "refused" in resting:
            notes.append(self._about_refusals(resting.count("refused")))

    def _about_refusals(self, count: int) -> str:
        oldest = min(self.known_refusals[email].first_at for email, why in self._resting.items() if why == "refused")
        return (
            f"{count} contacts were refused before with the same values (the oldest since {oldest:%Y-%m-%d}); they are "
            "sent again when those, HubSpot's properties or Goldpan's version change, else after "
            f"{self._work.settings.file.hubspot.retry_refused_after_days} days. At once: goldpan retry"
        )

    def _note_new_portal(self) -> None:
        others = self._reached.contacts.other_portals()
        if others and not self.known:
            self._work.record.notes.append(
                f"Portal {self._work.record.portal_id} is new to this installation (known: {', '.join(others)}): "
                "it starts empty, and every contact is compared with what it holds."
            )


def as_contacts(frame: pd.DataFrame, names: list[str]) -> Mapping[str, DesiredContact]:
    """The rows of :func:`goldpan.desired.desired_contacts` by address."""
    extra = ("email", "payload", "rank", "customer_key", "may_create")
    return {
        email: DesiredContact(email, dict(zip(names, values, strict=True)), payload, rank, customer_key, may_create)
        for email, payload, rank, customer_key, may_create, *values in zip(
            *(frame[name] for name in (*extra, *names)), strict=True
        )
    }
