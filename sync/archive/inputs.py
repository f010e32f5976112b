"""The exports that runs used, kept once per content: `inputs/<sha256>/<name>`."""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from goldpan.errors import DataError
from sync.archive.files import make_folder, sync, write_json
from sync.archive.names import INPUTS, NOTE, REMOVED, SHA256


@dataclass(frozen=True, slots=True)
class Kept:
    """An export in the store.

    Attributes:
        sha256: The digest of the content as it was delivered: the export's identity.
        path: Where it is; the name is that of its first delivery.
    """

    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Why a kept export is no longer what was delivered: people were taken out of it.

    Attributes:
        sha256: The digest of what is there now; "" where the file could not be rewritten and is gone.
        times: How often somebody was taken out.
        reason: Why it is gone; "" where it is there.
    """

    sha256: str
    times: int
    reason: str = ""


class InputStore:
    """The store on this machine."""

    def __init__(self, root: Path) -> None:
        self.folder = root / INPUTS

    def keep(self, source: Path, name: str) -> Kept:
        """Copy an export into the store, once per content.

        What was taken out of a kept export stays out, also when the same bytes come again.

        Raises:
            DataError: It can't be read, or the store can't be written.
        """
        temporary = None
        try:
            make_folder(self.folder)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".incoming.")  # 0600
            with os.fdopen(handle, "wb") as copy, source.open("rb") as file:
                shutil.copyfileobj(file, copy, 1 << 20)
            sha256 = digest_of(Path(temporary))
            kept = self.find(sha256)
            return Kept(sha256, kept or self.put(Path(temporary), sha256, name))
        except OSError as error:
            raise DataError(
                "unreadable_file",
                f"{name}: can't be copied into the archive {self.folder.parent}: {error.strerror or error}.",
            ) from error
        finally:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)

    def put(self, file: Path, sha256: str, name: str) -> Path:
        """Move a whole file of the same disk into its place."""
        target = self.folder / sha256 / _safe_name(name)
        make_folder(target.parent)
        sync(file)
        file.replace(target)
        sync(target.parent)
        return target

    def find(self, sha256: str) -> Path | None:
        """Where an export is; ``None`` if it is not here."""
        return next(iter(self.files(sha256)), None)

    def files(self, sha256: str) -> list[Path]:
        """Every copy of an export: older versions of Goldpan kept one for each name."""
        if not SHA256.fullmatch(sha256):
            return []
        try:
            entries = sorted(os.scandir(self.folder / sha256), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [
            Path(entry.path)
            for entry in entries
            if entry.is_file(follow_symlinks=False) and entry.name != NOTE and not entry.name.startswith(".")
        ]

    def digests(self) -> set[str]:
        """Every export that has a place here."""
        return {name for name in folders_in(self.folder) if SHA256.fullmatch(name)}

    def forgotten(self, sha256: str) -> Forgotten | None:
        """Whether people were taken out of an export."""
        path = self.folder / sha256 / NOTE
        if not path.is_file():
            return None
        noted = json.loads(path.read_text(encoding="utf-8"))
        return Forgotten(noted["sha256"], noted["times"], noted.get("reason", ""))

    def note(self, sha256: str, forgotten: Forgotten) -> None:
        """Put on record that people were taken out; before the file is replaced, so that no kill leaves a riddle."""
        make_folder(self.folder / sha256)
        about = "People were taken out of this export (goldpan forget), so its digest is not the name of its folder."
        write_json(
            self.folder / sha256 / NOTE,
            {
                "about": about,
                "sha256": forgotten.sha256,
                "times": forgotten.times,
                "reason": forgotten.reason,
            },
        )

    def remove(self, sha256: str) -> None:
        """Remove an export and its note."""
        remove_folder(self.folder / sha256)


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted; links are none, and a folder that is not there has none."""
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def remove_folder(folder: Path) -> None:
    """Remove a folder so that it is there whole or not at all, whenever that is cut short; links are not followed."""
    if folder.is_symlink() or not folder.is_dir():
        return
    doomed = folder.with_name(f"{REMOVED}{folder.name}")
    if doomed.is_dir():  # what an earlier attempt left
        shutil.rmtree(doomed)
    folder.replace(doomed)
    sync(folder.parent)
    shutil.rmtree(doomed)


def _safe_name(name: str) -> str:
    """A name that stays inside its folder and is none of Goldpan's own."""
    last = Path(name).name
    return f"export-{last}" if last.startswith(".") or last in {NOTE, ""} else last
