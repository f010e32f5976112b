"""Where exports come from. A new kind of source: its module, and a line in ``_KINDS``.

The shared suite in `tests/contracts/test_sources.py` then runs on it.
"""

from collections.abc import Callable

from sync.settings import AppSettings
from sync.settings_file import SourceSettings
from sync.sources.folder import FolderSource
from sync.sources.found import ChangedError, Found, Listing, Refusal, Source
from sync.sources.s3 import S3Source

__all__ = ["ChangedError", "Found", "Listing", "Refusal", "Source", "open_sources"]

_KINDS: dict[str, Callable[[SourceSettings, AppSettings], Source]] = {"folder": FolderSource.open, "s3": S3Source.open}
"""How a source is opened, by the key of `[[source]]` that names its place."""


def open_sources(settings: AppSettings) -> list[Source]:
    """Every configured source, in the config's order; none is asked for anything yet.

    Raises:
        ConfigError: One needs an extra that is not installed.
    """
    return [
        next(open_source for key, open_source in _KINDS.items() if getattr(source, key))(source, settings)
        for source in settings.file.sources
    ]
