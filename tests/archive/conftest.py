"""S3 on loopback, and waits between repeats that pass at once."""

import botocore.endpoint
import pytest

from tests.archive.s3_stage import s3_server, s3_stage


@pytest.fixture(scope="session")
def moto_server():
    with s3_server() as place:
        yield place


@pytest.fixture
def s3(moto_server, monkeypatch):
    """An S3 service with one empty bucket."""
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _seconds: None)
    with s3_stage(moto_server) as stage:
        yield stage
