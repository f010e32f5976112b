"""``goldpan check`` and S3: each right that Goldpan needs is tried, and the one that is missing is named."""

from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.cli.test_check import lines

KEYS = {"AWS_ACCESS_KEY_ID": "sandbox-key", "AWS_SECRET_ACCESS_KEY": "sandbox-secret"}
DENIED = b"<Error><Code>AccessDenied</Code><Message>arn:aws:iam::1:user/ada may not</Message></Error>"


class Guard(BaseHTTPRequestHandler):
    """S3 for a key that lacks one right; whatever it may do, moto does."""

    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.refuses(self.command, self.path):
            return self._answer(403, [("Content-Type", "application/xml")], DENIED)
        connection = HTTPConnection("127.0.0.1", self.server.moto_port)
        connection.request(self.command, self.path, body=body, headers=dict(self.headers))
        answer = connection.getresponse()
        hop = {"connection", "transfer-encoding", "content-length"}
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in hop]
        content = answer.read()
        connection.close()
        return self._answer(answer.status, headers, content)

    do_GET = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - as http.server looks them up

    def _answer(self, status, headers, content):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def s3(goldpan):
    """A bucket with two exports, behind a guard; the installation takes them from there, and archives there."""
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    port = moto.get_host_and_port()[1]
    guard = ThreadingHTTPServer(("127.0.0.1", 0), Guard)
    guard.moto_port, guard.refuses = port, lambda _command, _path: False
    Thread(target=guard.serve_forever, daemon=True).start()
    guard.url = f"http://127.0.0.1:{guard.server_port}"
    client = boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
        aws_access_key_id="sandbox-key", aws_secret_access_key="sandbox-secret",
    )  # fmt: skip
    client.create_bucket(Bucket="exports")
    for path in goldpan.deliver():
        client.put_object(Bucket="exports", Key=f"night/{path.name}", Body=path.read_bytes())
    guard.keys = lambda: {each["Key"] for each in client.list_objects_v2(Bucket="exports").get("Contents", ())}
    goldpan.env |= KEYS
    use(goldpan, guard.url)
    yield guard
    guard.shutdown()
    guard.server_close()
    client.close()
    moto.stop()


def use(goldpan, url, *, source="s3://exports/night", archive="s3://exports/archive"):
    text = (goldpan.config / "goldpan.toml").read_text(encoding="utf-8")
    drop = text[text.index("[drop]") : text.index("# Several sources")]
    goldpan.configure(
        "goldpan.toml",
        (drop, ""),
        ('\ns3 = ""', f'\ns3 = "{archive}"'),
        ('\nendpoint_url = ""\nregion = ""', f'\nendpoint_url = "{url}"\nregion = "us-east-1"'),
        append=f'\n[[source]]\nname = "bucket"\ns3 = "{source}"\nendpoint_url = "{url}"\nregion = "us-east-1"\n'
        "remove_source = true\n",
    )


def test_all_rights_are_there_and_nothing_is_left_behind(goldpan, s3):
    before = s3.keys()

    said = goldpan("check")

    assert said.exit_code == 0, said.all
    assert (
        "bucket: s3://exports/night/: may list, read, delete (memberships: memberships.csv, orders: orders.csv)"
        in said.out
    )
    assert "s3://exports/archive/: may write, list, read and delete" in said.out
    assert s3.keys() == before


@pytest.mark.parametrize(
    ("check", "right", "refused"),
    [
        ("source", "s3:ListBucket", ("GET", "prefix=night")),
        ("source", "s3:GetObject", ("GET", "/night/")),
        ("source", "s3:DeleteObject", ("DELETE", "/night/")),
        ("archive", "s3:PutObject", ("PUT", "/archive/")),
        ("archive", "s3:ListBucket", ("GET", "prefix=archive")),
        ("archive", "s3:GetObject", ("GET", "/archive/")),
        ("archive", "s3:DeleteObject", ("DELETE", "/archive/")),
    ],
)
def test_the_one_right_that_is_missing_is_named(goldpan, s3, check, right, refused):
    command, part = refused
    s3.refuses = lambda asked, path: asked == command and part in path

    said = goldpan("check")

    assert said.exit_code == 2
    assert lines(said)[check] is False
    assert f"the right {right} is missing" in said.out
    assert "ada" not in said.all


def test_a_bucket_that_does_not_exist_is_said(goldpan, s3):
    goldpan.configure("goldpan.toml", ("s3://exports/night", "s3://nowhere/night"))

    said = goldpan("check")

    assert said.exit_code == 2
    assert "NoSuchBucket" in said.out


def test_s3_out_of_reach_is_a_failure_and_no_matter_of_configuration(goldpan, monkeypatch):
    monkeypatch.setattr("sync.s3.ATTEMPTS", 1)
    goldpan.env |= KEYS
    use(goldpan, "http://127.0.0.1:1")

    said = goldpan("check")

    assert said.exit_code == 1
    assert lines(said)["archive"] is False
    assert "can't be reached" in said.out
