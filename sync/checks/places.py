"""Where exports come from, and where the archive is: there, and with the rights that Goldpan needs."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import partial

from goldpan.errors import ConfigError, TransientError
from sync.checks import databases, datasets
from sync.checks.check import Check, attempt
from sync.s3 import Bucket, open_bucket
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.source_settings import SourceSettings
from sync.sources.names import is_export

PROBE = ".goldpan-check-"
"""How the objects begin that try a right; nothing else in Goldpan takes note of such names."""
DENIED = frozenset({"AccessDenied", "403", "Forbidden", "AllAccessDisabled"})


def checks(settings: AppSettings) -> Iterator[Check]:
    """A line for each source, and one for an archive in S3."""
    for source in settings.file.sources:
        yield attempt("source", partial(_source, source, settings))
    if settings.file.archive.s3:
        yield attempt("archive", lambda: _archive(settings))


def _source(source: SourceSettings, settings: AppSettings) -> str:
    kinds = ((source.sql, databases.look_at), (source.has_datasets, datasets.look_at), (source.s3, _bucket))
    look_at = next((look_at for is_it, look_at in kinds if is_it), _folder)
    return f"{source.name}: {look_at(source, settings)}"


def _folder(source: SourceSettings, settings: AppSettings) -> str:
    folder = settings.home / source.folder
    where = "[drop] folder" if source.name == "inbox" else f"folder of the [[source]] {source.name}"
    if not folder.is_dir():
        raise ConfigError(f"{folder} is missing; make it, or set {where} in goldpan.toml.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise ConfigError(f"{folder} can't be read by this user; give it to the user, or set {where} in goldpan.toml.")
    if source.remove_source and not os.access(folder, os.W_OK):
        raise ConfigError(
            f"{folder} can't be written by this user, so exports can't be taken away; make it writable, or set "
            f"remove_source = false in the [[source]] {source.name}."
        )
    return f"{folder} {_found(source, (entry.name for entry in os.scandir(folder) if entry.is_file()))}"


def _found(source: SourceSettings, names: Iterable[str]) -> str:
    """How many exports of each kind there are, by their names."""
    exports = [name for name in names if is_export(name)]
    counts = [(kind, [name for name in exports if _fits(name, getattr(source, kind))]) for kind in KINDS]
    others = len(exports) - len({name for _, named in counts for name in named})
    parts = [f"{kind}: {', '.join(sorted(named)[-1:]) or 'none'}{_more(named)}" for kind, named in counts]
    return f"({', '.join(parts)}{f', told by their columns: {others}' if others else ''})"


def _more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name.lower(), pattern.lower()) for pattern in patterns)


def _bucket(source: SourceSettings, settings: AppSettings) -> str:
    bucket = open_bucket(source.s3, settings.environment, endpoint_url=source.endpoint_url, region=source.region)
    with _right(bucket, "s3:ListBucket"):
        lister = bucket.client.get_paginator("list_objects_v2")
        pages = lister.paginate(Bucket=bucket.name, Prefix=bucket.prefix, Delimiter="/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    tried = ["list"]
    if keys:
        with _right(bucket, "s3:GetObject"):
            bucket.client.get_object(Bucket=bucket.name, Key=keys[0])["Body"].close()
        tried.append("read")
    if source.is_removed:
        with _right(bucket, "s3:DeleteObject"):  # of nothing: S3 says whether it would
            bucket.client.delete_object(Bucket=bucket.name, Key=_probe_key(bucket))
        tried.append("delete")
    names = (key.removeprefix(bucket.prefix) for key in keys)
    return f"{bucket.url}: may {', '.join(tried)} {_found(source, names)}"


def _archive(settings: AppSettings) -> str:
    """Puts an object, reads it, and takes it away: what each night does."""
    archive = settings.file.archive
    bucket = open_bucket(archive.s3, settings.environment, endpoint_url=archive.endpoint_url, region=archive.region)
    place = {"Bucket": bucket.name, "Key": _probe_key(bucket)}
    with _right(bucket, "s3:PutObject"):
        bucket.client.put_object(**place, Body=b"goldpan check")
    try:
        with _right(bucket, "s3:ListBucket"):
            next(bucket.listed(PROBE), None)
        with _right(bucket, "s3:GetObject"):
            bucket.client.get_object(**place)["Body"].close()
    finally:
        with _right(bucket, "s3:DeleteObject"):
            bucket.client.delete_object(**place)
    return f"{bucket.url}: may write, list, read and delete"


def _probe_key(bucket: Bucket) -> str:
    return f"{bucket.prefix}{PROBE}{secrets.token_hex(8)}"


@contextmanager
def _right(bucket: Bucket, right: str) -> Iterator[None]:
    """Say in Goldpan's words what S3 refuses; its own words name keys and accounts."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415 - an extra

    try:
        yield
    except NoCredentialsError as error:
        raise ConfigError(
            f"{bucket.url}: no key for S3. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role."
        ) from error
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in DENIED:
            raise ConfigError(f"{bucket.url}: the right {right} is missing; give it to the key or role.") from error
        raise ConfigError(f"{bucket.url}: S3 says {code} to {right}. Check bucket, region and key.") from error
    except BotoCoreError as error:
        raise TransientError(
            f"{bucket.url}: S3 can't be reached ({type(error).__name__}). Check endpoint_url."
        ) from error
