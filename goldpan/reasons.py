"""Every reason code: what it means, and what a person can do about it.

Codes are stable; the words may change. The workbook, the command line, the console and the docs take them from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in plain words.

    Attributes:
        code: As findings, skips and outcomes carry it.
        title: A few words, for lists with counts.
        meaning: What happened, in one or two sentences.
        advice: What to do now; "" where nothing is to be done.
    """

    code: str
    title: str
    meaning: str
    advice: str = ""


_FIX_ADDRESS = "Correct the address in the source system; the next export brings it along."
_NEXT_RUN = "Nothing: the next run reads the contact back and settles it."

_CELLS = (
    Reason(
        "no_email",
        "No e-mail address",
        "The e-mail cell is blank, so this row gives no address to send to.",
        "Add the address in the source system, unless another row of the same customer has it.",
    ),
    Reason(
        "invalid_email",
        "Invalid e-mail address",
        "The e-mail cell holds no address that mail could reach. The row is in the analysis but gives no address.",
        _FIX_ADDRESS,
    ),
    Reason(
        "several_emails",
        "Several e-mail addresses in one cell",
        "The cell holds more than one address; the first valid one counts.",
        "Leave the one address that should receive mail.",
    ),
    Reason(
        "rounded_id",
        "Id rounded by Excel",
        "Excel kept only 15 digits of this id, or shows it as 1.2E+15. The row counts as having no id, because two "
        "customers must not become one.",
        "Export the id column as text.",
    ),
    Reason(
        "unreadable_date",
        "Unreadable date",
        "The cell is no date that Goldpan can read, or one outside 1950 to 2200. It counts as missing.",
        "Correct the date, or add its format to date_formats in config/exports/*.toml.",
    ),
    Reason(
        "unreadable_amount",
        "Unreadable amount",
        "The cell is no amount that Goldpan can read, so it was not summed.",
        "Correct the amount, or set decimal_mark in config/exports/orders.toml.",
    ),
    Reason(
        "excel_error",
        "Excel error value",
        "The cell holds an error value of Excel, such as #N/A. It counts as missing.",
        "Repair the formula in the source, or export values.",
    ),
    Reason(
        "email_from_earlier_row",
        "Address taken from an earlier row",
        "The newest row of this membership has no valid address; the one of an earlier row is used.",
        "Check that the address is still right, and add it to the newest row.",
    ),
    Reason(
        "repeated_order",
        "Repeated order",
        "An order with this id and equal columns stands in the export before. It counts once.",
        "Nothing, unless the two are different orders: then give them different ids.",
    ),
    Reason(
        "shared_email",
        "One address, several customers",
        "Several customer ids share this address, so they are one contact with the sum of their orders.",
        "Give each customer an address of its own, if they are different people.",
    ),
    Reason("blank_row", "Blank rows", "Rows of nothing but blanks hold no data."),
    Reason("totals_row", "Totals rows", "The last rows only add up the others; they are no member and no order."),
)

_CONTACTS = (
    Reason("created", "Created in HubSpot", "HubSpot did not know the address; the contact was made."),
    Reason("updated", "Updated in HubSpot", "At least one value differed; HubSpot confirmed the new ones."),
    Reason("unchanged", "Unchanged", "HubSpot holds every value already; nothing was sent."),
    Reason("refused", "Refused by HubSpot", "HubSpot took none of this contact's values.", "See Rejects and warnings."),
    Reason("unknown", "Outcome unknown", "HubSpot's answer was lost or incomplete.", _NEXT_RUN),
    Reason(
        "held", "Held for approval", "The plan waits for a person; nothing was sent.", "Look at Changes, then approve."
    ),
    Reason("moved", "Changed since it was planned", "The contact changed in HubSpot in the meantime; it was left."),
    Reason(
        "unsendable",
        "No valid address",
        "No row of this customer has a valid e-mail address, so the contact is never sent.",
        "Add an address in the source system.",
    ),
    Reason("suppressed", "Suppressed", "The address, domain or customer is on the list of those never written."),
    Reason("not_wanted", "Not to be created", "HubSpot does not know the contact, and the config does not create it."),
    Reason(
        "same_record",
        "Same record in HubSpot",
        "HubSpot holds this contact and another one as one record; the other one, whose membership counts, was sent.",
        "Merge the two customers in the source system, or split the record in HubSpot.",
    ),
    Reason("gone", "Deleted in HubSpot", "The contact was deleted or erased in HubSpot; it is not created again."),
)

