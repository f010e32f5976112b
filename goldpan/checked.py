"""The base of every config table: exact types, no unknown key, and problems in words."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict, ValidationError


def _is_a_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("takes a number, without quotes")  # noqa: TRY004 - what pydantic gathers
    return value


Number = Annotated[Decimal, BeforeValidator(_is_a_number)]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]


class Settings(BaseModel):
    """Base of every config table: frozen, exact types, and no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def describe_problems(file: str, error: ValidationError, at: str = "") -> Iterable[str]:
    """Each problem of one file as `file: key: what was found, what is accepted`."""
    for detail in error.errors():
        key = at + ".".join(str(part) for part in detail["loc"] if part not in ("condition", "group"))
        found = detail["input"]
        if detail["type"] == "extra_forbidden":
            yield f"{file}: {key}: unknown key; remove it or check its spelling"
        elif detail["type"] == "missing":
            yield f"{file}: {key}: missing"
        elif isinstance(found, Mapping | BaseModel):
            yield f"{file}: {key or 'file'}: {detail['msg'].removeprefix('Value error, ')}"
        else:
            yield f"{file}: {key}: found {found!r}; {detail['msg'].removeprefix('Value error, ')}"
