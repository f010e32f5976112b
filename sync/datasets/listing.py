"""Finds the files of a dataset on this machine."""

import os
import re
from collections.abc import Iterator
from glob import glob, has_magic
from pathlib import Path

from goldpan.errors import TransientError
from sync.datasets.manifest import Dataset, DatasetFile

_HIDDEN = re.compile(r"[._]")
"""How the names of files and folders begin that writers of datasets keep for themselves (``_SUCCESS``)."""


def list_dataset(place: str, home: Path) -> Dataset | None:
    """Every file that a place means now; ``None`` if there is none.

    Args:
        place: A file; a folder, whose files count with those of all folders below; or a pattern of either, in which
            ``**`` is any number of folders. Below it, names that begin with ``_`` or ``.`` do not count, nor do files
            without a byte: writers of datasets leave both.
        home: Where relative places start.

    Raises:
        TransientError: It can't be listed now.
    """
    whole = str(home / place)
    try:
        roots = glob(whole, recursive=True) if has_magic(whole) else [whole]  # noqa: PTH207 - it may be absolute
        paths = sorted({path for root in roots for path in _files_of(Path(root))})
        files = tuple(file for path in paths if (file := _file(path)).size_bytes)
    except OSError as error:
        raise TransientError(f"{place}: the dataset can't be listed ({error.strerror or error}).") from error
    return Dataset(place, files) if files else None


def _files_of(root: Path) -> Iterator[str]:
    if root.is_file():
        yield str(root)
    for folder, folders, names in os.walk(root, onerror=_raise):
        folders[:] = [name for name in folders if not _HIDDEN.match(name)]
        yield from (os.path.join(folder, name) for name in names if not _HIDDEN.match(name))  # noqa: PTH118 - many


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _file(path: str) -> DatasetFile:
    status = os.stat(path)  # noqa: PTH116 - many
    return DatasetFile(path, status.st_size, status.st_mtime_ns)
