"""What a database's driver gives, as columns of Arrow: one type a column, the narrowest that holds every value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

_TYPES = {
    "flag": pa.bool_(), "whole": pa.int64(), "float": pa.float64(), "date": pa.date32(), "moment": pa.timestamp("us"),
    "time": pa.time64("us"),
}  # fmt: skip
_WHATS: dict[type, str] = {
    type(None): "nothing", bool: "flag", int: "whole", float: "float", Decimal: "decimal", date: "date",
    datetime: "moment", time: "time",
}  # fmt: skip
_WIDER = {
    frozenset({"whole", "decimal"}): "decimal",
    frozenset({"whole", "float"}): "float",
    frozenset({"date", "moment"}): "moment",
}
_MOST_DIGITS = {"whole": 18, "float": 15}
"""Of whole numbers that an int64, or a float, keeps exactly."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the cells of a column are.

    Attributes:
        what: ``nothing`` (all are null), ``flag``, ``whole``, ``decimal``, ``float``, ``date``, ``moment``, ``time`` or
            ``text``.
        digits: The most before the point of whole numbers and decimals.
        scale: The most after it.
    """

    what: str = "nothing"
    digits: int = 0
    scale: int = 0

    def with_(self, other: "Held") -> "Held":
        """What holds both."""
        one, two = self.what, other.what
        if "nothing" in (one, two):
            what = two if one == "nothing" else one
        else:
            what = one if one == two else _WIDER.get(frozenset({one, two}), "text")
        return Held(what, max(self.digits, other.digits), max(self.scale, other.scale))

    @property
    def arrow(self) -> pa.DataType:
        """How Parquet holds it; what fits no other type is text."""
        if self.what == "decimal" and (digits := self.digits + self.scale) <= 76:
            return pa.decimal128(38, self.scale) if digits <= 38 else pa.decimal256(76, self.scale)
        if self.digits > _MOST_DIGITS.get(self.what, self.digits):
            return pa.string()
        return _TYPES.get(self.what, pa.string())


def held_in(values: Sequence[Any]) -> Held:
    """What the cells of a column, or of a part of it, are."""
    return reduce(Held.with_, (_held_as(each, values) for each in sorted(set(map(type, values)), key=str)), Held())


def _held_as(cell_type: type, values: Sequence[Any]) -> Held:
    what = _WHATS.get(cell_type, "text")
    if what == "whole":
        return Held(what, max(len(str(abs(each))) for each in values if type(each) is int))
    if what == "decimal":
        return reduce(Held.with_, (_held_decimal(each) for each in values if type(each) is Decimal), Held())
    return Held(what)


def _held_decimal(value: Decimal) -> Held:
    if not value.is_finite():
        return Held("text")
    digits, scale = value.adjusted() + 1, max(0, -int(value.as_tuple().exponent))
    return Held("decimal" if scale else "whole", max(1, digits), scale)


def cleaned(values: Sequence[Any], zone: ZoneInfo) -> Sequence[Any]:
    """The cells with moments by the clock of a zone, and without "not a number", which is no value."""
    if {datetime, float, Decimal}.isdisjoint(map(type, values)):
        return values
    return [_cleaned(each, zone) for each in values]


def _cleaned(value: Any, zone: ZoneInfo) -> Any:  # noqa: ANN401 - whatever a driver gives
    if type(value) is datetime and value.tzinfo is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    return None if type(value) in (float, Decimal) and value != value else value  # noqa: PLR0124 - only NaN differs


def as_array(values: Sequence[Any], held: Held) -> pa.Array:
    """Clean cells as a column of the type that holds them."""
    arrow = held.arrow
    if pa.types.is_string(arrow) and not set(map(type, values)) <= {str, type(None)}:
        return pa.array([None if each is None else as_text(each) for each in values], arrow)
    if pa.types.is_timestamp(arrow):
        values = [datetime.combine(each, time()) if type(each) is date else each for each in values]
    if pa.types.is_integer(arrow):
        values = [None if each is None else int(each) for each in values]
    if pa.types.is_floating(arrow):
        values = [None if each is None else float(each) for each in values]
    return pa.array(values, arrow)


def as_text(value: Any) -> str:  # noqa: ANN401 - whatever a driver gives
    """A cell as a person would write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() or value.tzinfo else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value))
    return str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
