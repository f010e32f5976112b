"""A prefix of an S3 bucket where exports arrive."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from goldpan.errors import TransientError
from sync.archive.files import write_whole
from sync.readers.limits import ReadLimits, as_mb, too_large
from sync.s3 import Bucket, open_bucket
from sync.settings import AppSettings
from sync.source_settings import SourceSettings
from sync.sources.found import ChangedError, Found, Listing, Refusal, in_nanoseconds
from sync.sources.limits import read_limits
from sync.sources.names import is_export, lock_names, problem_of

_GONE = frozenset({"404", "NoSuchKey"})
_ANOTHER = frozenset({"412", "PreconditionFailed"})
_UNCONDITIONAL = frozenset({"400", "501", "InvalidArgument", "InvalidRequest", "NotImplemented"})
"""How services answer that delete nothing on a condition; AWS does."""


class S3Source:
    """The objects directly below a prefix.

    Args:
        settings: Its name, patterns, and whether objects are removed.
        bucket: Where they are.
        limits: Larger objects are refused.
    """

    is_exact = True  # ETag, size and time of upload together
    is_snapshot = False
    settles = True

    def __init__(self, settings: SourceSettings, bucket: Bucket, limits: ReadLimits) -> None:
        self.settings, self._bucket, self._limits = settings, bucket, limits

    @classmethod
    def open(cls, source: SourceSettings, settings: AppSettings) -> "S3Source":
        """As the config describes it; nothing is asked yet."""
        bucket = open_bucket(source.s3, settings.environment, endpoint_url=source.endpoint_url, region=source.region)
        return cls(source, bucket, read_limits(settings))

    @property
    def takes_away(self) -> bool:
        """Whether objects are removed."""
        return self.settings.is_removed

    def list_files(self) -> Listing:
        """Every object directly below the prefix."""
        bucket = self._bucket
        with self._words("be listed"):
            pages = bucket.client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket.name, Prefix=bucket.prefix, Delimiter="/"
            )
            objects = [each for page in pages for each in page.get("Contents", ())]
        there = {each["Key"].removeprefix(bucket.prefix): each for each in objects}
        files, refused, in_use = [], [], []
        for name, each in sorted(there.items()):
            if is_export(name):
                found = self._found(name, each)
                if refusal := self._refusal(found):
                    refused.append(refusal)
                elif there.keys().isdisjoint(lock_names(name)):
                    files.append(found)
                else:
                    in_use.append(found)
        return Listing(tuple(files), tuple(refused), tuple(in_use))

    def fetch(self, found: Found, target: Path) -> bool:
        """Download the object, if it is still the one that was found."""
        if not target.exists():
            write_whole(target, lambda temporary: self._download(found, temporary))
        return False

    def remove(self, found: Found) -> None:
        """Remove the object, unless there is another by now."""
        place = {"Bucket": self._bucket.name, "Key": self._bucket.prefix + found.key}
        client, etag = self._bucket.client, _etag(found)
        with self._words(f"remove {found.key}; give the right to, or set remove_source = false"):
            try:
                if client.head_object(**place)["ETag"] == etag:
                    self._delete(place, etag)
            except client.exceptions.ClientError as error:
                if _code(error) not in _GONE | _ANOTHER:
                    raise

    def _delete(self, place: dict[str, str], etag: str) -> None:
        client = self._bucket.client
        try:
            client.delete_object(**place, IfMatch=etag)
        except client.exceptions.ClientError as error:
            if _code(error) not in _UNCONDITIONAL:
                raise
            client.delete_object(**place)

    def _found(self, name: str, each: dict[str, Any]) -> Found:
        at = each["LastModified"].astimezone(UTC)
        # With its time: whoever uploads the same content again may mean it, for another has come since.
        fingerprint = f"{each['ETag']} {each['Size']} {at.isoformat()}"
        return Found(self.settings.name, name, name, each["Size"], at, fingerprint)

    def _refusal(self, found: Found) -> Refusal | None:
        why, code = problem_of(found.name), "bad_name"
        if why is None and found.size_bytes > self._limits.max_file_bytes:
            size, most = as_mb(found.size_bytes), as_mb(self._limits.max_file_bytes)
            why, code = str(too_large(found.name, f"the object has {size}", most, "max_file_mb")), "too_large"
        if why is None:
            return None
        refused = Found(found.source, found.key, found.name, found.size_bytes, found.modified_at, f"refused {code}")
        return Refusal(refused, code, f"{self._bucket.url}{found.key} is not taken: {why}")

    def _download(self, found: Found, temporary: Path) -> None:
        with self._words(f"give {found.key}"):
            try:
                self._bucket.download(self._bucket.prefix + found.key, temporary, IfMatch=_etag(found))
            except self._bucket.client.exceptions.ClientError as error:
                if _code(error) not in _GONE | _ANOTHER:
                    raise
                raise ChangedError(f"{found.name}: another object by now in {self._bucket.url}, or gone.") from error
        if (size := temporary.stat().st_size) != found.size_bytes:
            raise TransientError(
                f"{self._bucket.url}{found.key}: {size} of {found.size_bytes} bytes came. It is fetched again."
            )
        at = in_nanoseconds(found.modified_at)
        os.utime(temporary, ns=(at, at))

    @contextmanager
    def _words(self, what: str) -> Iterator[None]:
        """What S3 or the network says, in Goldpan's words."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra, and slow to import

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            code = _code(error) if isinstance(error, ClientError) else type(error).__name__
            raise TransientError(
                f"{self._bucket.url} (source {self.settings.name}) can't {what} ({code}). It is tried again; if that "
                "stays: goldpan check"
            ) from error


def _etag(found: Found) -> str:
    return found.fingerprint.partition(" ")[0]


def _code(error: Any) -> str:  # noqa: ANN401 - botocore's ClientError, which is imported late
    code: str = error.response.get("Error", {}).get("Code", "")
    return code
