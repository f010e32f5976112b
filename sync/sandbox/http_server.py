"""HTTP/1.1 with kept-alive connections, a thread for each; knows nothing of HubSpot."""

import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sync.sandbox.answers import Answer, Request

BODY_LIMIT = 16 * 1024 * 1024  # bytes


class Server(ThreadingHTTPServer):
    """A thread for each connection; remembers connections so that stopping leaves none open."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Callable[[Request], Answer | None]) -> None:
        self.respond = respond
        self._open: set[Any] = set()
        self._changed = threading.Condition()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without looking up the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver types it
        """Give a new connection its thread."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as socketserver types it
        """Close a connection."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def close_connections(self) -> None:
        """End every kept-alive connection and wait until its thread let go of it."""
        with self._changed:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster
            self._changed.wait_for(lambda: not self._open, timeout=5)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver types it
        """Report a bug; a client that goes away is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "GoldpanSandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body
    server: Server

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        has_length = length.isdecimal() and "Transfer-Encoding" not in self.headers
        if not has_length or int(length) > BODY_LIMIT:
            self.close_connection = True
            self.send_error(413 if has_length else 411)
            return
        url = urlsplit(self.path)
        answer = self.server.respond(
            Request(
                method=self.command,
                path=url.path,
                query=parse_qs(url.query),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(length)),
            )
        )
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    # http.server finds the method for a request by this spelling.
    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve  # noqa: N815 - see above

    def _send(self, answer: Answer) -> None:
        content, kind = answer.encoded()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing: requests hold addresses."""
