"""What a kill or a power cut left in the archive: temporary files and folders, and folders without anything."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from sync.archive.inputs import folders_in
from sync.archive.names import INPUTS, REMOVED, RUN_ID, SHA256


def remove_leftovers(root: Path, before: date) -> None:
    """Remove what is only left over below a folder of runs; links are not followed, other files not touched.

    Args:
        root: The archive, or the folder of dry runs.
        before: Temporary files as old as this are nobody's work any more.
    """
    places = [path for path in _folders(root, depth=3) if path != root / INPUTS]
    for place in (root, root / INPUTS, *places):
        for path in _temporary(place, before):
            if path.is_symlink() or path.is_file():
                path.unlink()
            else:
                shutil.rmtree(path)
    for place in sorted(places, key=lambda path: -len(path.parts)):
        if place.name.isdigit():
            with suppress(OSError):
                place.rmdir()  # only if nothing is in it


def _folders(root: Path, depth: int) -> Iterator[Path]:
    """Years, months, days."""
    for name in folders_in(root):
        if name.isdigit():
            yield root / name
            if depth > 1:
                yield from _folders(root / name, depth - 1)


def _temporary(folder: Path, before: date) -> Iterator[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in folder.iterdir():
        is_old = datetime.fromtimestamp(path.lstat().st_mtime, UTC).date() < before
        if path.name.startswith(REMOVED) or (is_old and path.name.startswith(".") and _is_ours(path.name)):
            yield path


def _is_ours(name: str) -> bool:
    """`.<run id>.xyz`: a run's folder that was being written; `.incoming.xyz`: an export that was being copied."""
    what = name.split(".")[1]
    return what == "incoming" or bool(RUN_ID.fullmatch(what) or SHA256.fullmatch(what))
