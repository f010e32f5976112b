"""Who may call what, and how often: tokens, scopes, the burst and the daily limit."""

import threading
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date

from sync.sandbox.answers import Answer, RefusedError

INTERVAL_SECONDS = 10.0
BURST_LIMIT = 190  # requests per 10 s and app, Professional and Enterprise; hubspot.md section 2
DAILY_LIMIT = 625_000  # Professional

READ_CONTACTS = "crm.objects.contacts.read"
WRITE_CONTACTS = "crm.objects.contacts.write"
READ_SCHEMAS = "crm.schemas.contacts.read"
WRITE_SCHEMAS = "crm.schemas.contacts.write"
READ_LISTS = "crm.lists.read"
WRITE_LISTS = "crm.lists.write"
ALL_SCOPES = frozenset({READ_CONTACTS, WRITE_CONTACTS, READ_SCHEMAS, WRITE_SCHEMAS, READ_LISTS, WRITE_LISTS})
TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but a stand-in on loopback


def scopes_of(tokens: Mapping[str, frozenset[str]], authorization: str) -> frozenset[str]:
    """The scopes behind an ``Authorization`` header.

    Raises:
        RefusedError: 401, no token or an unknown one.
    """
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or token.strip() not in tokens:
        raise RefusedError(
            401,
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
            "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        )
    return tokens[token.strip()]


def check_scopes(granted: frozenset[str], any_of: Sequence[str]) -> None:
    """Refuse a call whose token has none of the scopes that open it; no scopes means open to every token.

    Raises:
        RefusedError: 403 MISSING_SCOPES, naming them.
    """
    if any_of and granted.isdisjoint(any_of):
        where = "https://developers.hubspot.com/scopes"
        raise RefusedError(
            403,
            "MISSING_SCOPES",
            "This app hasn't been granted all required scopes to make this call. "
            f"Read more about required scopes here: {where}.",
            errors=[
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": list(any_of)},
                }
            ],
            links={"scopes": where},
        )


class Limits:
    """A rolling window of 10 seconds and a count per day; 0 switches a limit off. Refused requests do not count.

    Attributes:
        burst: Requests allowed in any 10 seconds.
        daily: Requests allowed on one day (UTC, the sandbox's time zone; counted since the start).
    """

    def __init__(self, burst: int = BURST_LIMIT, daily: int = DAILY_LIMIT) -> None:
        self.burst = burst
        self.daily = daily
        self._lock = threading.Lock()
        self._accepted: deque[float] = deque()
        self._day = date.min
        self._today = 0

    def admit(self, seconds: float, today: date) -> tuple[dict[str, str], Answer | None]:
        """Count one request, or refuse it.

        Args:
            seconds: The moment on a clock that never goes back.
            today: The account's date.

        Returns:
            The headers that every answer carries, and the 429 if the request is too much.
        """
        with self._lock:
            while self._accepted and self._accepted[0] <= seconds - INTERVAL_SECONDS:
                self._accepted.popleft()
            if today != self._day:
                self._day, self._today = today, 0
            refusal = None
            if self.daily and self._today >= self.daily:
                refusal = too_many("DAILY")
            elif self.burst and len(self._accepted) >= self.burst:
                refusal = too_many("TEN_SECONDLY_ROLLING")
            else:
                self._accepted.append(seconds)
                self._today += 1
            return self._headers(), refusal

    def _headers(self) -> dict[str, str]:
        headers = {"X-HubSpot-RateLimit-Interval-Milliseconds": str(int(INTERVAL_SECONDS * 1000))}
        if self.burst:
            headers["X-HubSpot-RateLimit-Max"] = str(self.burst)
            headers["X-HubSpot-RateLimit-Remaining"] = str(max(0, self.burst - len(self._accepted)))
        if self.daily:
            headers["X-HubSpot-RateLimit-Daily"] = str(self.daily)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, self.daily - self._today))
        return headers


def too_many(policy: str) -> Answer:
    """A 429 as HubSpot writes it: ``errorType`` in place of ``category``, and no ``Retry-After``."""
    return Answer(
        429,
        {
            "status": "error",
            "message": f"You have reached your {policy.lower()} limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": str(uuid.uuid4()),
            "policyName": policy,
        },
    )
