"""Every reason code: what it means, and what a person can do about it.

Codes are stable; the words may change. The workbook, the command line, the console and the docs take them from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from goldpan.outcome_reasons import FIX_ADDRESS, NEXT_RUN, OUTCOME_REASONS


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
        FIX_ADDRESS,
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
    Reason(
        "customer_in_several_exports",
        "Customer in several exports",
        "An export before has rows of this customer too. They count together, as if all stood in one export.",
        "Correct the one that is out of date: `goldpan explain EMAIL` lists them with their files.",
    ),
    Reason("blank_row", "Blank rows", "Rows of nothing but blanks hold no data."),
    Reason("totals_row", "Totals rows", "The last rows only add up the others; they are no member and no order."),
)

_CONTACTS = (
    Reason("created", "Created in HubSpot", "HubSpot did not know the address; the contact was made."),
    Reason("updated", "Updated in HubSpot", "At least one value differed; HubSpot confirmed the new ones."),
    Reason("unchanged", "Unchanged", "HubSpot holds every value already; nothing was sent."),
    Reason("refused", "Refused by HubSpot", "HubSpot took none of this contact's values.", "See Rejects and warnings."),
    Reason("unknown", "Outcome unknown", "HubSpot's answer was lost or incomplete.", NEXT_RUN),
    Reason(
        "held", "Held for approval", "The plan waits for a person; nothing was sent.", "Look at Changes, then approve."
    ),
    Reason(
        "moved",
        "Changed since it was planned",
        "Somebody changed the contact in HubSpot after the plan was made, so the approved change was not sent.",
        "Nothing: the next run plans it from what HubSpot holds then.",
    ),
    Reason(
        "unsendable",
        "No valid address",
        "No row of this customer has a valid e-mail address, so the contact is never sent.",
        "Add an address in the source system.",
    ),
    Reason(
        "suppressed",
        "Suppressed",
        "The address, its domain or the customer is on the list of those who are never written.",
        "Nothing, unless it should be written again: then take it off the list (suppression_file in "
        "config/contacts.toml).",
    ),
    Reason(
        "not_wanted",
        "Not to be created",
        "HubSpot does not have the contact, and the config does not want it made.",
        "Nothing, unless it should be made: `create` in config/contacts.toml says whom to create.",
    ),
    Reason(
        "same_record",
        "Same record in HubSpot",
        "HubSpot holds this contact and another one as one record; the other one, whose membership counts, is sent.",
        "Merge the two customers in the source system, or split the record in HubSpot.",
    ),
    Reason(
        "gone",
        "Deleted in HubSpot",
        "The contact was deleted or erased in HubSpot; it is not created again.",
        "Take it out of the source system, or make it again: `goldpan run --only EMAIL --recreate`.",
    ),
)

_LEFT_ALONE = (
    Reason(
        "address_changed_in_hubspot",
        "Address changed in HubSpot",
        "Somebody gave the contact another address in HubSpot; Goldpan never touches the address there.",
        "If the one in HubSpot is right, correct the address in the source system.",
    ),
    Reason(
        "dropped_option",
        "Option that HubSpot no longer has",
        "The contact carried an option that HubSpot's tag property no longer has; writing the tags drops it.",
        "If it is still needed, make the option again in HubSpot and give it to the contact.",
    ),
    Reason(
        "address_moved",
        "Customer with a new address",
        "The customer has a new address in the exports; the contact under the old one loses its values.",
        "Merge the two contacts in HubSpot, so that their history stays together.",
    ),
)

CONTACT_STATES: tuple[str, ...] = tuple(reason.code for reason in _CONTACTS)
"""What can become of a contact, in the order in which people ask for it."""

REASONS: Mapping[str, Reason] = {
    reason.code: reason
    for reason in (*_CELLS, *_CONTACTS, *_LEFT_ALONE, *(Reason(*outcome) for outcome in OUTCOME_REASONS))
}
"""All reasons by code."""


def reason_of(code: str) -> Reason:
    """The reason in words; a code of HubSpot's that nobody has met yet is told apart by its name."""
    return REASONS.get(code) or Reason(
        code,
        f"HubSpot: {code.replace('_', ' ').lower() or 'no reason given'}",
        "HubSpot gave this reason; its words stand under Details.",
        "Look the contact up in HubSpot.",
    )
