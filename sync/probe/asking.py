"""Calls to HubSpot whose refusals are answers: a probe wants to see the status and the body of each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from hubspot.crm.contacts import ApiException

from sync.destinations.hubspot.answers import Json, objects, reason_of, text
from sync.destinations.hubspot.calls import Retries
from sync.destinations.hubspot.client import READ, WRITE, WRITE_SCHEMA, Client
from sync.destinations.hubspot.pace import Pace
from sync.destinations.hubspot.scrub import scrub

CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path
TIMEOUTS = (10.0, 120.0)  # HubSpot's own gateway gives up after 100
RETRIES = Retries(attempts=4)
REFUSALS = frozenset({400, 404, 405, 409, 413, 415, 422})  # HubSpot's word on what was asked; others are trouble
UNTOLD = frozenset({"links", "startedAt", "completedAt", "requestedAt", "createdAt", "updatedAt", "correlationId"})
LONGEST_BODY = 900


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as it came: status, headers (names in lower case) and JSON object."""

    status: int
    headers: Mapping[str, str]
    body: Json

    @property
    def is_whole(self) -> bool:
        """Whether everything that was asked for was done: neither refused nor partly refused."""
        return 200 <= self.status < 300 and self.status != 207

    @property
    def results(self) -> list[Json]:
        """The records in it."""
        return objects(self.body.get("results"))

    @property
    def errors(self) -> list[Json]:
        """The entries of a 207 about what was refused."""
        return objects(self.body.get("errors"))

    @property
    def reason(self) -> str:
        """Status and HubSpot's codes, such as ``207 INVALID_EMAIL, INVALID_OPTION``."""
        reasons = [reason_of(entry) for entry in ([self.body] if self.status >= 300 else self.errors)]
        return f"{self.status} {', '.join(dict.fromkeys(filter(None, reasons)))}".strip()

    @property
    def said(self) -> str:
        """Status and body, shortened and scrubbed."""
        told = json.dumps(_short(self.body), ensure_ascii=False) if self.body else ""
        return f"{self.status} {told if len(told) <= LONGEST_BODY else told[: LONGEST_BODY - 1] + '…'}".strip()


class Asker(Client):
    """Goldpan's client, with its pool, pace and retries, and with calls that only a probe makes.

    Args:
        token: The access token.
        base_url: Where HubSpot answers.
        pace: The limiter.
        sleep: Waits that many seconds.
    """

    def __init__(self, *, token: str, base_url: str, pace: Pace, sleep: Callable[[float], None]) -> None:
        super().__init__(
            token=token, base_url=base_url, pace=pace, workers=1, timeouts=TIMEOUTS, retries=RETRIES, sleep=sleep
        )
        self._token = token

    def ask_upsert(self, inputs: Sequence[Json]) -> Reply:
        """Create or update contacts by a unique property."""
        return self._ask("POST", f"{CONTACTS}/batch/upsert", {"inputs": list(inputs)}, needs=WRITE)

    def ask_update(self, inputs: Sequence[Json]) -> Reply:
        """Update contacts by record id."""
        return self._ask("POST", f"{CONTACTS}/batch/update", {"inputs": list(inputs)}, needs=WRITE)

    def ask_read(self, body: Json) -> Reply:
        """Read contacts."""
        return self._ask("POST", f"{CONTACTS}/batch/read", body, needs=READ)

    def archive(self, record_ids: Sequence[str]) -> Reply:
        """Put contacts into HubSpot's recycle bin."""
        inputs = [{"id": record_id} for record_id in record_ids]
        return self._ask("POST", f"{CONTACTS}/batch/archive", {"inputs": inputs}, needs=WRITE)

    def merge(self, primary_id: str, other_id: str) -> Reply:
        """Merge two contacts into one."""
        body = {"primaryObjectId": primary_id, "objectIdToMerge": other_id}
        return self._ask("POST", f"{CONTACTS}/merge", body, needs=WRITE)

    def erase(self, address: str) -> Reply:
        """Erase a person for good."""
        body = {"objectId": address, "idProperty": "email"}
        return self._ask("POST", f"{CONTACTS}/gdpr-delete", body, needs=WRITE)

    def make_group(self, body: Json) -> Reply:
        """Make a property group."""
        return self._ask("POST", f"{PROPERTIES}/groups", body, needs=WRITE_SCHEMA)

    def archive_group(self, name: str) -> Reply:
        """Take a property group away."""
        return self._ask("DELETE", f"{PROPERTIES}/groups/{name}", needs=WRITE_SCHEMA)

    def make_property(self, body: Json) -> Reply:
        """Make a property."""
        return self._ask("POST", PROPERTIES, body, needs=WRITE_SCHEMA)

    def change_property(self, name: str, body: Json) -> Reply:
        """Change a property."""
        return self._ask("PATCH", f"{PROPERTIES}/{name}", body, needs=WRITE_SCHEMA)

    def archive_property(self, name: str) -> Reply:
        """Take a property away."""
        return self._ask("DELETE", f"{PROPERTIES}/{name}", needs=WRITE_SCHEMA)

    def tell_scopes(self) -> Reply:
        """What HubSpot tells about the token; the answer may hold it, so it is never shown."""
        return self._ask("POST", TOKEN_INFO, {"tokenKey": self._token}, needs=READ)

    def _ask(self, method: str, path: str, body: Json | None = None, *, needs: Sequence[str]) -> Reply:
        """Send until there is an answer; trouble (no access, limits, no answer at all) is raised as everywhere."""
        seen: list[tuple[int, Mapping[str, str]]] = []

        def send(**options: object) -> SimpleNamespace:
            json_both_ways = {"Accept": "application/json", "Content-Type": "application/json"}
            try:
                response = self._api.call_api(
                    path, method, header_params=json_both_ways, body=body, auth_settings=["oauth2"], **options
                )
                data = response.data
            except ApiException as refused:
                if refused.status not in REFUSALS:
                    raise
                response, data = refused, (refused.body or "").encode()
            headers = {name.lower(): value for name, value in (response.headers or {}).items()}
            seen.append((response.status, headers))
            return SimpleNamespace(data=data or b"{}", headers=headers)  # 204 says nothing

        answer = self._calls.call(send, needs=needs)
        status, headers = seen[-1]
        return Reply(status, headers, answer.body)


def _short(value: object) -> object:
    """A body without what tells nothing, its texts scrubbed."""
    if isinstance(value, dict):
        told = {name: _short(part) for name, part in value.items() if name not in UNTOLD}
        return {name: part for name, part in told.items() if part not in ({}, [])}
    if isinstance(value, list):
        return [_short(part) for part in value]
    return scrub(text(value), longest=200) if isinstance(value, str) else value
