"""From a request to its answer: endpoint, token, limits, scopes, fault, work, in that order."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from sync.sandbox import batches, lists, properties, reading, records
from sync.sandbox.access import (
    READ_CONTACTS,
    READ_LISTS,
    READ_SCHEMAS,
    WRITE_CONTACTS,
    WRITE_LISTS,
    WRITE_SCHEMAS,
    Limits,
    check_scopes,
    scopes_of,
)
from sync.sandbox.answers import Answer, Call, Json, RefusedError, Request, invalid
from sync.sandbox.faults import Fault, FaultScript
from sync.sandbox.log import LoggedRequest, RequestLog
from sync.sandbox.portal import Portal

Handler = Callable[[Portal, Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path, and the scopes of which a token needs one."""

    method: str
    path: str
    handler: Handler
    any_of: tuple[str, ...]

    def params(self, path: str) -> dict[str, str] | None:
        """What fills the path's ``{holes}``; None if the path is another."""
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path)
        match = re.fullmatch(pattern, path)
        return {name: unquote(text) for name, text in match.groupdict().items()} if match else None


def account_details(portal: Portal, _call: Call) -> Answer:
    """``GET /account-info/v3/details``; any valid token may ask."""
    return Answer(
        200,
        {
            "portalId": portal.id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "UTC",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
LISTS = "/crm/v3/lists"
READ_EITHER = (READ_SCHEMAS, READ_CONTACTS)
WRITES = (WRITE_CONTACTS,)
SCHEMA_WRITES = (WRITE_SCHEMAS,)
ENDPOINTS = (
    Endpoint("GET", "/account-info/v3/details", account_details, ()),
    Endpoint("POST", f"{CONTACTS}/batch/read", reading.read, (READ_CONTACTS,)),
    Endpoint("POST", f"{CONTACTS}/batch/upsert", batches.upsert, WRITES),
    Endpoint("POST", f"{CONTACTS}/batch/update", batches.update, WRITES),
    Endpoint("POST", f"{CONTACTS}/batch/create", batches.create, WRITES),
    Endpoint("POST", f"{CONTACTS}/batch/archive", records.archive, WRITES),
    Endpoint("POST", f"{CONTACTS}/gdpr-delete", records.gdpr_delete, WRITES),
    Endpoint("POST", f"{CONTACTS}/merge", records.merge, WRITES),
    Endpoint("GET", f"{CONTACTS}/{{id}}", reading.read_one, (READ_CONTACTS,)),
    Endpoint("PATCH", f"{CONTACTS}/{{id}}", records.change, WRITES),
    Endpoint("GET", PROPERTIES, properties.list_properties, READ_EITHER),
    Endpoint("POST", PROPERTIES, properties.create_property, SCHEMA_WRITES),
    Endpoint("GET", f"{PROPERTIES}/groups", properties.list_groups, READ_EITHER),
    Endpoint("POST", f"{PROPERTIES}/groups", properties.create_group, SCHEMA_WRITES),
    Endpoint("GET", f"{PROPERTIES}/groups/{{name}}", properties.read_group, READ_EITHER),
    Endpoint("DELETE", f"{PROPERTIES}/groups/{{name}}", properties.archive_group, SCHEMA_WRITES),
    Endpoint("GET", f"{PROPERTIES}/{{name}}", properties.read_property, READ_EITHER),
    Endpoint("PATCH", f"{PROPERTIES}/{{name}}", properties.change_property, SCHEMA_WRITES),
    Endpoint("DELETE", f"{PROPERTIES}/{{name}}", properties.archive_property, SCHEMA_WRITES),
    Endpoint("POST", LISTS, lists.create, (WRITE_LISTS,)),
    Endpoint("POST", f"{LISTS}/search", lists.search, (READ_LISTS,)),
    Endpoint("GET", f"{LISTS}/{{id}}", lists.read, (READ_LISTS,)),
    Endpoint("GET", f"{LISTS}/object-type-id/{{object}}/name/{{name}}", lists.read_by_name, (READ_LISTS,)),
    Endpoint("GET", f"{LISTS}/{{id}}/memberships", lists.memberships, (READ_LISTS,)),
)


class Service:
    """HubSpot's API over one portal."""

    def __init__(
        self, portal: Portal, tokens: Mapping[str, frozenset[str]], limits: Limits, faults: FaultScript, log: RequestLog
    ) -> None:
        self._portal = portal
        self._tokens = tokens
        self._limits = limits
        self._faults = faults
        self._log = log
        self.stopping = threading.Event()

    def respond(self, request: Request) -> Answer | None:
        """The answer to one API request; None closes the connection instead."""
        arrived = time.monotonic()
        endpoint, params = _route(request)
        headers: dict[str, str] = {}
        inputs = 0
        answer: Answer | None
        try:
            granted = scopes_of(self._tokens, request.headers.get("authorization", ""))
            headers, answer = self._limits.admit(arrived, datetime.now(UTC).date())
            if answer is None:
                if endpoint is None:
                    raise RefusedError(404, "OBJECT_NOT_FOUND", "No such endpoint in the sandbox")  # noqa: TRY301 - answered like any refusal
                check_scopes(granted, endpoint.any_of)
                call = Call(params, request.query, _body(request))
                inputs = _count(call.body)
                answer = self._work(request, endpoint.handler, call)
        except RefusedError as refused:
            answer = refused.answer()
        self._wait(self._portal.settings.latency_seconds)
        path = endpoint.path if endpoint else "?"
        self._log.add(LoggedRequest(request.method, path, answer.status if answer else 0, arrived, inputs))
        if answer:
            answer.headers = headers | answer.headers
        return answer

    def _work(self, request: Request, handler: Handler, call: Call) -> Answer | None:
        fault = self._faults.strike(request)
        if fault and fault.is_instead() and fault.when == "before":
            return self._fail(fault)
        if fault and fault.does == "delay":
            self._wait(fault.seconds)
        try:
            with self._portal.transaction():
                answer = handler(self._portal, call)
        except RefusedError as refused:
            answer = refused.answer()
        if fault and fault.is_instead():
            return self._fail(fault)
        return fault.spoil(answer) if fault else answer

    def _fail(self, fault: Fault) -> Answer | None:
        if fault.does == "hang":
            self._wait(fault.seconds)
        return fault.answer()

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.stopping.wait(seconds)


def _route(request: Request) -> tuple[Endpoint | None, dict[str, str]]:
    path = request.path.rstrip("/")
    for endpoint in ENDPOINTS:
        if endpoint.method == request.method:
            params = endpoint.params(path)
            if params is not None:
                return endpoint, params
    return None, {}


def _body(request: Request) -> Json:
    if not request.body and request.method in {"GET", "DELETE"}:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise invalid(f"Invalid input JSON: {error}") from None
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: expected an object")
    return body


def _count(body: Json) -> int:
    inputs = body.get("inputs")
    return len(inputs) if isinstance(inputs, list) else 0
