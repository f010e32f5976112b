"""Datasets as exports: files that stay where they lie, of which a list is taken whenever they have changed."""

import hashlib
import os
from pathlib import Path

from sync.datasets.listing import list_dataset
from sync.datasets.manifest import SUFFIX, Dataset, is_remote
from sync.engines.choosing import engine_settings
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.source_settings import SourceSettings
from sync.sources.found import ChangedError, Found, Listing, in_microseconds, in_nanoseconds


class DatasetSource:
    """Datasets as a source. Nothing is ever written there, or taken away.

    Args:
        settings: Its name, and where the files lie.
        app: Where relative places start, and what opens Spark.
    """

    is_exact = True  # the paths, sizes and times of all files
    is_snapshot = True
    settles = True
    takes_away = False

    def __init__(self, settings: SourceSettings, app: AppSettings) -> None:
        self.settings, self._app = settings, app

    @classmethod
    def open(cls, source: SourceSettings, settings: AppSettings) -> "DatasetSource":
        """As the config describes it; nothing is looked at yet."""
        return cls(source, settings)

    def list_files(self) -> Listing:
        """A list of files for each kind whose place holds any."""
        found = [self._found(kind, dataset) for kind, dataset in self.datasets().items() if dataset is not None]
        return Listing(tuple(found))

    def fetch(self, found: Found, target: Path) -> bool:
        """Write down which files there are, if they are still those that were found."""
        if not target.exists():
            kind = found.key.removesuffix(SUFFIX)
            dataset = self.datasets().get(kind)
            if dataset is None or _digest(dataset) != found.fingerprint:
                raise ChangedError(f"{found.name}: the files are others by now in {self.settings.dataset_of(kind)}.")
            dataset.write(target)
            at = in_nanoseconds(found.modified_at)
            os.utime(target, ns=(at, at))
        return False

    def remove(self, found: Found) -> None:
        """Nothing: files stay where they are."""

    def datasets(self) -> dict[str, Dataset | None]:
        """What lies there now, by kind; ``None`` where a place has no file.

        Raises:
            ConfigError: Spark is needed and can't be had.
            TransientError: A place can't be listed now.
        """
        places = {kind: place for kind in KINDS if (place := self.settings.dataset_of(kind))}
        return {kind: listed_dataset(place, self._app, home=self._app.home) for kind, place in places.items()}

    def _found(self, kind: str, dataset: Dataset) -> Found:
        name = f"{kind}{SUFFIX}"
        at = in_microseconds(dataset.modified_ns)
        return Found(self.settings.name, name, name, dataset.size_bytes, at, _digest(dataset))


def listed_dataset(place: str, settings: AppSettings, *, home: Path) -> Dataset | None:
    """The files that a place holds now, on this machine or where Spark reaches; ``None`` if there is none.

    Raises:
        ConfigError: Spark is needed and can't be had.
        TransientError: It can't be listed now.
    """
    if not is_remote(place):
        return list_dataset(place, home)
    from sync.engines.spark import open_spark  # noqa: PLC0415 - an extra, and slow to start

    with open_spark(engine_settings(settings)) as spark:
        return spark.list_files(place)


def _digest(dataset: Dataset) -> str:
    return hashlib.sha256(dataset.as_text().encode(errors="surrogateescape")).hexdigest()
