"""A file's way in: on record, into `processing`, into the archive, on record again, out of `processing`.

A kill between any two steps leaves the file in its source or in `processing`, and what is on record says how to go on.
"""

import shutil
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from goldpan.errors import DataError
from sync.archive.files import make_folder
from sync.archive.inputs import digest_of, folders_in
from sync.archive.opening import open_archive
from sync.intake.kinds import recognise
from sync.intake.looked import Looked
from sync.intake.refusing import Refusing
from sync.intake.snapshots import confirm, record, refuse
from sync.intake.versions import put_in_place
from sync.settings import AppSettings
from sync.source_settings import SourceSettings
from sync.sources import ChangedError, Found, Source
from sync.sources.found import in_microseconds
from sync.state.deliveries import ARRIVED, Deliveries, StoredDelivery
from sync.state.tables import deliveries as _table

_ABANDONED = timedelta(days=1)
"""A claim of another machine, or of a container that had another name; if its file turns up again, it is set aside."""


class Claiming:
    """The folder `processing`, and what is on record of its files.

    Args:
        settings: Folders, kinds and limits.
        deliveries: The record.
        clock: The time.
        on_step: Told of each step that was done; tests end the process there.
    """

    def __init__(
        self,
        settings: AppSettings,
        deliveries: Deliveries,
        clock: Callable[[], datetime],
        on_step: Callable[[str], None],
    ) -> None:
        self.folder = settings.home / "processing"
        self._settings, self._deliveries, self._clock, self._on_step = settings, deliveries, clock, on_step
        self.archive = open_archive(settings)
        self.refusing = Refusing(settings, deliveries, clock, on_step)
        self._owner = f"{socket.gethostname()}:{settings.home}"  # several services may share one record

    def take(self, source: Source, found: Found, latest: StoredDelivery | None, looked: Looked) -> None:
        """Take one whole file in.

        Args:
            source: Where it lies.
            found: The file.
            latest: What is on record of the file that lay there last.
            looked: Told what became of it.

        Raises:
            TransientError: Not now; nothing is lost.
            OSError: Likewise.
        """
        if latest is not None and latest.status == "claimed" and latest.reason == self._owner:
            return  # it has its turn with what was begun
        is_known = latest is not None and latest.status != "claimed" and latest.fingerprint == found.fingerprint
        if latest is not None and is_known and not source.takes_away:
            if source.is_snapshot:
                confirm(self._deliveries, latest, found, self._clock())
            return
        if is_known and source.is_exact:
            source.remove(found)
            return
        row = self.record(found)
        self._on_step("recorded")
        target = self._place_of(row)
        try:
            make_folder(target.parent)
            self._on_step("made room")
            is_gone = source.fetch(found, target)
        except DataError as error:
            self._refuse_snapshot(row, error, looked)
            return
        except Exception:
            if not target.exists():
                self._cancel(row)
            raise
        self._on_step("fetched")
        if is_known and not is_gone:  # the folder can't be written after all
            self._cancel(row)
        else:
            self._finish(row, source, looked)

    def go_on(self, row: StoredDelivery, source: Source | None, looked: Looked) -> None:
        """Settle a claim that was cut short: nothing was fetched, or it is whole in `processing`."""
        path = self._place_of(row)
        if path.exists() or path.is_symlink():
            if source is not None and path.is_file():
                source.fetch(_found(row), path)
            self._finish(row, source, looked)
        elif path.parent.is_dir() or row.reason == self._owner or row.claimed_at < self._clock() - _ABANDONED:
            self._cancel(row)

    def clean_up(self, looked: Looked) -> None:
        """Complete what was decided and cut short: everything in `processing` that is not claimed any more.

        What may still lie in its source is found there again, and taken away then.
        """
        for name in folders_in(self.folder):
            folder = self.folder / name
            rows = self._deliveries.find(_table.c.delivery_id == int(name)) if name.isdecimal() else []
            if not rows:
                self._set_aside_stray(folder, looked)
            elif rows[0].status == "refused":
                self.refusing.complete(rows[0], self._place_of(rows[0]))
                shutil.rmtree(folder)
            elif rows[0].status != "claimed":
                shutil.rmtree(folder)

    def record(self, found: Found) -> StoredDelivery:
        """Put a file on record as claimed by this service."""
        row = record(self._deliveries, found, self._clock(), self._owner)
        stray = self._place_of(row).parent
        if stray.exists():  # left by a state that was put back to an older copy
            self._set_aside_stray(stray, Looked())
        return row

    def _finish(self, row: StoredDelivery, source: Source | None, looked: Looked) -> None:
        """From `processing` to the archive, or to `failed`."""
        path = self._place_of(row)
        is_snapshot = source is not None and source.is_snapshot
        if not self._is_as_found(row, path) and not is_snapshot:  # which has its size only now, and nobody writes on
            return
        try:
            sha256, kind = self._identify(row, path, source)
        except DataError as error:
            if is_snapshot:
                self._refuse_snapshot(row, error, looked)
                return
            row = self.refusing.set_aside(row, str(error), path)
            looked.note_refused(row, error.reason)
            self._clear(row, source)
            return
        kept = self.archive.keep_input(path, row.name)
        if kept.sha256 != sha256:
            raise ChangedError(f"{row.name}: changed while it was read.")
        self._on_step("kept")
        row, placing = put_in_place(self._deliveries, row, kept, kind, settings=self._settings, at=self._clock())
        self._on_step("placed")
        looked.note(row)
        for old in placing.supersedes:
            looked.note_superseded(self._deliveries.get(old.delivery_id))
        self._clear(row, source)

    def _identify(self, row: StoredDelivery, path: Path, source: Source | None) -> tuple[str, str]:
        """Content and kind.

        Raises:
            DataError: It can't be used.
        """
        if path.is_symlink() or not path.is_file():
            raise DataError("no_file", f"{row.name} is not a file any more. Put the file itself there.")
        try:
            sha256 = digest_of(path)
        except PermissionError as error:
            raise DataError(
                "unreadable_file", f"{row.name}: Goldpan's account may not read it. Give it the right to."
            ) from error
        same = self._deliveries.find(
            _table.c.source == row.source, _table.c.sha256 == sha256, _table.c.status.in_(ARRIVED)
        )
        patterns = source.settings if source else SourceSettings(name="unknown", folder=".")
        return sha256, same[-1].kind if same else recognise(path, patterns, self._settings)

    def _is_as_found(self, row: StoredDelivery, path: Path) -> bool:
        """Whether nobody wrote on while it was moved; else it is looked at again."""
        status = path.lstat()
        modified_at = in_microseconds(status.st_mtime_ns)
        if (status.st_size, modified_at) == (row.size_bytes, row.modified_at):
            return True
        self._deliveries.mark(row.delivery_id, size_bytes=status.st_size, modified_at=modified_at)
        return False

    def _clear(self, row: StoredDelivery, source: Source | None) -> None:
        """The content is safe: take it out of `processing`, and out of its source."""
        shutil.rmtree(self._place_of(row).parent)
        self._on_step("cleared")
        if source is not None and source.takes_away:
            source.remove(_found(row))
            self._on_step("removed")

    def _refuse_snapshot(self, row: StoredDelivery, error: DataError, looked: Looked) -> None:
        """Said once, and nothing is kept: a kill between the two leaves a claim that came to nothing."""
        shutil.rmtree(self._place_of(row).parent)
        refused = refuse(self._deliveries, row, error, self._clock())
        if refused is not None:
            looked.note_refused(refused, error.reason)

    def _cancel(self, row: StoredDelivery) -> None:
        """Nothing was taken: the file, if it is still there, will be found again."""
        shutil.rmtree(self._place_of(row).parent, ignore_errors=True)
        self._deliveries.drop(row.delivery_id)

    def _set_aside_stray(self, folder: Path, looked: Looked) -> None:
        """Nothing is on record of what lies here: the state was put back to an older copy."""
        reason = "Goldpan was taking this file in and knows nothing of it any more. Put it into its source again."
        for path in [each for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")]:
            at = self._clock()
            row = self._deliveries.add(
                source="", key=str(path), fingerprint="", name=path.name, size_bytes=path.stat().st_size,
                modified_at=at, at=at, reason=self._owner,
            )  # fmt: skip
            looked.note_refused(self.refusing.set_aside(row, reason, path), "unknown_claim")
        shutil.rmtree(folder)

    def _place_of(self, row: StoredDelivery) -> Path:
        return self.folder / str(row.delivery_id) / row.name


def _found(row: StoredDelivery) -> Found:
    return Found(row.source, row.key, row.name, row.size_bytes, row.modified_at, row.fingerprint)
