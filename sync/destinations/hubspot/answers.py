"""HubSpot's failed answers as Goldpan's errors, sorted by what happens next.

Source: HubSpot's error-handling page (modified 2026-03-30) and usage guidelines, developers.hubspot.com, read
2026-11-20. Every field of an error body is optional; a body may be HTML, cut off, or another service's.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from goldpan.errors import AccessError, BatchRefusedError, FatalError, GoldpanError, SchemaError, TransientError
from sync.destinations.hubspot.scrub import scrub

Json = Mapping[str, object]

UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"
BURST_PAUSE_SECONDS = 10.0  # the burst window; a 429 without Retry-After
LOCK_SECONDS = 2.0  # "423 Locked … lasts 2 seconds"
LONGEST_WAIT_SECONDS = 300.0  # asked to wait longer, a run stops and leaves the rest to the next one
UNREACHED = frozenset({522, 525, 526})  # its gateway can't reach it: "contact support if persistent"
OVERLOADED = UNREACHED | {408, 500, 502, 503, 504, 520, 521, 523, 524}
ISOLATING = frozenset({400, 409, 413})  # some record may be to blame: halves may pass
NOT_FOUND = "OBJECT_NOT_FOUND"  # of HubSpot about a record; any other 404 is about the address asked

_CODE = re.compile(r"[A-Za-z][\w.]{0,79}", re.ASCII)
_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_FIELD_CODE = re.compile(r"\"(?:error|code)\"\s*:\s*\"([A-Z][A-Z0-9_]+)\"")
_PROPERTY_NAME = re.compile(r"\"name\"\s*:\s*\"([^\"]+)\"|Property \\?[\"']?([\w.]+)\\?[\"']? does not exist")


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its JSON object, HubSpot's id of the request, and its time as HTTP writes it."""

    body: Json
    correlation_id: str = ""
    date: str = ""


class RefusedError(BatchRefusedError):
    """HubSpot refused a whole request, and nothing of it was written.

    Attributes:
        status: The HTTP status.
        reason: HubSpot's most precise code, such as ``INVALID_EMAIL`` or ``CONFLICT``.
        words: Its message, scrubbed.
        correlation_id: Its id of the request.
    """

    def __init__(self, status: int, body: Json, correlation_id: str) -> None:
        self.status = status
        self.reason = reason_of(body) or f"HTTP_{status}"
        self.words = scrub(text(body.get("message")))
        self.correlation_id = correlation_id
        super().__init__(f"HubSpot refused the request ({status} {self.reason}): {self.words}")


class NoAnswerError(TransientError):
    """HubSpot gave no usable answer; the same request may be sent again.

    Attributes:
        reason: ``timeout``, ``connection_lost``, ``server_error``, ``locked``, ``throttled``, ``incomplete_answer``.
    """

    def __init__(self, reason: str, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, retry_after_seconds)
        self.reason = reason

    @property
    def is_silence(self) -> bool:
        """Whether HubSpot may be down, and the request carried out; a 429 or 423 is an answer, and a clear no."""
        return self.reason not in ("throttled", "locked")


class ThrottledError(NoAnswerError):
    """Too many requests in ten seconds (429): everybody waits, then the request is sent again."""


class ClosedForNowError(TransientError):
    """HubSpot takes nothing more for hours (daily limit, data-centre move); the rest waits for the next run."""


class NotSentError(TransientError):
    """The run stopped before this request left."""

    reason = "not_sent"


def error_of(status: int, headers: Mapping[str, str], data: bytes, *, url: str, scopes: Sequence[str]) -> GoldpanError:
    """The error behind an answer that isn't 2xx.

    Args:
        status: The HTTP status.
        headers: The answer's headers, names in any case.
        data: The answer's body, whatever it holds.
        url: The address that was asked, without secrets.
        scopes: What the request needs, named where HubSpot doesn't say.
    """
    body = _body(data)
    lower = {name.lower(): value for name, value in headers.items()}
    wait = _seconds(lower.get("retry-after"))
    words = scrub(text(body.get("message")))
    if status in (401, 403):
        return _access_error(status, body, words, scopes)
    if status in ISOLATING or (status == 404 and body.get("category") == NOT_FOUND):
        return _schema_error(body) or _defect(body) or RefusedError(status, body, correlation_id(body, lower))
    if status == 429:
        return _limit_error(body, wait)
    if status == 423:
        return NoAnswerError("locked", f"HubSpot keeps it locked (423).{_quoted(words)}", max(wait or 0, LOCK_SECONDS))
    if status == 477 or (wait or 0) > LONGEST_WAIT_SECONDS:
        hours = f" for about {wait / 3600:.1f} hours" if wait else ""
        return ClosedForNowError(
            f"HubSpot takes no requests of this account{hours} ({status}; 477: it moves between data centres). "
            "The rest was not sent; run again later.",
            wait,
        )
    if status in OVERLOADED:
        stays = " If that stays so, ask HubSpot's support." if status in UNREACHED else ""
        return NoAnswerError("server_error", f"HubSpot is unwell: {status} from {url}.{stays}{_quoted(words)}", wait)
    return FatalError(
        f"{url} answered {status}, which is no answer of HubSpot to this request. Check HUBSPOT_BASE_URL and any "
        f"proxy on the way.{_quoted(words)}"
    )


