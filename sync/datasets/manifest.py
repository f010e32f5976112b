"""Which files a dataset is made of: a small file that stands for it, in the archive and on its way there."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from os.path import commonpath
from pathlib import Path

from goldpan.errors import DataError
from sync.archive.files import write_text

SUFFIX = ".dataset.json"
_KEY = "goldpan_dataset"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """One file of a dataset.

    Attributes:
        path: Where it lies: a path on this machine, or a URL that Spark reads.
        size_bytes: How large it was when it was listed.
        modified_ns: When it was changed last, in nanoseconds since 1970; with the size it tells whether it changed.
    """

    path: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Dataset:
    """The files of a dataset as they were listed.

    Attributes:
        place: As the config has it: a file, a folder or a pattern.
        files: In the order of their paths, which is the order of the rows.
    """

    place: str
    files: tuple[DatasetFile, ...]

    @property
    def is_remote(self) -> bool:
        """Whether only Spark reaches it."""
        return is_remote(self.place)

    @property
    def size_bytes(self) -> int:
        """All its files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def modified_ns(self) -> int:
        """When the newest file was changed."""
        return max(file.modified_ns for file in self.files)

    def label(self, file: DatasetFile) -> str:
        """What a file is called in reports: its path below what all of them share."""
        return file.path.removeprefix(self._shared).rpartition("://")[2]

    @cached_property
    def _shared(self) -> str:
        folders = [file.path.rpartition("/")[0] for file in self.files]
        return f"{commonpath(folders)}/" if len(folders) > 1 else f"{folders[0]}/"

    def as_text(self) -> str:
        """The manifest; the same files give the same text."""
        return json.dumps(
            {_KEY: _VERSION, "place": self.place, "files": [asdict(file) for file in self.files]}, indent=0
        )

    def write(self, path: Path) -> None:
        """Write the manifest, whole or not at all."""
        write_text(path, self.as_text())


def is_remote(place: str) -> bool:
    """Whether a place is a URL, such as ``s3a://bucket/orders``."""
    return "://" in place


def is_manifest(path: Path) -> bool:
    """Whether a file stands for a dataset."""
    return path.name.endswith(SUFFIX)


def read_manifest(path: Path) -> Dataset:
    """What was written.

    Raises:
        DataError: It is damaged, or of a newer Goldpan.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content[_KEY] != _VERSION:
            raise DataError(
                "wrong_format", f"{path.name}: this list of files was written by a newer Goldpan. Use that one."
            )
        return Dataset(content["place"], tuple(DatasetFile(**file) for file in content["files"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "corrupt_file", f"{path.name}: the list of the dataset's files is damaged. Deliver the dataset again."
        ) from error
