"""What of a person is still to be found in a home."""

import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq

WORDS = ("ada@example.org", "lovelace", "4102511")
"""What is left of Ada if anything is."""


def traces(home: Path, words: tuple[str, ...] = WORDS, *, besides: tuple[str, ...] = ("inbox", "config")) -> list[str]:
    """The files in a home that still hold one of these words, however they are packed."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.relative_to(home).parts[0] in besides:
            continue
        if any(word.encode() in content for word in words for content in contents(path)):
            found.append(str(path.relative_to(home)))
    return found


def contents(path: Path) -> list[bytes]:
    if path.suffix == ".parquet":
        return [json.dumps(pq.read_table(path).to_pylist(), default=str).lower().encode()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name).lower() for name in archive.namelist()]
    return [path.read_bytes().lower()]
