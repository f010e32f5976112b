"""Where exports come from. A new kind of source: its module, and a line in ``_KINDS``.

The shared suite in `tests/contracts/test_sources.py` then runs on it.
"""

from collections.abc import Callable
from datetime import datetime

from sync.app import now
from sync.settings import AppSettings
from sync.source_settings import SourceSettings
from sync.sources.dataset import DatasetSource
from sync.sources.folder import FolderSource
from sync.sources.found import ChangedError, Found, Listing, Refusal, Source
from sync.sources.s3 import S3Source
from sync.sources.sql import SqlSource

__all__ = ["ChangedError", "Found", "Listing", "Refusal", "Source", "open_sources"]

Clock = Callable[[], datetime]

_KINDS: dict[str, Callable[[SourceSettings, AppSettings, Clock], Source]] = {
    "folder": lambda source, settings, _: FolderSource.open(source, settings),
    "s3": lambda source, settings, _: S3Source.open(source, settings),
    "sql": SqlSource.open,
    "has_datasets": lambda source, settings, _: DatasetSource.open(source, settings),
}
"""How a source is opened, by the key of `[[source]]` that names its place."""


def open_sources(settings: AppSettings, clock: Clock = now) -> list[Source]:
    """Every configured source, in the config's order; none is asked for anything yet.

    Args:
        settings: The sources.
        clock: The time, for those that are asked now and then.

    Raises:
        ConfigError: One needs an extra that is not installed.
    """
    return [
        next(open_source for key, open_source in _KINDS.items() if getattr(source, key))(source, settings, clock)
        for source in settings.file.sources
    ]
