"""The objects of an archive in S3: whole or not at all, and what S3 says in Goldpan's words."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from hashlib import file_digest
from pathlib import Path
from typing import Any

from tenacity import retry, retry_if_exception_type, stop_after_attempt

from goldpan.errors import TransientError
from sync.s3 import Bucket

_MODIFIED = "goldpan-modified"
"""When a file was made, in its object's metadata: the age of an export may depend on it."""
_TRIES = 4  # of a download that breaks off in the middle; requests are repeated by boto3


class Objects:
    """Objects below a bucket's prefix; keys are counted from there.

    Args:
        url: `s3://bucket/prefix`.
        connect: Makes the connection; called when it is first needed.

    Every method raises a TransientError when S3 can't be reached or refuses.
    """

    def __init__(self, url: str, connect: Callable[[], Bucket]) -> None:
        self.url, self._connect = url, connect

    @cached_property
    def _bucket(self) -> Bucket:
        return self._connect()

    def keys(self, under: str) -> list[str]:
        """The keys that begin so, sorted."""
        with self._errors("the bucket can't be listed"):
            return [found["Key"].removeprefix(self._bucket.prefix) for found in self._bucket.listed(under)]

    def upload(self, path: Path, key: str) -> None:
        """Upload a file; S3 refuses what arrives damaged, and is asked afterwards what it has."""
        with path.open("rb") as file:
            digest = base64.b64encode(file_digest(file, "sha256").digest()).decode()
            size = file.tell()
            file.seek(0)
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
            with self._errors(f"{key} can't be uploaded"):
                where = self._where(key)
                self._bucket.client.put_object(
                    **where, Body=file, ChecksumSHA256=digest, Metadata={_MODIFIED: modified}
                )
                found = self._bucket.client.head_object(**where, ChecksumMode="ENABLED")
        if found["ContentLength"] != size or found.get("ChecksumSHA256", digest) != digest:
            raise TransientError(f"{self.url}: {key} did not arrive as it was sent. It is sent again later.")

    def fetch(self, key: str, path: Path) -> None:
        """Write an object into a file, private and as old as it was."""
        with self._errors(f"{key} can't be fetched"):
            from botocore.exceptions import HTTPClientError, IncompleteReadError  # noqa: PLC0415 - an extra

            broken_off = retry_if_exception_type((HTTPClientError, IncompleteReadError))
            again = retry(retry=broken_off, stop=stop_after_attempt(_TRIES), reraise=True)
            answer: dict[str, Any] = again(self._bucket.download)(self._bucket.prefix + key, path)
        path.chmod(0o600)
        made = answer.get("Metadata", {}).get(_MODIFIED)
        at = datetime.fromisoformat(made) if made else answer["LastModified"]
        os.utime(path, (at.timestamp(), at.timestamp()))

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        with self._errors(f"{key} can't be removed"):
            self._bucket.client.delete_object(**self._where(key))

    def _where(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": self._bucket.prefix + key}

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        _ = self._bucket  # says which extra is missing, if it is
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise TransientError(
                f"{self.url}: {what}: S3 says {code}. Check the bucket, its rights and AWS_ACCESS_KEY_ID: goldpan check"
            ) from error
        except BotoCoreError as error:
            raise TransientError(f"{self.url}: {what}: {type(error).__name__}. It is tried again later.") from error
