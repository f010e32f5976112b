"""An S3 service on loopback (moto), and a proxy before it that records requests and can be told to fail."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote

import boto3
from moto.server import ThreadedMotoServer

from sync.environment import Environment
from sync.s3 import Bucket, open_bucket

KEYS = {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_DEFAULT_REGION": "us-east-1"}
BUCKET = "nights"
URL = f"s3://{BUCKET}/archive"


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str

    @property
    def key(self) -> str:
        """Below the archive's prefix; "" for a request about the bucket."""
        return unquote(self.path.partition("?")[0].partition(f"/{BUCKET}/archive/")[2])


Fault = Callable[[Asked], int | None]
"""The status that a request is answered with, 0 to break off in the middle of the answer, or None to pass it on."""


class S3Stage:
    """The service.

    Attributes:
        url: Where it is.
        asked: Every request, in order.
        fault: Decides about each request.
    """

    def __init__(self, moto: tuple[str, int]) -> None:
        self._moto = moto
        self.asked: list[Asked] = []
        self.fault: Fault = lambda _: None
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                stage.answer(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = forward  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.client = boto3.client(
            "s3", endpoint_url=f"http://{moto[0]}:{moto[1]}", region_name="us-east-1",
            aws_access_key_id="anybody", aws_secret_access_key="nothing",
        )  # fmt: skip

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        asked = Asked(handler.command, handler.path)
        self.asked.append(asked)
        status = self.fault(asked)
        if status:
            handler.send_response(status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        connection = HTTPConnection(*self._moto)
        connection.request(handler.command, handler.path, body, dict(handler.headers))
        answer = connection.getresponse()
        content = answer.read()
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "server", "date"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", answer.getheader("Content-Length", str(len(content))))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2] if status == 0 else content)
        if status == 0:
            handler.close_connection = True
        connection.close()

    @contextmanager
    def running(self) -> Iterator["S3Stage"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
            self.client.close()

    def bucket(self) -> Bucket:
        """The bucket as the archive opens it."""
        return open_bucket(URL, Environment.model_validate({key.lower(): value for key, value in KEYS.items()}),
                           endpoint_url=self.url, region="us-east-1")  # fmt: skip

    def objects(self) -> dict[str, bytes]:
        """All objects of the archive, by key."""
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix="archive/").get("Contents", ())
        return {
            each["Key"].removeprefix("archive/"): self.client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
            for each in listed
        }

    def put(self, key: str, content: bytes) -> None:
        """Somebody writes an object."""
        self.client.put_object(Bucket=BUCKET, Key=f"archive/{key}", Body=content)


@contextmanager
def s3_server() -> Iterator[tuple[str, int]]:
    """moto as a server; it takes a second to start, so tests share it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()
    finally:
        server.stop()


@contextmanager
def s3_stage(server: tuple[str, int]) -> Iterator[S3Stage]:
    """A service with one empty bucket."""
    with S3Stage(server).running() as stage:
        stage.client.create_bucket(Bucket=BUCKET)
        try:
            yield stage
        finally:
            for key in stage.objects():
                stage.client.delete_object(Bucket=BUCKET, Key=f"archive/{key}")
            stage.client.delete_bucket(Bucket=BUCKET)
