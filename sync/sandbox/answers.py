"""What travels between the HTTP server and the sandbox's logic, and HubSpot's ways of saying no.

Nothing here knows about sockets or SQLite. Status codes, categories and wordings follow HubSpot's error-handling page
(https://developers.hubspot.com/docs/api-reference/error-handling, read 2026-11-20) and what live portals were seen to
say.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

# HubSpot may cut the JSON array inside a message off; far beyond what an ordinary property needs.
MESSAGE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it arrived.

    Attributes:
        query: Parameter to all its values.
        headers: By lower-cased name.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its way: what the handler of one endpoint reads."""

    params: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Json

    def asked(self, name: str, default: str = "") -> str:
        """The last value of one query parameter."""
        return self.query.get(name, [default])[-1]


@dataclass(slots=True)
class Answer:
    """What goes back: a JSON object, HTML text, or nothing at all."""

    status: int
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # sends only the first half of the body

    def encoded(self) -> tuple[bytes, str]:
        """The body's bytes and its content type."""
        if self.body is None:
            return b"", ""
        is_html = isinstance(self.body, str)
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        content = text.encode()
        return content[: len(content) // 2] if self.cut else content, (
            "text/html;charset=utf-8" if is_html else "application/json;charset=utf-8"
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one value of one property was refused."""

    code: str
    name: str
    message: str


class RefusedError(Exception):
    """HubSpot's no: to a whole request, or to one record of a batch."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        sub_category: str | None = None,
        context: Mapping[str, list[str]] | None = None,
        errors: Sequence[Json] = (),
        links: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"status": "error", "message": message[:MESSAGE_LIMIT], "category": category}
        if sub_category:
            self.body["subCategory"] = sub_category
        if context:
            self.body["context"] = dict(context)
        if errors:
            self.body["errors"] = list(errors)
        if links:
            self.body["links"] = dict(links)

    def answer(self) -> Answer:
        """The refusal of the whole request."""
        return Answer(self.status, {**self.body, "correlationId": str(uuid.uuid4())})

    def entry(self, context: Mapping[str, list[str]]) -> Json:
        """The refusal as one entry of ``errors[]`` in a 207 answer."""
        return {"errors": [], "links": {}, **self.body, "context": dict(context)}


def invalid(message: str, *, code: str | None = None, context: Mapping[str, list[str]] | None = None) -> RefusedError:
    """A 400 VALIDATION_ERROR."""
    errors = [{"message": message, "code": code}] if code else []
    return RefusedError(400, "VALIDATION_ERROR", message, context=context, errors=errors)


def not_valid(problems: Sequence[Problem], portal_id: int) -> RefusedError:
    """The 400 whose message holds a JSON array with one object per refused value."""
    details = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": portal_id,
        }
        for problem in problems
    ]
    return invalid(f"Property values were not valid: {json.dumps(details)}")


def not_found(what: str, *, sub_category: str | None = None) -> RefusedError:
    """A 404 OBJECT_NOT_FOUND."""
    return RefusedError(404, "OBJECT_NOT_FOUND", f"{what} does not exist", sub_category=sub_category)


def conflict(contact_id: int) -> RefusedError:
    """The 409 that sinks a whole batch though one record conflicts; it names the first one only."""
    return RefusedError(409, "CONFLICT", f"Contact already exists. Existing ID: {contact_id}")


def now() -> str:
    """The moment as HubSpot writes it: UTC, milliseconds, ``Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
