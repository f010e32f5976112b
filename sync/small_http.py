"""A small HTTP server for short answers, which no slow, hanging or numerous clients can hurt."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes, str]
"""Status, content, content type."""

SECONDS = 10.0
"""A client that takes longer is cut off."""
CLIENTS = 16
"""So many at once; any more are turned away."""


class SmallServer(ThreadingHTTPServer):
    """Answers GET and HEAD, each in a thread of its own.

    Args:
        address: Where it listens.
        family: Of the address.
        answer: The answer for a path and an Accept header.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], family: socket.AddressFamily, answer: Callable[[str, str], Answer]
    ) -> None:
        self.address_family = family
        self._free = threading.BoundedSemaphore(CLIENTS)
        self.answer = answer
        super().__init__(address, _Handler)

    @classmethod
    def listen(cls, address: str, port: int, answer: Callable[[str, str], Answer]) -> "SmallServer":
        """Begin to listen.

        Raises:
            OSError: The address is none of this machine, or the port is taken.
        """
        family = socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return cls((address, port), family, answer)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver types it
        """Turn a client away when there are too many; none is waited for."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Answer one client, who has so long in all: one byte every few seconds is no way to stay."""
        cut = threading.Timer(SECONDS, _cut, [request])
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's business."""


def _cut(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: SmallServer
    server_version, sys_version = "goldpan", ""
    timeout = SECONDS

    def do_GET(self) -> None:
        status, content, content_type = self.server.answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
        self.send_response(status)
        for name, value in (
            ("Content-Type", content_type),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_words: object) -> None:
        """Probes come every few seconds; nobody reads that."""
