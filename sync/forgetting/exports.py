"""A person's rows in the kept exports."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from goldpan.errors import DataError
from goldpan.person import Person
from sync.archive.edits import RowsBySheet, Write, edit_parquet_export, edit_text, edit_workbook
from sync.archive.files import sync
from sync.archive.inputs import Forgotten, digest_of
from sync.archive.raw_search import holds, may_hold, pattern_of
from sync.archive.store import Archive
from sync.archive.workbook_rows import UnusualWorkbookError
from sync.datasets.manifest import is_manifest
from sync.forgetting.reading import Reader
from sync.readers.kinds import HEAD_BYTES, Kind, tell_kind
from sync.readers.opening import read_head


@dataclass(frozen=True)
class HeldExport:
    """A kept export that holds a person.

    Attributes:
        rows: Theirs, by sheet.
        why_not: Why it can't be rewritten, as far as that can be told before; "" where it can.
    """

    sha256: str
    path: Path
    rows: RowsBySheet
    why_not: str = ""

    @property
    def row_count(self) -> int:
        """How many rows are theirs."""
        return sum(map(len, self.rows.values()))


class ExportSearch:
    """Finds a person in kept exports, and takes them out."""

    def __init__(self, archive: Archive, person: Person, reader: Reader) -> None:
        self._archive, self._person, self._reader = archive, person, reader
        self.unreadable: list[Path] = []

    def find(self, sha256: str) -> Iterator[HeldExport]:
        """The copies of an export that hold the person; they must be on this machine.

        What nobody can read is noted in ``unreadable``, unless it clearly holds an address of theirs.
        """
        for path in self._archive.inputs.files(sha256):
            if is_manifest(path):  # the rows are not here: whoever owns the dataset takes people out of it
                continue
            if not self._reader.is_by_name and not may_hold(path, self._anything):
                continue
            try:
                rows = self._reader.rows(path, self._person)
                if self._edit(path, rows) is not None:
                    yield HeldExport(sha256, path, rows)
            except DataError as error:
                found = holds(path, pattern_of(self._person.addresses))
                if found:
                    yield HeldExport(sha256, path, {}, f"it can't be read ({error.reason})")
                elif found is None:
                    self.unreadable.append(path)
            except UnusualWorkbookError as error:
                yield HeldExport(sha256, path, rows, str(error))

    def take_out(self, held: HeldExport) -> str:
        """Rewrite an export without the person, or remove it; its age stays.

        Returns:
            Why it had to be removed; "" if it was rewritten.
        """
        store, before = self._archive.inputs, held.path.stat()
        noted = store.forgotten(held.sha256)
        times = noted.times + 1 if noted else 1
        handle, name = tempfile.mkstemp(dir=store.folder, prefix=".incoming.", suffix=held.path.suffix)  # 0600
        os.close(handle)
        temporary = Path(name)
        try:
            why_not = held.why_not or self._written(held, temporary)
            if why_not:
                store.note(held.sha256, Forgotten("", times, why_not))
                held.path.unlink()
            else:
                os.utime(temporary, (before.st_mtime, before.st_mtime))
                sync(temporary)
                store.note(held.sha256, Forgotten(digest_of(temporary), times))
                temporary.replace(held.path)
            sync(held.path.parent)
        finally:
            temporary.unlink(missing_ok=True)
        self._archive.save_input(held.sha256)
        return why_not

    def _written(self, held: HeldExport, target: Path) -> str:
        try:
            write = self._edit(held.path, held.rows)
            if write is not None:
                write(target)
        except (UnusualWorkbookError, DataError) as error:
            return str(error)
        return ""

    def _edit(self, path: Path, rows: RowsBySheet) -> Write | None:
        kind = tell_kind(read_head(path, HEAD_BYTES), path)
        if kind is Kind.ZIP:
            return edit_workbook(path, rows, self._person, self._reader.sheets)
        if kind is Kind.TEXT:
            return edit_text(path, rows.get("", frozenset()), self._person, self._reader.sheets)
        if kind is Kind.PARQUET:
            return edit_parquet_export(path, rows.get("", frozenset()), self._person, self._reader.sheets)
        if rows:
            raise UnusualWorkbookError("an .xls file can't be rewritten")
        return None

    @cached_property
    def _anything(self) -> re.Pattern[bytes]:
        return pattern_of([*self._person.addresses, *self._person.customer_keys])


def rows_of_run(
    used: list[Mapping[str, str]], rows: Mapping[str, set[int]]
) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """A person's rows in the exports of a run, as its report names them.

    Args:
        used: The exports, as the run's record lists them.
        rows: Their rows, by sha256.

    Returns:
        By file, under every name that a file may have there (two of one name are told apart by their source or turn);
        and by kind, where there is one file of it.
    """
    by_file: dict[str, set[int]] = {}
    by_kind: dict[str, set[int]] = {}
    for kind in {each["kind"] for each in used}:
        alike = [each for each in used if each["kind"] == kind]
        if len(alike) == 1:
            by_kind[kind] = rows.get(alike[0]["sha256"], set())
        for turn, each in enumerate(alike, 1):
            theirs = rows.get(each["sha256"], set())
            by_file[f"{each['name']} ({each.get('source', '')})"] = by_file[f"{each['name']} ({turn})"] = theirs
            if [other["name"] for other in used].count(each["name"]) == 1:
                by_file[each["name"]] = theirs
    return by_file, by_kind
