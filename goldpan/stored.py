"""How HubSpot stores values: when two texts are the same value, and which options a text holds."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from goldpan.config import PropertySpec

FILLS = "fill_blank:"
"""Stands before the names of properties in a payload whose values only fill blanks."""


def split_options(value: str) -> list[str]:
    """The options in a checkbox value, without blanks."""
    return [option for part in value.split(";") if (option := part.strip())]


def as_stored(value: str, spec: PropertySpec) -> object:
    """A value in a form that is equal whenever HubSpot holds the same: 5 and 5.00, a;b and b;a, a day and its ms."""
    if spec.type == "tags":
        return frozenset(split_options(value))
    text = value.strip()
    if not text:
        return ""
    if spec.type == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    if spec.type == "date" and text.lstrip("-").isdigit() and len(text) > 8:
        return datetime.fromtimestamp(int(text) / 1000, tz=UTC).date().isoformat()
    return text.removesuffix("T00:00:00Z").removesuffix("T00:00:00.000Z") if spec.type == "date" else text


def are_equal(left: Mapping[str, str], right: Mapping[str, str], specs: Iterable[PropertySpec]) -> bool:
    """Whether two sets of values are the same for HubSpot, in the properties that ``left`` names."""
    return all(
        as_stored(left[spec.name], spec) == as_stored(right.get(spec.name, ""), spec)
        for spec in specs
        if spec.name in left
    )
