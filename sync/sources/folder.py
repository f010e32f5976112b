"""A folder where exports arrive: on this machine, or a share that it has mounted."""

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from goldpan.errors import DataError, TransientError
from sync.archive.files import sync, write_whole
from sync.archive.inputs import digest_of
from sync.readers.limits import ReadLimits
from sync.readers.opening import check_file
from sync.settings import AppSettings
from sync.source_settings import SourceSettings
from sync.sources.found import ChangedError, Found, Listing, Refusal, in_microseconds
from sync.sources.limits import read_limits
from sync.sources.names import is_export, lock_names, printable, problem_of

_READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class FolderSource:
    """A folder as a source.

    Args:
        settings: Its name, patterns, and whether files are taken away.
        folder: Where it is.
        limits: Larger files are refused.
    """

    is_exact = False  # somebody may copy another file there with the same size and time
    is_snapshot = False
    settles = True

    def __init__(self, settings: SourceSettings, folder: Path, limits: ReadLimits) -> None:
        self.settings, self.folder, self._limits = settings, folder, limits
        self._is_read_only = False

    @classmethod
    def open(cls, source: SourceSettings, settings: AppSettings) -> "FolderSource":
        """As the config describes it."""
        return cls(source, settings.home / source.folder, read_limits(settings))

    @property
    def takes_away(self) -> bool:
        """Whether files are moved out of the folder."""
        return self.settings.is_removed and not self._is_read_only and os.access(self.folder, os.W_OK | os.X_OK)

    def list_files(self) -> Listing:
        """Everything in it, not what is in folders below."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError as error:
            raise TransientError(
                f"{self.folder}: can't be listed ({error.strerror}). Make or mount the folder of source "
                f"{self.settings.name}, or correct it in goldpan.toml."
            ) from error
        there = frozenset(names)
        files, refused, in_use, problems = [], [], [], []
        for name in filter(is_export, names):
            try:
                each = self._examine(name)
            except FileNotFoundError:
                continue  # gone meanwhile
            except OSError as error:
                problems.append(f"{self.folder}: {printable(name)} can't be looked at ({error.strerror}).")
                continue
            if isinstance(each, Refusal):
                refused.append(each)
            elif there.isdisjoint(lock_names(name)):
                files.append(each)
            else:
                in_use.append(each)
        return Listing(tuple(files), tuple(refused), tuple(in_use), tuple(problems))

    def fetch(self, found: Found, target: Path) -> bool:
        """Rename the file, or copy it; what a kill left half done is completed."""
        original = self.folder / found.key
        if not target.exists():
            if self.takes_away and not original.is_symlink() and self._rename(original, target):
                return True
            self._copy(original, found, target)
        return self.takes_away and self._unlink(original, found, target)

    def remove(self, found: Found) -> None:
        """Nothing: what is taken away went when it was fetched."""

    def _examine(self, name: str) -> Found | Refusal:
        path = self.folder / name
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            try:
                resolved = path.resolve(strict=True)
            except (FileNotFoundError, RuntimeError):  # RuntimeError: a link to itself
                return self._refusal(name, "broken_link", "it is a link to nothing. Put the file itself there.")
            if not resolved.is_relative_to(self.folder.resolve()):
                return self._refusal(
                    name, "link_out_of_folder", "it is a link that leaves the folder. Put the file itself there."
                )
            status = resolved.stat()
        if problem := problem_of(name):
            return self._refusal(name, "bad_name", problem)
        try:
            check_file(path, self._limits)
        except DataError as error:
            if error.reason != "empty_export":  # an empty one may still be written
                return self._refusal(name, error.reason, str(error), size_bytes=status.st_size)
        if not os.access(path, os.R_OK):
            return self._refusal(name, "unreadable_file", "Goldpan's account may not read it. Give it the right to.")
        return Found(
            self.settings.name, name, name, status.st_size, in_microseconds(status.st_mtime_ns), _fingerprint(status)
        )

    def _refusal(self, name: str, code: str, why: str, size_bytes: int = 0) -> Refusal:
        shown = printable(name)
        modified_at = in_microseconds((self.folder / name).lstat().st_mtime_ns)
        found = Found(self.settings.name, shown, shown, size_bytes, modified_at, f"refused {code}")
        return Refusal(found, code, f"{shown} in {self.folder} is not taken: {why}")

    def _rename(self, original: Path, target: Path) -> bool:
        try:
            original.rename(target)
        except FileNotFoundError as error:
            raise ChangedError(f"{original.name}: gone from {self.folder} before it was taken.") from error
        except OSError as error:
            if error.errno not in _READ_ONLY | {errno.EXDEV}:
                raise
            return False
        sync(target.parent)
        _sync_if_possible(self.folder)
        return True

    def _copy(self, original: Path, found: Found, target: Path) -> None:
        def write(temporary: Path) -> None:
            # No link is followed at the last moment, and a pipe put in the file's place doesn't block.
            handle = os.open(original.resolve(strict=True), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file, temporary.open("wb") as copy:
                _check_same(os.fstat(handle), found)
                shutil.copyfileobj(file, copy, 1 << 20)
                status = os.fstat(handle)
                _check_same(status, found)
            os.utime(temporary, ns=(status.st_mtime_ns, status.st_mtime_ns))

        try:
            if not original.resolve(strict=True).is_relative_to(self.folder.resolve()):
                raise ChangedError(f"{found.name}: a link by now that leaves {self.folder}.")
            write_whole(target, write)
        except FileNotFoundError as error:
            raise ChangedError(f"{found.name}: gone from {self.folder} before it was taken.") from error

    def _unlink(self, original: Path, found: Found, target: Path) -> bool:
        """Take away what was copied, unless there is another file by now."""
        try:
            if _fingerprint(original.stat()) != found.fingerprint or digest_of(original) != digest_of(target):
                return True
            original.unlink()
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise
            self._is_read_only = True
            return False
        _sync_if_possible(self.folder)
        return True


def _fingerprint(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns}"


def _check_same(status: os.stat_result, found: Found) -> None:
    if not stat.S_ISREG(status.st_mode) or _fingerprint(status) != found.fingerprint:
        raise ChangedError(f"{found.name}: changed while it was taken.")


def _sync_if_possible(folder: Path) -> None:
    """Some shares can't; if the name comes back after a power cut, the file is a duplicate."""
    with suppress(OSError):
        sync(folder)
