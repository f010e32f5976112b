"""Files that are there whole or not at all, and private."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder that appears under its name only when everything in it is written and synced, whatever its depth.

    Yields:
        A temporary folder beside the target, private to the user; it is removed when the block fails.
    """
    make_folder(target.parent)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent, ignore_cleanup_errors=True) as name:
        folder = Path(name) / target.name
        folder.mkdir(mode=0o700)
        yield folder
        _sync_tree(folder)
        folder.replace(target)
    sync(target.parent)


def write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place, sync it, and rename it into place.

    Args:
        target: Replaced if it exists; its folder must be there.
        write: Writes the file at the path it is given.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix)  # 0600
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o600)
        sync(temporary)
        temporary.replace(target)
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a text in UTF-8, whole or not at all; what UTF-8 can't hold becomes a question mark."""
    write_whole(target, lambda path: _write_text(path, text))


def write_json(target: Path, value: Any, *, indent: int | None = None) -> None:  # noqa: ANN401 - whatever JSON holds
    """Write a value as JSON, whole or not at all."""
    write_text(target, json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, private to the user, so that they outlive a power cut."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        sync(each.parent)


def sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_tree(folder: Path) -> None:
    for place, _, files in os.walk(folder, topdown=False):  # links to folders are not followed
        for name in files:
            path = Path(place, name)
            if not path.is_symlink():
                sync(path)
        sync(Path(place))