def reason_of(entry: Json) -> str:
    """The most precise code of an error: that of a field, else the category."""
    codes = [code for words in _messages(entry) for code in _FIELD_CODE.findall(words)]
    codes += [_code(detail.get("code")) for detail in objects(entry.get("errors"))]
    if code := next(filter(None, codes), ""):
        return code
    category = _code(entry.get("category")) or _code(entry.get("errorType"))
    narrower = _code(entry.get("subCategory")).rpartition(".")[2]
    return narrower if narrower and category in ("", "VALIDATION_ERROR") else category


def correlation_id(body: Json, headers: Mapping[str, str]) -> str:
    """HubSpot's id of the request; ``headers`` have lower-case names."""
    named = (text(body.get("correlationId")), headers.get("x-hubspot-correlation-id", ""))
    return next(filter(_ID.fullmatch, named), "")


def unknown_property(entries: Sequence[Json]) -> SchemaError | None:
    """The error if any of these says that a property isn't there: then it is missing for every record."""
    messages = [words for entry in entries for words in _messages(entry)]
    told = [words for words in messages if UNKNOWN_PROPERTY in words]
    if not told and not any(reason_of(entry) == UNKNOWN_PROPERTY for entry in entries):
        return None
    names = sorted({first or second for words in told for first, second in _PROPERTY_NAME.findall(words)})
    which = f"the property {', '.join(names)}" if names else "a property that Goldpan writes"
    return SchemaError(f"HubSpot lacks {which}. Run `goldpan setup`, then the run again.")


def text(value: object) -> str:
    """A JSON value as HubSpot stores it: texts, and ``""`` for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def objects(value: object) -> list[Json]:
    """The JSON objects of a list; nothing where there is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _messages(entry: Json) -> Iterator[str]:
    yield text(entry.get("message"))
    for detail in objects(entry.get("errors")):
        yield text(detail.get("message"))
        yield text(detail.get("code"))


def _code(value: object) -> str:
    """A code or scope as HubSpot writes it; "" for anything else, which may be somebody's address."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _body(data: bytes) -> Json:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):  # also thousands of nested brackets
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    """The header in seconds; HubSpot sends no dates."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _access_error(status: int, body: Json, words: str, scopes: Sequence[str]) -> AccessError:
    if status == 401:
        return AccessError(
            "HubSpot doesn't accept the token (401). Put a valid service key into HUBSPOT_ACCESS_TOKEN (HubSpot: "
            f"Development > Keys > Service keys); if it was rotated, use the new one.{_quoted(words)}"
        )
    contexts = [context for detail in objects(body.get("errors")) if isinstance(context := detail.get("context"), dict)]
    named = [_code(scope) for context in contexts for scope in _strings(context.get("requiredGranularScopes"))]
    needed = ", ".join(dict.fromkeys(filter(None, named))) or ", ".join(scopes)
    return AccessError(
        f"The token in HUBSPOT_ACCESS_TOKEN may not do this (403). It needs the scopes: {needed}. Add them to the "
        f"service key in HubSpot (Development > Keys > Service keys).{_quoted(words)}"
    )


def _limit_error(body: Json, wait: float | None) -> TransientError:
    policy = text(body.get("policyName")).upper()
    if policy == "DAILY" or (not policy and "daily" in text(body.get("message")).lower()):
        return ClosedForNowError(
            "HubSpot's daily request limit of this account is used up (429 DAILY); it starts anew at midnight in the "
            "account's time zone. The rest was not sent; the next run sends it.",
            wait,
        )
    if (wait or 0) > LONGEST_WAIT_SECONDS:
        return ClosedForNowError(f"HubSpot asks to wait {wait:.0f} seconds (429). The rest was not sent.", wait)
    pause = BURST_PAUSE_SECONDS if wait is None else wait
    return ThrottledError("throttled", "HubSpot's burst limit was reached (429) at every try.", pause)


def _schema_error(body: Json) -> SchemaError | None:
    if "non-unique" in text(body.get("message")):
        return SchemaError(f"HubSpot can't find contacts by this property: {scrub(text(body.get('message')))}")
    return unknown_property([body])


def _defect(body: Json) -> FatalError | None:
    if "duplicate ids" not in text(body.get("message")).lower():
        return None
    return FatalError(
        f"Goldpan sent one address twice in a request, which is a defect in Goldpan; please report it. "
        f"HubSpot said: {scrub(text(body.get('message')))}"
    )


def _quoted(words: str) -> str:
    return f" HubSpot said: {words}" if words else ""


def _strings(value: object) -> list[object]:
    return value if isinstance(value, list) else []
