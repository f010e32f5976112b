"""Who is left alone today because nothing changed since HubSpot refused the contact, or lacked it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.desired_contacts import DesiredContacts, Flags
from goldpan.payloads import TEXT, Texts
from goldpan.standing import match
from sync.state.contacts import ConfirmedContacts, Refusal

LOOK_AGAIN_AFTER = timedelta(days=7)
"""A contact that HubSpot lacked is looked for again when its values change, else after this long."""
LOOK_AGAIN_SOON_AFTER = timedelta(hours=12)
"""Who is gone is looked for once more the next night: HubSpot may have been blind for one."""

_REASONS = ("", "gone", "not_wanted", "same_record", "refused")
_CODES = {reason: code for code, reason in enumerate(_REASONS)}


@dataclass(frozen=True)
class Resting:
    """Who rests.

    Attributes:
        codes: Why, by desired contact; 0 for one that is to be looked at.
        refused: The addresses of the refused ones, former contacts among them.
    """

    codes: npt.NDArray[np.int8]
    refused: set[str] = field(default_factory=set)

    def has(self, reason: str) -> Flags:
        """Which desired contacts rest for this reason."""
        return np.equal(self.codes, _CODES[reason])

    def count(self, reason: str) -> int:
        """How many of them."""
        return int(self.has(reason).sum())

    def rest_absent(self, desired: DesiredContacts, is_open: Flags, absences: Iterable[tuple[Texts, ...]]) -> None:
        """Those rest that HubSpot lacked lately with the very same values; one that may be made only if it had it once.

        Args:
            desired: Everybody.
            is_open: Who would be looked at.
            absences: Addresses, payloads and reasons of those that HubSpot lacked lately.
        """
        for emails, payloads, reasons in absences:
            found = match(desired, emails, payloads)
            rows = found.rows[found.is_same]
            codes = pc.index_in(reasons, value_set=pa.array(_REASONS, TEXT)).to_numpy()[found.places[found.is_same]]
            rests = is_open[rows] & ((codes == _CODES["gone"]) | ~desired.may_create[rows])
            self.codes[rows[rests]] = codes[rests]

    def rest_refused(
        self, desired: DesiredContacts, is_open: Flags, former: Collection[str], refused: Collection[str]
    ) -> None:
        """Those rest that HubSpot refuses, unless it lacks them.

        Args:
            desired: Everybody.
            is_open: Who would be looked at.
            former: Former contacts that would be, too.
            refused: Whose present values it refuses.
        """
        rows = desired.rows_of(refused)
        rows = rows[is_open[rows] & (self.codes[rows] == 0)]
        self.codes[rows] = _CODES["refused"]
        self.refused.update(desired.emails.take(pa.array(rows)).to_pylist())
        self.refused.update(email for email in refused if email in former)


def fresh_absences(contacts: ConfirmedContacts, now: datetime, rows: int) -> Iterable[tuple[Texts, ...]]:
    """The contacts that HubSpot lacked so lately that they are not looked for today."""
    return contacts.fresh_absences(now, rows, good_for=LOOK_AGAIN_AFTER, new_good_for=LOOK_AGAIN_SOON_AFTER)


def still_refused(
    refusals: Mapping[str, Refusal], circumstances: str, *, retry_after: timedelta, now: datetime
) -> list[str]:
    """The addresses whose refusals still hold: circumstances are the same, and it is not time to try again."""
    return [
        email
        for email, refusal in refusals.items()
        if refusal.circumstances == circumstances and now - refusal.last_at < retry_after
    ]
