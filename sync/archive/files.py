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
        target: Replaced if it exists; its folder must be there.
        write: Writes the file at the path it is given.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix)  # 0600
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o600)
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
