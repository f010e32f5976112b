"""The numbers of RULES.md, and its tags as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.reference.values import DATE_FORMATS


@dataclass(frozen=True)
class Condition:
    """One comparison of a contact's column, such as ``total_order_value above 1000``."""

    column: str
    operator: str
    operand: object = None


@dataclass(frozen=True)
class Tag:
    """Section 6: a business label, its opposite if it has one, and when it holds."""

    value: str
    label: str
    otherwise: tuple[str, str] | None = None
    all: Sequence[Condition] = ()
    any: Sequence[Condition] = ()
    none: Sequence[Condition] = ()


TAGS = (
    Tag(
        "high_value_customer",
        "High-Value Customer",
        ("not_high_value_customer", "Not High-Value Customer"),
        all=[Condition("total_order_value", "above", 1000)],
    ),
    Tag(
        "hfo_buy",
        "HFO Buy",
        ("not_hfo_buy", "Not HFO Buy"),
        all=[Condition("original_purchase", "is_known")],
    ),
    Tag(
        "active_membership",
        "Active Membership",
        ("not_active_membership", "Not Active Membership"),
        all=[Condition("member_since", "on_or_before_today"), Condition("expires_on", "after_today")],
    ),
    Tag(
        "expiring_soon",
        "Expiring Soon",
        ("not_expiring_soon", "Not Expiring Soon"),
        all=[Condition("days_until_expiration", "between", (0, 30))],
    ),
    Tag(
        "recently_renewed",
        "Recently Renewed",
        ("not_recently_renewed", "Not Recently Renewed"),
        all=[Condition("days_since_start", "between", (0, 30))],
    ),
)


@dataclass(frozen=True)
class Config:
    """What a business may change; each default is the number that RULES.md gives."""

    renewal_days: int = 7
    expiring_soon_days: int = 30
    savings_share: Decimal = Decimal("0.08")
    prospect_savings_share: Decimal = Decimal("0.05")
    high_value: Decimal = Decimal(1000)
    match_on: str = "customer_id"  # or "customer_name"
    date_formats: Sequence[str] = DATE_FORMATS
    decimal_mark: str = "."
    epoch_1904: bool = False
    tags: Sequence[Tag] = TAGS


DEFAULTS = Config()
