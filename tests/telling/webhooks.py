"""Whoever is told: a real server on loopback that keeps what it was sent."""

import json
import threading
import warnings
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Webhook:
    """A server for webhooks and heartbeats.

    Attributes:
        asked: Each request: method, path, body.
        statuses: How it answers the next requests; 200 once they are used up.
    """

    def __init__(self):
        self.asked = []
        self.statuses = []
        self.is_away = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append((self.command, self.path, body.decode()))
                status = 503 if outer.is_away else outer.statuses.pop(0) if outer.statuses else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self):
                self.do_GET()

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def place(self):
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self):
        """As Apprise writes it."""
        return f"json://{self.place}/hook"

    @property
    def heard(self):
        """The messages: title, text, and how bad."""
        messages = [json.loads(body) for method, _, body in self.asked if method == "POST"]
        return [(each["title"], each["message"], each["type"]) for each in messages]

    @property
    def titles(self):
        return [title.removeprefix("Goldpan: ") for title, _, _ in self.heard]

    @property
    def paths(self):
        return [path for _, path, _ in self.asked]

    def forget(self):
        self.asked.clear()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def webhook():
    running = Webhook()
    try:
        yield running
    finally:
        running.close()


def load_apprise():
    """Apprise loads all its services at the first address; one of them imports a deprecated module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415 - it warns

        apprise.Apprise.instantiate("json://localhost")
