"""From contacts to a plan: what is wanted, against what is confirmed, against what HubSpot holds."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from goldpan.desired import desired_contacts
from goldpan.former import Former, former_contacts
from goldpan.model import Action, Confirmed, CurrentRecord, Outcome, Portal, Verdict
from goldpan.pipeline import Refined
from goldpan.plan import Current, DesiredContact, Plan, TagOptions, plan_changes
from goldpan.records import addresses_of, of_suppressed, on_records, others_on_records
from sync.destinations import Destination
from sync.lifecycle import Work
from sync.noting import note_on_new_portal, notes_on, notes_on_refusals
from sync.progress import shown
from sync.reading import read_current
from sync.resting import Rest
from sync.state.contacts import ConfirmedContacts


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
        self.known = reached.contacts.known()
        self._absences = reached.contacts.absences()
        names = [spec.name for spec in settings.config.properties.properties]
        self._everybody = as_contacts(frame[~frame["is_suppressed"]], names)  # a canary owns no record of another's
        if only:
            frame = frame[frame["email"].isin(set(only))]
            self._total = len(frame)
        chosen = set(frame["email"])
        self.desired = {email: contact for email, contact in self._everybody.items() if email in chosen}
        if recreate:
            self.desired = {email: self._recreated(contact) for email, contact in self.desired.items()}
        self._suppressed = set(frame.loc[frame["is_suppressed"], "email"])
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
        self._targets = {**self.desired, **{contact.email: contact for contact in self.former.contacts}}
        self.known_refusals = {
            email: refusal
            for email, refusal in reached.contacts.refusals().items()
            if email in self._targets and self._targets[email].payload == refusal.payload
        }
        self._resting: dict[str, str] = {}
        self._lost: set[str] = set()  # they have no record of their own in HubSpot any more, and had one

    def plan(self) -> Plan:
        """Read the contacts that differ from the confirmed state, and plan; nothing is written anywhere."""
        self._note_new_portal()
        rest = self._rest()
        self._resting = {
            email: reason
            for email, contact in self._targets.items()
            if not self._is_confirmed(contact) and (reason := rest.reason(contact))
        }
        moves = [move for move in self.former.moves if move.new_email not in self._resting]
        wanted = self._wanted({move.old_email for move in self.former.moves} - {move.old_email for move in moves})
        records = self._read(wanted)
        self._settle_whose(records, wanted)
        plan = plan_changes(
            wanted.values(),
            Current(records, self._once_confirmed(), others_on_records(records, self.known, self._everybody, wanted)),
            as_of=self._work.record.as_of,
            config=self._work.settings.config,
            tag_options=self._reached.tag_options,
            address_moves=moves,
        )
        without_own = {email for email, record in records.items() if email not in addresses_of(record)}
        self._lost = (set(plan.forgotten) - records.keys()) | (plan.same_record.keys() & without_own)
        self._work.record.fingerprint = plan.fingerprint
        self._count(plan)
        still_gone = (email for email, why in self._resting.items() if why == "gone")
        return replace(plan, gone=tuple(sorted({*plan.gone, *still_gone})))

    def _wanted(self, waiting: Collection[str]) -> dict[str, DesiredContact]:
        """Whom to look at: those that differ, and those whose customer comes under a further address tonight.

        The latter are confirmed once more: who is there together with the new address has not moved to it.
        """
        customers = {
            contact.customer_key
            for email, contact in self.desired.items()
            if contact.customer_key and email not in self.known and email not in self._resting
        }
        return {
            email: contact
            for email, contact in self._targets.items()
            if email not in self._resting
            and email not in waiting
            and (not self._is_confirmed(contact) or self._recreate or contact.customer_key in customers)
        }

    def _read(self, wanted: Collection[str]) -> dict[str, CurrentRecord]:
        known, config, progress = self.known, self._work.settings.config, self._work.progress
        # Of an absent contact: the record that another one speaks for.
        told = {email: absence.record_id for email, absence in self._absences.items()}
        told |= {email: held.record_id for email, held in known.items()}
        record_ids = {email: told.get(email) for email in sorted(wanted)}
        with shown(progress, "Reading HubSpot", len(wanted)):
            return read_current(self._reached.destination, record_ids, config, progress.advance)

    def _settle_whose(self, records: dict[str, CurrentRecord], wanted: dict[str, DesiredContact]) -> None:
        """Add the contacts that turn out to share a record that was read; leave out those who are never written."""
        for email, record in [*on_records(records, self.desired, wanted)]:
            if self._resting.get(email) != "refused":
                self._resting.pop(email, None)
                wanted[email], records[email] = self.desired[email], record
        for email in of_suppressed(records, self._work.settings.suppression):
            if email in self.desired:
                del wanted[email], self.desired[email]
                self._suppressed.add(email)
            elif self._work.settings.config.contacts.on_suppress == "leave":
                del wanted[email]

    def resting_outcomes(self) -> dict[str, Outcome]:
        """The refused contacts that are left alone today, as HubSpot refused them: reports list them every night."""
        return {
            email: Outcome(email, Verdict.REFUSED, reason=refusal.reason, message=refusal.message)
            for email, refusal in self.known_refusals.items()
            if self._resting.get(email) == "refused"
        }

    def keep_proofs(self, plan: Plan) -> None:
        """Remember what reading has proved; nothing is sent for it."""
        contacts, targets, at = self._reached.contacts, self._targets, self._work.clock()
        contacts.unconfirm({*plan.same_record, *plan.forgotten} - self._lost)
        gone = {*plan.gone, *self._lost} - self._resting.keys()
        contacts.mark_absent("gone", {email: targets[email].payload for email in sorted(gone)}, at=at)
        contacts.mark_absent("not_wanted", {email: targets[email].payload for email in plan.not_wanted}, at=at)
        held = {
            email: Confirmed(record_id, targets[email].payload, targets[email].customer_key)
            for email, record_id in plan.confirmed.items()
        }
        contacts.confirm(held, run_id=self._work.record.run_id, at=at)

    def _is_confirmed(self, contact: DesiredContact) -> bool:
        held = self.known.get(contact.email)
        return held is not None and held.payload == contact.payload

    def _once_confirmed(self) -> set[str]:
        """Whom HubSpot had once: without a record now they are gone, unless a person wants them back."""
        gone = {email for email, absence in self._absences.items() if absence.reason == "gone"}
        once = gone | self.known.keys()
        return once - self.desired.keys() if self._recreate else once

    def _recreated(self, contact: DesiredContact) -> DesiredContact:
        """A contact that HubSpot had once and that a person wants back is made, whomever the config would make."""
        absence = self._absences.get(contact.email)
        was_there = contact.email in self.known or (absence is not None and absence.reason == "gone")
        return replace(contact, may_create=contact.may_create or was_there)

    def _rest(self) -> Rest:
        """Why contacts are left alone; nobody is whom a person asks for."""
        days = self._work.settings.file.hubspot.retry_refused_after_days
        return Rest(
            {} if self._recreate else self._absences,
            {} if self._recreate or self._retry else self.known_refusals,
            self._reached.circumstances,
            retry_after=timedelta(days=days),
            now=self._work.clock(),
        )

    def _count(self, plan: Plan) -> None:
        former = {change.email for change in plan.changes if change.action is Action.CLEAR}
        refused = [email for email, why in self._resting.items() if why == "refused"]
        outside = {email for email in {*former, *refused} if email not in self.desired} - self._suppressed
        counts = self._work.record.contacts
        counts["total"] = self._total + len(outside)
        counts["unsendable"] = self._total - len(self.desired) - len(self._suppressed)
        counts["suppressed"] = len(self._suppressed - former)
        counts["same_record"] = len(plan.same_record.keys() - set(refused))
        counts["refused"] = len(set(refused) - self._suppressed)
        for name, now in (("gone", plan.gone), ("not_wanted", plan.not_wanted)):
            counts[name] = len(now) + list(self._resting.values()).count(name)
        elsewhere = sum(counts[name] for name in ("same_record", "refused", "gone", "not_wanted"))
        counts["unchanged"] = len(self.desired) + len(outside) - len(plan.changes) - elsewhere
        counts["unchanged"] += len(former & self._suppressed)
        self._work.record.notes += [
            *notes_on(plan),
            *notes_on_refusals(
                [self.known_refusals[email] for email in refused],
                retried_after_days=self._work.settings.file.hubspot.retry_refused_after_days,
            ),
        ]

    def _note_new_portal(self) -> None:
        others = self._reached.contacts.other_portals()
        if others and not self.known:
            self._work.record.notes.append(note_on_new_portal(self._work.record.portal_id, others))


def as_contacts(frame: pd.DataFrame, names: list[str]) -> dict[str, DesiredContact]:
    """The rows of :func:`goldpan.desired.desired_contacts` by address."""
    extra = ("email", "payload", "rank", "customer_key", "may_create")
    return {
        email: DesiredContact(email, dict(zip(names, values, strict=True)), payload, rank, customer_key, may_create)
        for email, payload, rank, customer_key, may_create, *values in zip(
            *(frame[name] for name in (*extra, *names)), strict=True
        )
    }
