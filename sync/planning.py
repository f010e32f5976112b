"""From contacts to a plan: what is wanted, against what is confirmed, against what HubSpot holds.

Only contacts that may have to change become objects; the others stay in the columns that they came in.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from goldpan.desired_contacts import DesiredContacts
from goldpan.model import Action, Confirmed, CurrentRecord, Outcome, Portal, Verdict
from goldpan.pipeline import Refined
from goldpan.plan import Current, DesiredContact, Plan, TagOptions, plan_changes
from goldpan.records import addresses_of, of_suppressed, on_records, others_on_records
from goldpan.standing import ConfirmedBefore
from sync.comparing import Comparison
from sync.destinations import Destination
from sync.lifecycle import Work
from sync.noting import note_on_new_portal, notes_on, notes_on_refusals
from sync.progress import shown
from sync.reading import read_current
from sync.state.contacts import Absence, ConfirmedContacts, Refusal


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
        config, suppression = work.settings.config, work.settings.suppression
        self._total = len(only) or len(refined.contacts)  # only: addresses of contacts in the exports
        self._compared = Comparison(
            DesiredContacts(refined, config, suppression),
            reached.contacts,
            only,
            suppression=suppression,
            config=config,
        )
        self._wanted: dict[str, DesiredContact] = {}  # whom to look at, by address
        self._known: dict[str, Confirmed] = {}  # what is confirmed of them
        self._absences: dict[str, Absence] = {}  # those of them that HubSpot lacked
        self._lost: set[str] = set()  # they have no record of their own in HubSpot any more, and had one

    @property
    def known_refusals(self) -> dict[str, Refusal]:
        """What HubSpot refused, of those whose values are still the refused ones."""
        return self._compared.known_refusals

    def before(self) -> ConfirmedBefore:
        """What HubSpot had confirmed, as far as limits ask for it."""
        return self._compared.standing.before(self._known)

    def plan(self) -> Plan:
        """Read the contacts that differ from the confirmed state, and plan; nothing is written anywhere."""
        self._note_new_portal()
        self._let_rest()
        moves = self._compared.moves()
        self._choose(waiting={move.old_email for move in {*self._compared.former.moves} - {*moves}})
        records = self._read()
        self._settle_whose(records)
        plan = plan_changes(
            self._wanted.values(),
            Current(records, self._once_confirmed(), self._others(records)),
            as_of=self._work.record.as_of,
            config=self._work.settings.config,
            tag_options=self._reached.tag_options,
            address_moves=moves,
        )
        without_own = {email for email, record in records.items() if email not in addresses_of(record)}
        self._lost = (set(plan.forgotten) - records.keys()) | (plan.same_record.keys() & without_own)
        self._work.record.fingerprint = plan.fingerprint
        self._count(plan)
        still_gone = self._compared.emails(self._compared.resting.has("gone"))
        return replace(plan, gone=tuple(sorted({*plan.gone, *still_gone})))

    def _let_rest(self) -> None:
        """Who rests today; nobody whom a person asks for."""
        now, days = self._work.clock(), self._work.settings.file.hubspot.retry_refused_after_days
        if not self._recreate:
            self._compared.let_absent_rest(now)
        if not (self._recreate or self._retry):
            self._compared.let_refused_rest(self._reached.circumstances, retry_after=timedelta(days=days), now=now)

    def _choose(self, waiting: Collection[str]) -> None:
        """Take those that are to be looked at, and what is known of them."""
        compared, contacts = self._compared, self._reached.contacts
        which = compared.is_desired if self._recreate else compared.to_look_at()
        former = [
            contact
            for contact in compared.former.contacts
            if contact.email not in waiting and contact.email not in compared.resting.refused
        ]
        self._absences = contacts.absences_of(compared.emails(which & compared.is_unknown))
        self._known = contacts.known_of(
            [*compared.emails(which & ~compared.is_unknown), *(contact.email for contact in former)]
        )
        found = map(self._recreated, compared.everybody.contacts(np.flatnonzero(which)))
        self._wanted = {contact.email: contact for contact in (*found, *former)}

    def _read(self) -> dict[str, CurrentRecord]:
        # Of an absent contact: the record that another one speaks for.
        told = {email: absence.record_id for email, absence in self._absences.items()}
        told |= {email: held.record_id for email, held in self._known.items()}
        record_ids = {email: told.get(email) for email in sorted(self._wanted)}
        config, progress = self._work.settings.config, self._work.progress
        with shown(progress, "Reading HubSpot", len(record_ids)):
            return read_current(self._reached.destination, record_ids, config, progress.advance)

    def _settle_whose(self, records: dict[str, CurrentRecord]) -> None:
        """Add the contacts that turn out to share a record that was read; leave out those who are never written."""
        wanted, compared = self._wanted, self._compared
        rows = compared.everybody.rows_of(self._addresses_besides(records))
        rows = rows[compared.is_desired[rows]]
        besides = {contact.email: contact for contact in compared.everybody.contacts(rows)}
        places = dict(zip(besides, rows.tolist(), strict=True))
        added = []
        for email, record in [*on_records(records, besides, wanted)]:
            if email not in compared.resting.refused:
                compared.resting.codes[places[email]] = 0
                wanted[email], records[email] = besides[email], record
                added.append(email)
        self._known |= self._reached.contacts.known_of(added)
        never_written = of_suppressed(records, self._work.settings.suppression)
        desired = {email for email in never_written if wanted[email].is_kept}
        rows = compared.everybody.rows_of(desired)
        compared.is_desired[rows], compared.is_suppressed[rows] = False, True
        leave = self._work.settings.config.contacts.on_suppress == "leave"
        for email in never_written if leave else desired:
            del wanted[email]

    def _addresses_besides(self, records: dict[str, CurrentRecord]) -> set[str]:
        """The addresses of records that were read for others."""
        return {address for record in records.values() for address in addresses_of(record)} - self._wanted.keys()

    def _others(self, records: dict[str, CurrentRecord]) -> dict[str, tuple[str, int]]:
        """Which contact speaks for each of the records besides those that are planned for."""
        everybody = self._compared.everybody
        confirmed = self._reached.contacts.confirmed_on({record.record_id for record in records.values()})
        known = {email: Confirmed(record_id, "") for email, record_id in confirmed.items() if email not in self._wanted}
        rows = everybody.rows_of(self._addresses_besides(records) | known.keys())
        # A canary owns no record of another's.
        others = {contact.email: contact for contact in everybody.contacts(rows[~everybody.is_suppressed[rows]])}
        return others_on_records(records, known, others, self._wanted)

    def resting_outcomes(self) -> dict[str, Outcome]:
        """The refused contacts that are left alone today, as HubSpot refused them: reports list them every night."""
        return {
            email: Outcome(email, Verdict.REFUSED, reason=refusal.reason, message=refusal.message)
            for email, refusal in self.known_refusals.items()
            if email in self._compared.resting.refused
        }

    def keep_proofs(self, plan: Plan) -> None:
        """Remember what reading has proved; nothing is sent for it."""
        contacts, wanted, at = self._reached.contacts, self._wanted, self._work.clock()
        contacts.unconfirm({*plan.same_record, *plan.forgotten} - self._lost)
        gone = {*plan.gone, *self._lost} & wanted.keys()  # not those that rest: nobody looked for them
        contacts.mark_absent("gone", {email: wanted[email].payload for email in sorted(gone)}, at=at)
        contacts.mark_absent("not_wanted", {email: wanted[email].payload for email in plan.not_wanted}, at=at)
        held = {
            email: Confirmed(record_id, wanted[email].payload, wanted[email].customer_key)
            for email, record_id in plan.confirmed.items()
        }
        contacts.confirm(held, run_id=self._work.record.run_id, at=at)

    def _once_confirmed(self) -> set[str]:
        """Whom HubSpot had once: without a record now they are gone, unless a person wants them back."""
        gone = {email for email, absence in self._absences.items() if absence.reason == "gone"}
        back = {email for email, contact in self._wanted.items() if contact.is_kept} if self._recreate else set()
        return (gone | self._known.keys()) - back

    def _recreated(self, contact: DesiredContact) -> DesiredContact:
        """A contact that HubSpot had once and that a person wants back is made, whomever the config would make."""
        if not self._recreate:
            return contact
        absence = self._absences.get(contact.email)
        was_there = contact.email in self._known or (absence is not None and absence.reason == "gone")
        return replace(contact, may_create=contact.may_create or was_there)

    def _count(self, plan: Plan) -> None:
        compared, counts = self._compared, self._work.record.contacts
        former = {change.email for change in plan.changes if change.action is Action.CLEAR}
        refused = compared.resting.refused
        suppressed = compared.among(former | refused, compared.is_suppressed)
        outside = (former | refused) - suppressed - compared.among(former | refused, compared.is_desired)
        desired_count, suppressed_count = int(compared.is_desired.sum()), int(compared.is_suppressed.sum())
        counts["total"] = self._total + len(outside)
        counts["unsendable"] = self._total - desired_count - suppressed_count
        counts["suppressed"] = suppressed_count - len(suppressed & former)
        counts["same_record"] = len(plan.same_record.keys() - refused)
        counts["refused"] = len(refused - suppressed)
        for name, now in (("gone", plan.gone), ("not_wanted", plan.not_wanted)):
            counts[name] = len(now) + compared.resting.count(name)
        elsewhere = sum(counts[name] for name in ("same_record", "refused", "gone", "not_wanted"))
        counts["unchanged"] = desired_count + len(outside) - len(plan.changes) - elsewhere
        counts["unchanged"] += len(suppressed & former)
        self._work.record.notes += [
            *notes_on(plan),
            *notes_on_refusals(
                [refusal for email, refusal in self.known_refusals.items() if email in refused],
                retried_after_days=self._work.settings.file.hubspot.retry_refused_after_days,
            ),
        ]

    def _note_new_portal(self) -> None:
        others = self._reached.contacts.other_portals()
        if others and not self._compared.standing.count:
            self._work.record.notes.append(note_on_new_portal(self._work.record.portal_id, others))
