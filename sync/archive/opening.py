"""Which archive an installation has, and where its exports are."""

from pathlib import Path

from sync.archive.store import Archive
from sync.s3 import Bucket, open_bucket
from sync.settings import AppSettings
from sync.state.inputs import StoredInput


def open_archive(settings: AppSettings) -> Archive:
    """The archive that the config names; S3 is not asked for anything yet."""
    archive = settings.file.archive
    if not archive.s3:
        return Archive(settings.archive_folder)

    def connect() -> Bucket:
        return open_bucket(archive.s3, settings.environment, endpoint_url=archive.endpoint_url, region=archive.region)

    from sync.archive.s3_store import S3Archive  # noqa: PLC0415 - brings what only an archive on S3 needs

    return S3Archive(settings.archive_folder, archive.s3, connect)


def input_file(settings: AppSettings, stored: StoredInput) -> Path | None:
    """Where an export is on this machine, fetched from S3 if need be; ``None`` if the archive has it no more.

    Raises:
        DataError: What was fetched is not what was kept.
        TransientError: It can't be fetched now.
    """
    return open_archive(settings).input_file(stored)
