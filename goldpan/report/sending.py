"""What happened in HubSpot, as far as a report tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from goldpan.model import Change, Outcome


@dataclass(frozen=True)
class Sending:
    """What a run wanted of HubSpot and what came of it; empty where HubSpot was not asked.

    Attributes:
        changes: What was to be sent, in the plan's order.
        outcomes: What came of each change that was sent, by address.
        counts: Contacts by what became of them (:data:`goldpan.reasons.CONTACT_STATES`).
        remark: A sentence that must not be missed: a dry run, a held plan, the sandbox instead of HubSpot.
        made_at: When the report was made, in the business's time zone.
    """

    changes: Sequence[Change] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    remark: str = ""
    made_at: datetime | None = None