_OUTCOMES = (
    Reason("INVALID_EMAIL", "HubSpot: invalid e-mail", "HubSpot does not accept this address.", _FIX_ADDRESS),
    Reason(
        "INVALID_OPTION",
        "HubSpot: unknown option",
        "A value is not among the options of its HubSpot property.",
        "Run `goldpan setup`, which adds missing options.",
    ),
    Reason(
        "INVALID_NUMBER",
        "HubSpot: not a number",
        "HubSpot does not accept a value as a number.",
        "Check the property's type and rules in HubSpot.",
    ),
    Reason(
        "INVALID_DATE",
        "HubSpot: not a date",
        "HubSpot does not accept a value as a date.",
        "Check the property's type and rules in HubSpot.",
    ),
    Reason(
        "PROPERTY_VALUE_TOO_LONG",
        "HubSpot: value too long",
        "A value is longer than HubSpot allows.",
        "Shorten it in the source system.",
    ),
    Reason(
        "PROPERTY_DOESNT_EXIST",
        "HubSpot: property missing",
        "HubSpot lacks a property that the run writes.",
        "Run `goldpan setup`.",
    ),
    Reason(
        "READ_ONLY_VALUE",
        "HubSpot: property is read-only",
        "A property can't be written through the API.",
        "Map another property in config/properties.toml.",
    ),
    Reason(
        "CONFLICT",
        "HubSpot: conflict",
        "Another writer changed the same contact at the same moment.",
        "Nothing: it is sent again when its values change or after some days; `goldpan retry` sends it at once.",
    ),
    Reason(
        "CONFLICTING_UNIQUE_VALUE",
        "HubSpot: value is another contact's",
        "Another contact in HubSpot holds a value that must be unique.",
        "Find and merge the duplicate in HubSpot.",
    ),
    Reason(
        "OBJECT_ALREADY_EXISTS",
        "HubSpot: contact exists already",
        "HubSpot has a contact with this address that it did not find by it.",
        "Look the address up in HubSpot and merge duplicates.",
    ),
    Reason(
        "GDPR_BLACKLISTED_EMAIL",
        "HubSpot: address erased",
        "The address was erased in HubSpot for privacy and can't be used again.",
        "Nothing, unless the person asked to come back: HubSpot's support can lift it.",
    ),
    Reason(
        "VALIDATION_ERROR",
        "HubSpot: value refused",
        "HubSpot's rules do not allow one of the values; its words stand under Details.",
        "Correct the value in the source, or the property's rules in HubSpot.",
    ),
    Reason("timeout", "No answer in time", "HubSpot did not answer in time; it may have written it.", _NEXT_RUN),
    Reason("connection_lost", "Connection lost", "The connection broke before an answer came.", _NEXT_RUN),
    Reason("server_error", "HubSpot was unwell", "HubSpot answered with an error of its own.", _NEXT_RUN),
    Reason("locked", "HubSpot was busy", "HubSpot had the records locked at every try.", _NEXT_RUN),
    Reason("throttled", "HubSpot's rate limit", "HubSpot's limit of requests was reached at every try.", _NEXT_RUN),
    Reason("incomplete_answer", "Incomplete answer", "HubSpot's answer was cut off.", _NEXT_RUN),
    Reason("missing_in_answer", "Missing in the answer", "HubSpot's answer does not mention this contact.", _NEXT_RUN),
    Reason("contradiction", "Contradictory answer", "HubSpot lists it as written and as refused.", _NEXT_RUN),
    Reason("INTERNAL_ERROR", "HubSpot was unwell", "HubSpot reports an error of its own.", _NEXT_RUN),
    Reason("RATE_LIMIT", "HubSpot's rate limit", "HubSpot's limit of requests was reached.", _NEXT_RUN),
    Reason("RATE_LIMITS", "HubSpot's rate limit", "HubSpot's limit of requests was reached.", _NEXT_RUN),
    Reason("TIMEOUT", "HubSpot was too slow", "HubSpot did not finish the contact in time.", _NEXT_RUN),
    Reason(
        "not_sent", "Not sent", "The run ended before this contact's turn.", "Repair what ended the run; run it again."
    ),
    Reason(
        "not_isolated",
        "In a refused batch",
        "It stood in a batch that HubSpot refused, and too many were refused to find which record is at fault.",
        "Look at the other refusals first; the next run tries again.",
    ),
)

CONTACT_STATES: tuple[str, ...] = tuple(reason.code for reason in _CONTACTS)
"""What can become of a contact, in the order in which people ask for it."""

REASONS: Mapping[str, Reason] = {reason.code: reason for reason in (*_CELLS, *_CONTACTS, *_OUTCOMES)}
"""All reasons by code."""


def reason_of(code: str) -> Reason:
    """The reason in words; a code of HubSpot's that nobody has met yet is told apart by its name."""
    return REASONS.get(code) or Reason(
        code,
        f"HubSpot: {code.replace('_', ' ').lower() or 'no reason given'}",
        "HubSpot gave this reason; its words stand under Details.",
        "Look the contact up in HubSpot.",
    )
