"""Files that can't be used are set aside: into `failed/`, each with a text that says why and what to do."""

import errno
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sync.archive.files import make_folder, sync, write_text, write_whole
from sync.archive.inputs import digest_of
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.deliveries import Deliveries, StoredDelivery

_TEXT = """{name} was set aside on {at:%Y-%m-%d} at {at:%H:%M} ({source}).

Why:
{reason}

What to do:
Correct the export, or have it made again, and put it into its source, under any name. Nobody looks into this
folder but you: once the file is replaced, it may be deleted.
"""


class Refusing:
    """The folder `failed`.

    It is decided first, on record with the file's new place; a kill after that is made good by :meth:`complete`.
    """

    def __init__(
        self,
        settings: AppSettings,
        deliveries: Deliveries,
        clock: Callable[[], datetime],
        on_step: Callable[[str], None],
    ) -> None:
        self.folder = settings.home / "failed"
        self._zone, self._deliveries, self._clock, self._on_step = settings.zone, deliveries, clock, on_step

    def set_aside(self, row: StoredDelivery, reason: str, content: Path, *, is_moved: bool = True) -> StoredDelivery:
        """Refuse a file.

        Args:
            row: What is on record of it.
            reason: Why, and what to do.
            content: Where it is now.
            is_moved: Take it from there; else another row still needs it.
        """
        at = self._clock()
        row = self._deliveries.mark(
            row.delivery_id, status="refused", reason=reason, path=str(self._free_place(row, at)), finished_at=at
        )
        self._on_step("refused")
        self.complete(row, content, is_moved=is_moved)
        return row

    def complete(self, row: StoredDelivery, content: Path, *, is_moved: bool = True) -> None:
        """Do what is left to do after the decision."""
        target = Path(row.path)
        make_folder(target.parent)
        explanation = target.with_name(f"{target.name}.txt")
        if not explanation.exists():
            source = f"source {row.source}" if row.source else "found in processing"
            at = (row.finished_at or row.claimed_at).astimezone(self._zone)
            write_text(explanation, _TEXT.format(name=row.name, at=at, source=source, reason=row.reason))
            self._on_step("explained")
        if content.exists() or content.is_symlink():
            _move(content, target, is_moved=is_moved)
            self._on_step("set aside")

    def remove_unfinished(self) -> None:
        """Texts that were being written when the service was killed; they are written again."""
        for path in self.folder.glob(".20??-??-??_*"):
            path.unlink()

    def _free_place(self, row: StoredDelivery, at: datetime) -> Path:
        dated = f"{at.astimezone(self._zone):%Y-%m-%d}_{row.name}"
        path = self.folder / dated
        taken = self._deliveries.find(t.deliveries.c.path == str(path))
        if taken or path.exists() or path.with_name(f"{dated}.txt").exists():
            path = self.folder / f"{path.stem}-{row.delivery_id}{path.suffix}"
        return path


def _move(content: Path, target: Path, *, is_moved: bool) -> None:
    """Also to another disk; a kill in between leaves both, and the next attempt one."""
    if is_moved and not target.exists() and content.lstat().st_dev == target.parent.stat().st_dev:
        content.rename(target)
        if not target.is_symlink():
            with suppress(PermissionError):  # it may be somebody else's
                target.chmod(0o600)
        sync(target.parent)
        return
    if not target.exists():
        write_whole(target, lambda temporary: _copy(content, temporary))
    elif digest_of(content) != digest_of(target):
        raise FileExistsError(errno.EEXIST, "another file has this name", str(target))
    if is_moved:
        content.unlink()


def _copy(content: Path, target: Path) -> None:
    shutil.copyfile(content, target)
