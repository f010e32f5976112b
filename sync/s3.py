"""S3 buckets, for sources and the archive; boto3 is an extra."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldpan.errors import ConfigError
from sync.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUTS = (10, 60)
"""Seconds to connect, and without a byte of the answer."""
ATTEMPTS = 6
"""How often boto3 sends a request in all, with growing pauses between."""


@dataclass(frozen=True)
class Bucket:
    """A bucket and prefix, with the connection to it.

    Attributes:
        client: boto3's S3 client; its errors are botocore's (`BotoCoreError`, `ClientError`).
        name: The bucket.
        prefix: "" or a path that ends with a slash.
    """

    client: Any
    name: str
    prefix: str

    @property
    def url(self) -> str:
        """As people write it."""
        return f"s3://{self.name}/{self.prefix}"

    def listed(self, under: str = "") -> "Iterator[dict[str, Any]]":
        """Every object below the prefix (boto3's dicts with `Key`, `Size`, `ETag`, `LastModified`), page by page."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix + under)
        for page in pages:
            yield from page.get("Contents", ())

    def download(self, key: str, path: Path, **extra: str) -> dict[str, Any]:
        """Write an object into a file, streamed.

        Args:
            key: The whole key.
            path: Replaced if it exists; sync and rename are the caller's.
            extra: Further arguments of `get_object`, such as ``IfMatch``.

        Returns:
            boto3's answer, with `ETag`, `ContentLength` and `LastModified`.
        """
        answer: dict[str, Any] = self.client.get_object(Bucket=self.name, Key=key, **extra)
        with path.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                file.write(chunk)
        return answer


def open_bucket(url: str, environment: Environment, *, endpoint_url: str = "", region: str = "") -> Bucket:
    """Connect to a bucket; nothing is asked of it yet.

    Args:
        url: `s3://bucket/prefix`.
        environment: Its AWS_* variables go before what boto3 finds by itself (profiles, roles of the machine).
        endpoint_url: Another service than AWS.
        region: Where one must be named.

    Raises:
        ConfigError: boto3 is not installed.
    """
    try:
        import boto3  # noqa: PLC0415 - an extra, and slow to import
        from botocore.config import Config  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError(f"{url} needs the extra for S3: pip install 'goldpan[s3]'") from error
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    secrets = (environment.aws_access_key_id, environment.aws_secret_access_key, environment.aws_session_token)
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    session = boto3.session.Session(
        region_name=region or None,
        **{name: secret.get_secret_value() for name, secret in zip(names, secrets, strict=True) if secret},
    )
    config = Config(
        connect_timeout=TIMEOUTS[0],
        read_timeout=TIMEOUTS[1],
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    client = session.client("s3", endpoint_url=endpoint_url or None, config=config)
    return Bucket(client, bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "")
