"""An S3 server on loopback, and a network before it that fails as told."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from urllib.request import urlopen

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

SECRETS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
BUCKET = "exports"


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an empty S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        with urlopen(f"{url}/moto-api/reset", data=b"") as answer:  # all servers of one process share their buckets
            assert answer.status == 200
        yield url
    finally:
        server.stop()


def client_of(url: str):
    """boto3's client, as other programs use it."""
    options = {"region_name": "us-east-1", "config": Config(retries={"total_max_attempts": 1})}
    return boto3.client("s3", endpoint_url=url, **SECRETS, **options)


class Network:
    """A proxy that lets requests through, or fails them.

    ``refused`` answers 503 before anything happens, ``lost`` drops the connection when the request has been carried
    out, and ``cut`` ends the answer in the middle. Requests of the method ``forbidden`` are answered with 403.
    """

    def __init__(self, url: str) -> None:
        self.failures: list[str] = []
        self.forbidden = ""
        self.requests: list[tuple[str, str]] = []
        network, target = self, urlsplit(url)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self) -> None:
                network.requests.append((self.command, self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                failure = network.failures.pop(0) if network.failures else ""
                if failure == "refused" or self.command == network.forbidden:
                    self.send_response(503 if failure else 403)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                connection = HTTPConnection(target.hostname, target.port)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                if failure == "lost":
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "server", "date"):
                        self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content[: len(content) // 2] if failure == "cut" else content)
                self.close_connection = self.close_connection or failure == "cut"

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_request  # noqa: N815 - http.server's names

            def log_message(self, *_) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def fail(self, failures: Sequence[str]) -> None:
        """The coming requests fail so, in this order; "" lets one through."""
        self.failures = [*failures]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
