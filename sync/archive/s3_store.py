"""The archive in S3: the folder on this machine is a cache, and where a run waits until it can be uploaded."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from goldpan.errors import DataError, TransientError
from sync.archive.files import make_folder, whole_folder
from sync.archive.inputs import Kept, digest_of, remove_folder
from sync.archive.names import INPUTS, NOTE, RECORD, RUN_ID, SHA256, UPLOADED
from sync.archive.s3_objects import Objects
from sync.archive.store import Archive, ArchivedRun, day_of, local_runs, read_record
from sync.s3 import Bucket
from sync.state.inputs import StoredInput

log = structlog.get_logger()

_RUN_KEY = re.compile(rf"(\d{{4}}/\d\d/\d\d)/({RUN_ID.pattern})/([^/]+)")
_INPUT_KEY = re.compile(rf"{INPUTS}/({SHA256.pattern})/([^/]+)")
_CENTURY = "2"
"""How the keys of runs begin, which are years; to list them passes the exports over."""


class S3Archive(Archive):
    """The archive in a bucket.

    Args:
        root: The cache.
        url: `s3://bucket/prefix`.
        connect: Makes the connection; called when it is first needed.
    """

    def __init__(self, root: Path, url: str, connect: Callable[[], Bucket]) -> None:
        super().__init__(root)
        self._objects = Objects(url, connect)

    @property
    def url(self) -> str:
        """As people write it."""
        return self._objects.url

    def runs(self) -> list[ArchivedRun]:
        """Every run's folder, in S3 or still waiting here, the oldest first."""
        files: dict[tuple[str, str], set[str]] = {}
        for key in self._objects.keys(_CENTURY):
            if found := _RUN_KEY.fullmatch(key):
                files.setdefault((found[1], found[2]), set()).add(found[3])
        runs = {
            run_id: ArchivedRun(run_id, day, frozenset(names))
            for (place, run_id), names in files.items()
            if (day := day_of(place))
        }
        for run in local_runs(self.root):
            if run.run_id not in runs or not runs[run.run_id].is_whole:
                runs[run.run_id] = run
        return sorted(runs.values(), key=lambda run: (run.day, run.run_id))

    def folder_of(self, run: ArchivedRun) -> Path:
        """Where the run's folder is on this machine, fetched if need be."""
        folder = self.root / run.place
        if not (folder / RECORD).is_file():
            remove_folder(folder)
            with whole_folder(folder) as copy:
                for key in self._objects.keys(f"{run.place}/"):
                    self._objects.fetch(key, copy / key.rpartition("/")[2])
                (copy / UPLOADED).touch(mode=0o600)
        return folder

    def record_of(self, run: ArchivedRun) -> dict[str, Any]:
        """What the run says of itself."""
        if (self.root / run.place / RECORD).is_file():
            return super().record_of(run)
        with TemporaryDirectory() as folder:
            self._objects.fetch(f"{run.place}/{RECORD}", Path(folder, RECORD))
            return read_record(Path(folder))

    def save(self, folder: Path) -> None:
        """Upload a run, and whatever waits here besides."""
        if not folder.is_relative_to(self.root):
            return  # a dry run
        (folder / UPLOADED).unlink(missing_ok=True)
        self.catch_up()

    def catch_up(self) -> None:
        """Upload every run that waits here, the oldest first."""
        for run in local_runs(self.root):
            if run.is_whole and UPLOADED not in run.files:
                self._upload_run(run)

    def keep_input(self, path: Path, name: str) -> Kept:
        """Copy an export into the cache, and upload it; if that must wait, the run that uses it takes it along."""
        kept = super().keep_input(path, name)
        try:
            self._upload_input(kept.sha256)
        except TransientError as error:
            log.warning("input.not_uploaded", sha256=kept.sha256, problem=str(error))
        return kept

    def input_file(self, stored: StoredInput) -> Path | None:
        """Where an export is on this machine, fetched and verified if need be."""
        return super().input_file(stored) or self._fetch_input(stored.sha256)

    def all_inputs(self) -> set[str]:
        """The digests of all exports, in S3 or here."""
        found = map(_INPUT_KEY.fullmatch, self._objects.keys(f"{INPUTS}/"))
        return {key[1] for key in found if key} | super().all_inputs()

    def save_input(self, sha256: str) -> None:
        """Make S3 hold of an export what is here: the note first, then the file, or no file."""
        file = self.inputs.find(sha256)
        files = [path for path in (self.inputs.folder / sha256 / NOTE, file) if path is not None and path.is_file()]
        for path in files:
            self._objects.upload(path, f"{INPUTS}/{sha256}/{path.name}")
        self._remove_others(f"{INPUTS}/{sha256}/", {path.name for path in files})

    def remove(self, run: ArchivedRun) -> None:
        """Remove the folder of a run, the record first: what is left of it is no run any more."""
        for key in sorted(self._objects.keys(f"{run.place}/"), key=lambda key: not key.endswith(f"/{RECORD}")):
            self._objects.delete(key)
        super().remove(run)

    def remove_input(self, sha256: str) -> None:
        """Remove a kept export."""
        self._remove_others(f"{INPUTS}/{sha256}/", set())
        super().remove_input(sha256)

    def _upload_run(self, run: ArchivedRun) -> None:
        """The exports first, the record last: its presence says that all is there."""
        folder = self.root / run.place
        for used in read_record(folder).get("inputs", []):
            self._upload_input(used["sha256"])
        names = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}
        names = {name for name in names if not name.startswith(".")}
        for name in sorted(names, key=lambda name: (name == RECORD, name)):
            self._objects.upload(folder / name, f"{run.place}/{name}")
        self._remove_others(f"{run.place}/", names)
        (folder / UPLOADED).touch(mode=0o600)
        log.info("run.uploaded", run=run.run_id, files=len(names))

    def _upload_input(self, sha256: str) -> None:
        """Upload an export, once; what S3 has of it stays, for people may have been taken out of it elsewhere."""
        if self.inputs.find(sha256) is not None and not self._objects.keys(f"{INPUTS}/{sha256}/"):
            self.save_input(sha256)

    def _fetch_input(self, sha256: str) -> Path | None:
        names = [key.rpartition("/")[2] for key in self._objects.keys(f"{INPUTS}/{sha256}/")]
        if NOTE in names:
            make_folder(self.inputs.folder / sha256)
            self._objects.fetch(f"{INPUTS}/{sha256}/{NOTE}", self.inputs.folder / sha256 / NOTE)
        file = next((name for name in names if name != NOTE), None)
        return self._fetch_export(sha256, file) if file else None

    def _fetch_export(self, sha256: str, name: str) -> Path:
        noted = self.inputs.forgotten(sha256)
        make_folder(self.inputs.folder)
        temporary = self.inputs.folder / f".incoming.{sha256}"
        try:
            self._objects.fetch(f"{INPUTS}/{sha256}/{name}", temporary)
            if digest_of(temporary) not in {sha256, noted.sha256 if noted else sha256}:
                raise DataError(
                    "corrupt_file",
                    f"{self.url}: {INPUTS}/{sha256}/{name} is not what was kept there: its digest is another. "
                    "Put it back from a backup, or from an older version in the bucket.",
                )
            return self.inputs.put(temporary, sha256, name)
        finally:
            temporary.unlink(missing_ok=True)

    def _remove_others(self, under: str, names: set[str]) -> None:
        for key in self._objects.keys(under):
            if key.removeprefix(under) not in names:
                self._objects.delete(key)
