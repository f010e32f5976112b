"""Who is left alone today because nothing changed since HubSpot refused the contact, or lacked it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from goldpan.plan import DesiredContact
from sync.state.contacts import Absence, Refusal

LOOK_AGAIN_AFTER = timedelta(days=7)
"""A contact that HubSpot lacked is looked for again when its values change, else after this long."""
LOOK_AGAIN_SOON_AFTER = timedelta(hours=12)
"""Who is gone is looked for once more the next night: HubSpot may have been blind for one."""


@dataclass(frozen=True)
class Rest:
    """What earlier nights found out.

    Attributes:
        absences: Contacts that HubSpot lacked, by address.
        refusals: Contacts whose present values HubSpot refused, by address.
        circumstances: What besides its values decides today whether a contact is refused.
        retry_after: After this long a refused contact is tried again by itself.
        now: The time.
    """

    absences: Mapping[str, Absence]
    refusals: Mapping[str, Refusal]
    circumstances: str
    retry_after: timedelta
    now: datetime

    def reason(self, contact: DesiredContact) -> str:
        """``gone``, ``not_wanted`` or ``refused``; "" for a contact that is to be looked at."""
        absence = self.absences.get(contact.email)
        if absence is not None and absence.payload == contact.payload:
            is_gone = absence.reason == "gone"
            is_as_before = is_gone or not contact.may_create
            is_new = is_gone and absence.checked_at == absence.since_at
            if is_as_before and self.now - absence.checked_at < (LOOK_AGAIN_SOON_AFTER if is_new else LOOK_AGAIN_AFTER):
                return absence.reason
        refusal = self.refusals.get(contact.email)
        if refusal is None or refusal.circumstances != self.circumstances:
            return ""
        return "refused" if self.now - refusal.last_at < self.retry_after else ""
