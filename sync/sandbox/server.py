"""The sandbox in one hand: start it, change it, look into it."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sync.sandbox.access import ALL_SCOPES, BURST_LIMIT, DAILY_LIMIT, TOKEN, Limits
from sync.sandbox.admin import Admin
from sync.sandbox.answers import Answer, Request
from sync.sandbox.faults import Fault, FaultScript
from sync.sandbox.http_server import Server
from sync.sandbox.log import LoggedRequest, RequestLog
from sync.sandbox.page import tag_counts
from sync.sandbox.portal import Portal, Settings
from sync.sandbox.service import Service

HOST = "127.0.0.1"


class Sandbox:
    """A HubSpot account on this machine, serving while the context is open.

    Args:
        path: The SQLite file that keeps the data; memory if None.
        port: Where to listen on loopback; 0 picks a free port.
        portal_id: The account's id; None keeps the file's own, 99000001 for a new one.
        tokens: Token to its scopes; None accepts ``sandbox-token`` with every scope.
        burst_limit: Requests allowed in any 10 seconds; 0 for no limit.
        daily_limit: Requests allowed a day (UTC); 0 for no limit.
        latency_seconds: How long every API answer is held back.
        faults: What goes wrong when (``faults.py``).
        conflicts: Addresses that make a batch that writes to them a 409.
        partial_upsert_blanks: Upserts by e-mail empty the custom properties they leave out.
        seed: For the order of results and of multiple choices.

    Attributes:
        settings: May be changed while it runs.
        limits: May be changed while it runs.
        faults: The fault script, replaceable while it runs.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        port: int = 0,
        portal_id: int | None = None,
        tokens: Mapping[str, frozenset[str]] | None = None,
        burst_limit: int = BURST_LIMIT,
        daily_limit: int = DAILY_LIMIT,
        latency_seconds: float = 0.0,
        faults: Iterable[Fault] = (),
        conflicts: Iterable[str] = (),
        partial_upsert_blanks: bool = False,
        seed: int = 0,
    ) -> None:
        addresses = frozenset(address.lower() for address in conflicts)
        self.settings = Settings(latency_seconds, partial_upsert_blanks, addresses)
        self.limits = Limits(burst_limit, daily_limit)
        self.faults = FaultScript(faults)
        self._log = RequestLog()
        self._portal = Portal(path, portal_id=portal_id, seed=seed, settings=self.settings)
        known = {TOKEN: ALL_SCOPES} if tokens is None else dict(tokens)
        self._service = Service(self._portal, known, self.limits, self.faults, self._log)
        self._admin = Admin(self._portal, self.limits, self.faults, self._log)
        self._port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen and serve in threads of its own.

        Raises:
            OSError: The port is taken.
        """
        self._server = Server((HOST, self._port), self._respond)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every connection and the file; calling it twice does no harm."""
        self._service.stopping.set()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.close_connections()
            self._server.server_close()
            self._server = None
        self._portal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running: call start() first")
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def portal_id(self) -> int:
        """The account's id."""
        return self._portal.id

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The API requests so far."""
        return self._log.entries()

    def peak_burst(self) -> int:
        """The most API requests that arrived in any 10 seconds, refused ones included."""
        return self._log.peak_burst()

    def contacts(self) -> dict[str, dict[str, str]]:
        """Every contact by primary address (by id if it has none): the properties that are not empty."""
        with self._portal.transaction():
            everyone = self._portal.contacts.all()
        return {
            contact.properties.get("email", str(contact.id)): {**contact.properties, "hs_object_id": str(contact.id)}
            for contact in everyone
        }

    def tag_counts(self, name: str) -> dict[str, int]:
        """How many contacts carry each option of a multiple-choice property, in the options' order."""
        with self._portal.transaction():
            definition = self._portal.schema.definitions()[name]
            return tag_counts(definition, self._portal.contacts.all())

    def writes_of(self, email: str) -> list[dict[str, str]]:
        """Every write to the contact with this address, oldest first: the values written, ``""`` where it emptied."""
        with self._portal.transaction():
            holder = self._portal.contacts.holders("email", [email.lower()]).get(email.lower())
            return [] if holder is None else [values for _, values in self._portal.contacts.history(holder)]

    def _respond(self, request: Request) -> Answer | None:
        responder = self._admin if self._admin.is_for(request) else self._service
        return responder.respond(request)
