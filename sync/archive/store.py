"""The archive: the folder that each run leaves, and the exports that they used; on this machine or in S3."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from goldpan.errors import ConfigError
from sync.archive.inputs import InputStore, Kept, folders_in, remove_folder
from sync.archive.names import DAY, RECORD, RUN_ID
from sync.state.inputs import StoredInput


@dataclass(frozen=True, slots=True)
class ArchivedRun:
    """The folder of one run.

    Attributes:
        day: Its date, in the configured zone.
        files: The names of what is in it.
    """

    run_id: str
    day: date
    files: frozenset[str]

    @property
    def place(self) -> str:
        """Below the archive."""
        return f"{self.day:%Y/%m/%d}/{self.run_id}"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing: the record is written last."""
        return RECORD in self.files


class Archive:
    """The archive on this machine's disk.

    Attributes:
        root: Its folder.
        inputs: The exports that are here.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inputs = InputStore(root)

    @property
    def url(self) -> str:
        """As people write it."""
        return str(self.root)

    def runs(self) -> list[ArchivedRun]:
        """Every run's folder, the oldest first."""
        return local_runs(self.root)

    def find(self, run: str, *, holding: str = RECORD) -> ArchivedRun:
        """One run's folder; a unique beginning of its id will do, and `latest` means the newest.

        Args:
            run: Which.
            holding: A file that the run must have left.

        Raises:
            ConfigError: There is none, or several.
        """
        whole = [each for each in self.runs() if each.is_whole and (run != "latest" or holding in each.files)]
        found = [each for each in whole if each.run_id.startswith(run)] if run != "latest" else whole[-1:]
        if not found:
            raise ConfigError(f"No run {run!r} in the archive {self.url}. See: goldpan runs")
        if len(found) > 1:
            raise ConfigError(f"Several runs begin with {run!r}; give more of the id. See: goldpan runs")
        return found[0]

    def folder_of(self, run: ArchivedRun) -> Path:
        """Where the run's folder is on this machine."""
        return self.root / run.place

    def record_of(self, run: ArchivedRun) -> dict[str, Any]:
        """What the run says of itself."""
        return read_record(self.root / run.place)

    def save(self, folder: Path) -> None:
        """The folder of a run is written, or was changed: see to it that the archive has it so.

        Raises:
            TransientError: That must wait; the folder stays here, and a later call for any run takes it along.
        """

    def catch_up(self) -> None:
        """Take along every run that waits here (see :meth:`save`)."""

    def keep_input(self, path: Path, name: str) -> Kept:
        """Copy an export into the archive, once per content.

        Raises:
            DataError: It can't be read or kept.
        """
        return self.inputs.keep(path, name)

    def input_file(self, stored: StoredInput) -> Path | None:
        """Where an export is on this machine, fetched if need be; ``None`` if the archive has it no more.

        Raises:
            DataError: What was fetched is not what was kept.
            TransientError: It can't be fetched now.
        """
        if stored.path.is_file():
            return stored.path
        return self.inputs.find(stored.sha256)

    def all_inputs(self) -> set[str]:
        """The digests of all exports that the archive has."""
        return self.inputs.digests()

    def save_input(self, sha256: str) -> None:
        """A kept export was changed (see :meth:`save`)."""

    def remove(self, run: ArchivedRun) -> None:
        """Remove the folder of a run."""
        remove_folder(self.root / run.place)

    def remove_input(self, sha256: str) -> None:
        """Remove a kept export."""
        self.inputs.remove(sha256)


def read_record(folder: Path) -> dict[str, Any]:
    """The record in a run's folder."""
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return record


def local_runs(root: Path) -> list[ArchivedRun]:
    """The folders of runs below a folder, the oldest first; links, and whatever else is there, are passed over."""
    return [
        ArchivedRun(run_id, day, frozenset(path.name for path in (root / place / run_id).iterdir()))
        for place, day in _days(root)
        for run_id in folders_in(root / place)
        if RUN_ID.fullmatch(run_id)
    ]


def _days(root: Path) -> Iterable[tuple[str, date]]:
    for year in _numbered(root, 4):
        for month in _numbered(root / year, 2):
            for day in _numbered(root / year / month, 2):
                place = f"{year}/{month}/{day}"
                if found := day_of(place):
                    yield place, found


def _numbered(folder: Path, digits: int) -> list[str]:
    return [name for name in folders_in(folder) if re.fullmatch(rf"\d{{{digits}}}", name)]


def day_of(place: str) -> date | None:
    """The date of `2026/11/20`; ``None`` for anything else."""
    parts = DAY.fullmatch(place)
    try:
        return date(*map(int, parts.groups())) if parts else None
    except ValueError:
        return None
