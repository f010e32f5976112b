"""Files that are there whole or not at all, and private."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder that appears under its name only when everything in it is written and synced.

    Yields:
        A temporary folder beside the target, private to the user; it is removed when the block fails.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent, ignore_cleanup_errors=True) as name:
        folder = Path(name) / target.name
        folder.mkdir(mode=0o700)
        yield folder
        for path in folder.iterdir():
            _sync(path)
        _sync(folder)
        folder.replace(target)
    _sync(target.parent)


def write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place, sync it, and rename it into place.

    Args:
        target: Replaced if it exists.
        write: Writes the file at the path it is given.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.touch(mode=0o600)  # private from its first byte
        write(temporary)
        _sync(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
