"""Whether a tag holds for one contact: RULES section 6."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from tests.reference.config import Condition, Tag


def tag_holds(tag: Tag, contact: object, as_of: date) -> bool:
    """All of ``all``, at least one of ``any`` (if there are some), and not one of ``none``."""
    return (
        all(condition_holds(condition, contact, as_of) for condition in tag.all)
        and (not tag.any or any(condition_holds(condition, contact, as_of) for condition in tag.any))
        and not any(condition_holds(condition, contact, as_of) for condition in tag.none)
    )


def condition_holds(condition: Condition, contact: object, as_of: date) -> bool:
    """One comparison; a missing value satisfies nothing but ``is_blank``."""
    value = comparable(getattr(contact, condition.column))
    if condition.operator == "is_blank":
        return value is None
    if value is None:
        return False
    operand = comparable(condition.operand)
    match condition.operator:
        case "is_known":
            return True
        case "equals":
            return value == operand
        case "one_of":
            return value in operand
        case "contains":
            return operand in value
        case "above":
            return value > operand
        case "at_least":
            return value >= operand
        case "below":
            return value < operand
        case "at_most":
            return value <= operand
        case "between":  # both ends belong to it
            return operand[0] <= value <= operand[1]
        case "on_or_before_today":
            return value <= as_of
        case "after_today":
            return value > as_of
    raise ValueError(f"no such operator: {condition.operator}")


def comparable(value: object):
    """Numbers as exact decimals (0.1 in a config file is a tenth); lists likewise; anything else as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [comparable(item) for item in value]
    return value


def membership_status_tags(tags: Iterable[Tag], flags: dict[str, bool]) -> list[tuple[str, str]]:
    """Section 6: the (value, label) of each tag or of its opposite, in the order of the configuration."""
    chosen = []
    for tag in tags:
        if flags[tag.value]:
            chosen.append((tag.value, tag.label))
        elif tag.otherwise is not None:
            chosen.append(tag.otherwise)
    return chosen
