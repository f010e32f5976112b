"""The values that travel between the parts: what was read, what is wanted, what changed, what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum


class CellError(str):
    """An Excel error value, such as ``#N/A``, told apart from the same text typed by a person."""

    __slots__ = ()


Cell = str | int | float | Decimal | bool | datetime | date | time | timedelta | None
"""One cell as delivered: nothing guessed, nothing converted. ``None`` is empty; a ``CellError`` is a ``str`` too."""


@dataclass(frozen=True)
class Sheet:
    """One sheet of an export as delivered.

    Attributes:
        file: The file's name, as people know it.
        name: The sheet's name; ``""`` for a text file.
        rows: All rows from Excel's row 1 on, blank ones included; a row may be shorter than the others.
        epoch_1904: Whether the workbook counts days from 1904 (serial numbers are 1,462 smaller).
    """

    file: str
    name: str
    rows: Sequence[Sequence[Cell]]
    epoch_1904: bool = False


@dataclass(frozen=True, slots=True)
class Portal:
    """The HubSpot account behind a token (``GET /account-info/v3/details``)."""

    portal_id: str
    account_type: str = ""
    time_zone: str = ""
    ui_domain: str = ""


@dataclass(frozen=True, slots=True)
class PropertyOption:
    """One choice of an enumeration property; ``value`` is stored, ``label`` is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A contact property as it should be, or as HubSpot has it.

    ``type`` and ``field_type`` are HubSpot's (its properties guide, modified 2026-03-31):
    ``enumeration``/``checkbox``, ``enumeration``/``select``, ``number``/``number``, ``date``/``date``,
    ``string``/``text``.
    """

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[PropertyOption, ...] = ()


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A contact as HubSpot has it now; values are texts, an empty property is ``""``."""

    record_id: str
    email: str
    additional_emails: tuple[str, ...]
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What HubSpot last confirmed of one contact.

    Attributes:
        record_id: HubSpot's id of its record.
        payload: The values as canonical JSON.
        customer_key: The customer id as it is compared; "" without one.
        first_run_id: The run that confirmed it first; ids sort by start.
        run_id: The run that confirmed it last.
    """

    record_id: str
    payload: str
    customer_key: str = ""
    first_run_id: str = ""
    run_id: str = ""


class Action(StrEnum):
    """What one change does."""

    CREATE = "create"
    UPDATE = "update"
    CLEAR = "clear"


class Cause(StrEnum):
    """Why a contact changes.

    ``time``: the accepted exports imply it at today's date. ``data``: the exports or the config changed. ``approved``:
    it was in a plan that a person approved and that broke off.
    """

    TIME = "time"
    DATA = "data"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Change:
    """One contact that differs from HubSpot, and what to write to it.

    Attributes:
        email: The contact's address, valid and lower-case: HubSpot's key.
        action: ``create`` where HubSpot lacks the contact (an upsert by address, with everything), ``update`` where it
            has it (by record id, only what differs), ``clear`` where a contact is no longer kept (by record id, too).
        before: What HubSpot held for each written property ("" = empty); all "" for a create.
        after: The values as they are sent, the same keys; "" empties the property.
        record_id: HubSpot's record id; ``None`` for a create.
        payload: What the confirmed state holds once this is applied: the contact's values as canonical JSON.
        customer_key: The contact's customer id as it is compared; "" without one.
        cause: Whether time or data made the change; ``None`` until that is worked out.
    """

    email: str
    action: Action
    before: Mapping[str, str]
    after: Mapping[str, str]
    record_id: str | None = None
    payload: str = ""
    customer_key: str = ""
    cause: Cause | None = None


class Verdict(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    GONE = "gone"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the destination said about one change.

    Attributes:
        email: The change's address.
        verdict: Applied, refused with a reason, or unknown (no proof either way: read it back). Reading back may show
            that the record is gone, or that somebody changed it meanwhile (moved).
        record_id: HubSpot's record id where it named one.
        is_new: Whether HubSpot created the record.
        reason: A stable code: HubSpot's own (``INVALID_EMAIL``, ``INVALID_OPTION``, ``CONFLICT`` …), or for an unknown
            ``timeout``, ``server_error``, ``missing_in_answer``, ``not_sent`` …
        message: HubSpot's words, shortened and without addresses.
        correlation_id: HubSpot's id of the request, for their support.
    """

    email: str
    verdict: Verdict
    record_id: str | None = None
    is_new: bool = False
    reason: str = ""
    message: str = ""
    correlation_id: str = ""


@dataclass
class RequestCounts:
    """How many HTTP requests a run made; ``throttled`` counts 429 answers."""

    sent: int = 0
    retried: int = 0
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one cell or row of an export, in words that lead to it.

    Attributes:
        file: The export's name.
        sheet: The sheet's name; ``""`` for a text file.
        row: The row number that Excel shows.
        column: The header of the cell; ``""`` where the whole row is meant.
        reason: A stable code, such as ``invalid_email``; :mod:`goldpan.reasons` says what it means and what to do.
        value: The cell as it stood (personal data: whole in private workbooks, masked elsewhere).
    """

    file: str
    sheet: str
    row: int
    column: str
    reason: str
    value: str


@dataclass(frozen=True)
class RowCounts:
    """Where every row of one export went (RULES section 8, law 1): ``read = kept + merged + skipped``."""

    read: int
    kept: int
    merged: int
    skipped: int
    warnings: int = 0
    skipped_by_reason: Mapping[str, int] = field(default_factory=dict)
