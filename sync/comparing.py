"""Everybody in the exports against the confirmed state: who may have to change, and who rests; whole columns."""

from collections.abc import Collection
from datetime import datetime, timedelta

import numpy as np

from goldpan.config import Config
from goldpan.desired_contacts import DesiredContacts, Flags, Rows
from goldpan.former import Former, FormerCandidates, former_among
from goldpan.plan import AddressMove
from goldpan.standing import CONFIRMED, UNKNOWN, Standing
from goldpan.suppression import Suppression
from sync.resting import Resting, fresh_absences, still_refused
from sync.state.contacts import ConfirmedContacts, Refusal


class Comparison:
    """How the contacts of the exports stand with the state of one portal.

    Args:
        everybody: The contacts.
        contacts: The state.
        only: The run is about these addresses alone: nobody else counts as missing. Empty means everybody.
        suppression: Who is never written.
        config: The policies.

    Attributes:
        everybody: The contacts.
        is_desired: Who may be written, by contact.
        is_suppressed: Who is never written, though the run would be about them.
        standing: What is confirmed of whom.
        former: Who is confirmed, and not in the exports as they were.
        known_refusals: What HubSpot refused, of those whose values are still the refused ones.
        resting: Who is left alone today.
    """

    def __init__(
        self,
        everybody: DesiredContacts,
        contacts: ConfirmedContacts,
        only: Collection[str],
        *,
        suppression: Suppression,
        config: Config,
    ) -> None:
        self._contacts = contacts
        self.everybody = everybody
        chosen = np.full(len(everybody), fill_value=not only)
        chosen[everybody.rows_of(only)] = True
        self.is_desired: Flags = chosen & ~everybody.is_suppressed
        self.is_suppressed: Flags = chosen & everybody.is_suppressed
        self.standing = Standing(everybody, FormerCandidates(suppression, config), config)
        for columns in contacts.batches(self._at_once):
            self.standing.add(*columns)
        self.former = Former((), ())
        if not only:
            candidates = self.standing.former.chosen(everybody)
            self.former = former_among(
                candidates, everybody, contacts.known_of, suppression=suppression, config=config
            )  # fmt: skip
        self.known_refusals = self._refusals_of_present_values()
        self.resting = Resting(np.zeros(len(everybody), dtype=np.int8))

    @property
    def is_confirmed(self) -> Flags:
        """Of whom HubSpot confirmed just what is desired."""
        return np.equal(self.standing.codes, CONFIRMED)

    @property
    def is_unknown(self) -> Flags:
        """Of whom nothing is confirmed."""
        return np.equal(self.standing.codes, UNKNOWN)

    @property
    def _at_once(self) -> int:
        """How much of the state is compared at a time: each time, everybody's addresses are gone through."""
        return max(50_000, len(self.everybody) // 8)

    def let_absent_rest(self, now: datetime) -> None:
        """Leave alone whom HubSpot lacked lately."""
        absences = fresh_absences(self._contacts, now, self._at_once)
        self.resting.rest_absent(self.everybody, self.is_desired & ~self.is_confirmed, absences)

    def let_refused_rest(self, circumstances: str, *, retry_after: timedelta, now: datetime) -> None:
        """Leave alone whom HubSpot refused lately, unless it lacks them anyway."""
        refused = still_refused(self.known_refusals, circumstances, retry_after=retry_after, now=now)
        former = {contact.email for contact in self.former.contacts}
        self.resting.rest_refused(self.everybody, self.is_desired & ~self.is_confirmed, former, refused)

    def moves(self) -> list[AddressMove]:
        """The customers whose address changed and whose new one does not rest."""
        rows = self.everybody.rows_of({move.new_email for move in self.former.moves})
        resting = {*self.emails(rows[self.resting.codes[rows] > 0])}
        return [move for move in self.former.moves if move.new_email not in resting]

    def to_look_at(self) -> Flags:
        """Those that differ and do not rest, and those whose customer comes under a further address tonight.

        The latter are confirmed once more: who is there together with the new address has not moved to it.
        """
        is_awake = self.is_desired & (self.resting.codes == 0)
        new_keys = self.everybody.customer_keys.filter(is_awake & self.is_unknown)
        which: Flags = is_awake & (~self.is_confirmed | self.everybody.of_customers(new_keys))
        return which

    def emails(self, which: Rows | Flags) -> list[str]:
        """The addresses of some contacts."""
        rows = np.flatnonzero(which) if which.dtype == bool else which
        emails: list[str] = self.everybody.emails.take(rows).to_pylist()
        return emails

    def among(self, emails: Collection[str], which: Flags) -> set[str]:
        """Those of the addresses that are of such contacts."""
        rows = self.everybody.rows_of(emails)
        return {*self.emails(rows[which[rows]])}

    def _refusals_of_present_values(self) -> dict[str, Refusal]:
        refusals = self._contacts.refusals()
        rows = self.everybody.rows_of(refusals)
        rows = rows[self.is_desired[rows]]
        payloads = dict(zip(self.emails(rows), self.everybody.payloads(rows).to_pylist(), strict=True))
        payloads |= {contact.email: contact.payload for contact in self.former.contacts}
        return {email: refusal for email, refusal in refusals.items() if payloads.get(email) == refusal.payload}
