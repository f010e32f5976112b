"""What leaves: the rows of ``hubspot.csv`` and the property values that HubSpot gets (RULES section 7)."""

from datetime import date
from decimal import Decimal

from tests.reference.pipeline import Contact, Result
from tests.reference.values import round_money

CSV_HEADER = ("Customer Name", "Contact Email", "Membership Status Tags", "Total Order Value", "Estimated Savings")


def hubspot_csv_rows(result: Result) -> list[tuple[str, ...]]:
    """Section 7: the header, then one row per sendable contact in the order of section 5; the tags are labels."""
    return [CSV_HEADER] + [
        (
            show_as_text(contact.customer_name or ""),
            show_as_text(contact.email or ""),
            show_as_text(";".join(label for _, label in contact.tags)),
            to_cents(contact.total_order_value),
            to_cents(contact.estimated_savings),
        )
        for contact in result.contacts
        if contact.is_sendable
    ]


def hubspot_properties(contact: Contact) -> dict[str, str]:
    """Section 7: what HubSpot gets, by internal property name; a missing value empties the property."""
    return {
        "membership_status_tags": ";".join(value for value, _ in contact.tags),
        "total_order_value": to_cents(contact.total_order_value),
        "estimated_savings": to_cents(contact.estimated_savings),
        "membership_start": to_iso(contact.start_on),
        "membership_expires": to_iso(contact.expires_on),
        "member_since": to_iso(contact.member_since),
        "membership_category": contact.category.lower().replace(" ", "_"),
        "customer_id": contact.customer_id or "",
        "customer_name": contact.customer_name or "",
    }


def to_cents(amount: Decimal) -> str:
    """Section 2: rounded half away from zero to cents where it leaves."""
    return f"{round_money(amount, Decimal('0.01')):f}"


def to_iso(day: date | None) -> str:
    """A date as HubSpot takes it; "" if there is none."""
    return day.isoformat() if day is not None else ""


def show_as_text(text: str) -> str:
    """Section 7: a spreadsheet shows text that begins like a formula and never runs it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
