"""A small scripted HTTP server, a clock that moves when somebody sleeps, and builders of real payloads."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from goldpan.model import Action, Change, Outcome, Verdict

TOKEN = "not-a-real-token-0123456789"
UPSERT = "/crm/v3/objects/contacts/batch/upsert"
UPDATE = "/crm/v3/objects/contacts/batch/update"
READ = "/crm/v3/objects/contacts/batch/read"
PROPERTIES = "/crm/v3/properties/contacts"


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self):
        self.seconds = 1000.0
        self.slept = []
        self._lock = threading.Lock()

    def now(self):
        with self._lock:
            return self.seconds

    def sleep(self, seconds):
        with self._lock:
            self.seconds += seconds
            self.slept.append(seconds)


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict

    @property
    def ids(self):
        return [entry["id"] for entry in self.body["inputs"]]


@dataclass
class Reply:
    """One answer, or the way in which it fails to come.

    ``keep`` sends that many bytes of the body and closes: with ``says_length`` against its own Content-Length.
    """

    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    keep: int | None = None
    says_length: bool = True
    drop: bool = False
    seconds: float = 0.0


Answer = Callable[[Request], Reply]


class Script(ThreadingHTTPServer):
    """Gives the scripted answers in order, then ``otherwise`` to everything."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[Request] = []
        self.connections: list[socket.socket] = []
        self.otherwise: Answer = echo
        self._script: list[Reply | Answer] = []
        self._lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def play(self, *answers: Reply | Answer):
        self._script.extend(answers)

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            answer = self._script.pop(0) if self._script else self.otherwise
        return answer(request) if callable(answer) else answer

    def process_request(self, request, client_address):
        with self._lock:
            self.connections.append(request)
        super().process_request(request, client_address)

    def paths(self):
        return [f"{request.method} {request.path}" for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Script

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (OSError, ValueError):  # the client went away, or the test is over
            self.close_connection = True

    def reply(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        answer = self.server.answer(Request(self.command, self.path, dict(self.headers), body))
        time.sleep(answer.seconds)
        if answer.drop:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()  # a reset
            self.close_connection = True
            return
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        if answer.says_length:
            self.send_header("Content-Length", str(len(data)))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data if answer.keep is None else data[: answer.keep])
        if answer.keep is not None or not answer.says_length:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = reply  # noqa: N815 - the names that http.server calls

    def log_message(self, *_):
        pass


@contextmanager
def serving() -> Iterator[Script]:
    server = Script()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for connection in server.connections:
            connection.close()


def result(entry, *, new=True, record_id=None, **more):
    """What HubSpot says of one input that it wrote."""
    email = entry["id"].lower()
    return {
        "id": record_id or f"id-of-{email}",
        "new": new,
        "objectWriteTraceId": entry["objectWriteTraceId"],
        "properties": {"email": email, **entry["properties"]},
        "createdAt": "2026-11-20T00:00:00Z",
        "updatedAt": "2026-11-20T00:00:00Z",
        "archived": False,
    } | more


def error(entry, *, category="VALIDATION_ERROR", message="Property values were not valid: []"):
    """What a 207 says of one input that it didn't write."""
    context = {"objectWriteTraceId": [entry["objectWriteTraceId"]]}
    return {"status": "error", "category": category, "message": message, "context": context, "errors": [], "links": {}}


def field_error(code, *, name="membership_status_tags", message="no good"):
    """HubSpot's message with a JSON list inside."""
    return "Property values were not valid: " + json.dumps(
        [{"isValid": False, "message": message, "error": code, "name": name, "portalId": 1}]
    )


def answered(results, errors=(), **more):
    """A 200, or a 207 with errors; results in another order than asked."""
    body = {"status": "COMPLETE", "results": list(results)[::-1]}
    if errors:
        body |= {"errors": list(errors), "numErrors": len(errors)}
    return Reply(207 if errors else 200, body | more)


def echo(request: Request) -> Reply:
    """Writes everything."""
    return answered(result(entry) for entry in request.body.get("inputs", []))


def refusing(*emails, status=400, category="VALIDATION_ERROR", message="bad record"):
    """Refuses any request that holds one of these addresses, as a whole."""

    def answer(request):
        if set(emails) & set(request.ids):
            return Reply(status, {"status": "error", "category": category, "message": message, "correlationId": "c-1"})
        return echo(request)

    return answer


def throttled(policy="TEN_SECONDLY_ROLLING", **headers):
    """A real 429 (hubspot-api-python issue 117)."""
    message = f"You have reached your {policy.lower()} limit."
    body = {"status": "error", "message": message, "errorType": "RATE_LIMIT", "policyName": policy}
    return Reply(429, body, headers)


def change(email, /, **after):
    values = after or {"membership_status_tags": "active"}
    return Change(email, Action.CREATE, dict.fromkeys(values, ""), values)


def update(record_id, email, /, action=Action.UPDATE, **after):
    values = after or {"membership_status_tags": "active"}
    return Change(email, action, dict.fromkeys(values, "old"), values, record_id=record_id)


def updates(count):
    return [update(str(1000 + number), f"u{number}@example.org") for number in range(count)]


def changes(count):
    return [change(f"m{number}@example.org") for number in range(count)]


def drained(results):
    """All that comes, and the error that ended it, if any."""
    got = []
    try:
        for one in results:
            got.append(one)  # noqa: PERF402 - what came before the error is wanted
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return got, error
    return got, None


def verdicts(batches):
    """All outcomes by address; none twice."""
    outcomes: list[Outcome] = [outcome for batch in batches for outcome in batch]
    by_email = {outcome.email: outcome for outcome in outcomes}
    assert len(by_email) == len(outcomes)
    return by_email


def tally(outcomes):
    """How many of each verdict that a destination gives."""
    given = (Verdict.APPLIED, Verdict.REFUSED, Verdict.UNKNOWN)
    return {verdict.value: sum(o.verdict is verdict for o in outcomes.values()) for verdict in given}
