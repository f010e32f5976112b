"""Which values a property takes, and how they read back.

Values are strings both ways. Readings chosen where HubSpot's is unknown: options must match exactly (case and spaces),
exponents and thousands separators are refused, an address must be ASCII with a top-level domain that exists.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from sync.sandbox.definitions import Definition

STRING_LIMIT = 65_536  # characters, HubSpot's properties guide
DAY_MS = 86_400_000

NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(DAY.pattern + r"T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z", re.ASCII)
MILLISECONDS = re.compile(r"-?\d{1,15}", re.ASCII)
LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
TOP_LEVEL = re.compile(r"[a-z]{2,24}|xn--[a-z0-9-]{1,58}", re.ASCII)
# Reserved names (RFC 2606, RFC 6762) and frequent slips; none of them is in the root zone.
RESERVED = {"corp", "example", "home", "internal", "invalid", "lan", "local", "localhost", "mail", "test"}
SLIPS = {"cim", "cmo", "coom", "comm", "con", "cpm", "nett", "nte", "ocm", "ogr", "orgg", "rog", "vom", "xom"}
NO_TOP_LEVEL = frozenset(RESERVED | SLIPS)


class ValueRefusedError(Exception):
    """One value of one property was refused.

    Attributes:
        code: HubSpot's error code, such as ``INVALID_OPTION``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def normalise(definition: Definition, value: str, current: str = "") -> str:
    """How ``value`` reads back once written; ``""`` empties the property.

    Args:
        definition: The property.
        value: What the caller sent.
        current: What the property holds now; a leading ``;`` appends to it.

    Raises:
        ValueRefusedError: HubSpot would refuse the value.
    """
    if definition.is_read_only:
        raise ValueRefusedError(
            "READ_ONLY_VALUE", f'"{definition.name}" is a read only property; its value cannot be set.'
        )
    if value == "":
        return ""
    if definition.name == "email":
        return address(value)
    if definition.field_type == "checkbox":
        return _checkbox(definition, value, current)
    return KINDS[definition.type](definition, value)


@lru_cache(maxsize=65_536)
def address(value: str) -> str:
    """The e-mail address lower-cased.

    Raises:
        ValueRefusedError: It is no address, or no mail server can exist under its top-level domain.
    """
    lowered = value.lower()
    local, _, domain = lowered.rpartition("@")
    labels = domain.split(".")
    is_address = (
        len(lowered) <= 254
        and len(local) <= 64
        and LOCAL_PART.fullmatch(local)
        and len(labels) >= 2
        and all(LABEL.fullmatch(label) for label in labels)
        and TOP_LEVEL.fullmatch(labels[-1])
        and labels[-1] not in NO_TOP_LEVEL
    )
    if not is_address:
        raise ValueRefusedError("INVALID_EMAIL", f"Email address {value} is invalid")
    return lowered


def _checkbox(definition: Definition, value: str, current: str) -> str:
    chosen = {part for part in value.split(";") if part}
    for part in sorted(chosen - definition.options.keys()):
        raise _no_option(definition, part)
    if value.startswith(";"):
        chosen.update(part for part in current.split(";") if part)
    end = len(definition.options)  # options removed since they were written stay, last
    return ";".join(sorted(chosen, key=lambda part: (definition.options.get(part, end), part)))


def _option(definition: Definition, value: str) -> str:
    if value not in definition.options:
        raise _no_option(definition, value)
    return value


def _no_option(definition: Definition, value: str) -> ValueRefusedError:
    allowed = ", ".join(definition.options)
    return ValueRefusedError("INVALID_OPTION", f"{value} was not one of the allowed options: [{allowed}]")


def _string(definition: Definition, value: str) -> str:
    if len(value) > STRING_LIMIT:
        raise ValueRefusedError(
            "PROPERTY_VALUE_TOO_LONG", f"{definition.name} is longer than {STRING_LIMIT} characters"
        )
    return value


def _number(_definition: Definition, value: str) -> str:
    if not NUMBER.fullmatch(value):
        raise ValueRefusedError("INVALID_NUMBER", f"{value} was not a valid number.")
    plain = format(Decimal(value), "f")
    shortest = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if shortest in {"-0", ""} else shortest


def _date(_definition: Definition, value: str) -> str:
    if MILLISECONDS.fullmatch(value):
        if int(value) % DAY_MS:
            raise ValueRefusedError("INVALID_DATE", f"{value} is not midnight UTC.")
        return _moment(value).date().isoformat()
    refused = ValueRefusedError("INVALID_DATE", f"{value} was not a valid date.")
    if not DAY.fullmatch(value):
        raise refused
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise refused from None


def _datetime(_definition: Definition, value: str) -> str:
    refused = ValueRefusedError("INVALID_DATE", f"{value} was not a valid date and time.")
    if not MILLISECONDS.fullmatch(value) and not MOMENT.fullmatch(value):
        raise refused
    try:
        moment = _moment(value) if MILLISECONDS.fullmatch(value) else datetime.fromisoformat(value)
    except ValueError:
        raise refused from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(milliseconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueRefusedError("INVALID_DATE", f"{milliseconds} is out of range.") from None


def _bool(_definition: Definition, value: str) -> str:
    if value not in {"true", "false"}:
        raise ValueRefusedError("INVALID_BOOLEAN", f"{value} was not true or false.")
    return value


KINDS: dict[str, Callable[[Definition, str], str]] = {
    "string": _string,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
    "enumeration": _option,
}
