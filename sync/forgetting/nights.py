"""A person in the folders that runs left."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goldpan.config import Config
from goldpan.errors import DataError
from goldpan.person import Person, whole_addresses
from goldpan.person_tables import PersonInReport
from sync.archive.edits import (
    Write,
    addresses_spoken_for,
    edit_json,
    edit_parquet,
    edit_report_csv,
    edit_report_workbook,
)
from sync.archive.files import write_whole
from sync.archive.names import CONTACTS, UPLOADED
from sync.archive.raw_search import holds, may_hold, pattern_of
from sync.archive.store import read_record
from sync.archive.workbook_rows import UnusualWorkbookError
from sync.forgetting.exports import rows_of_run
from sync.forgetting.reading import Reader


class NightSearch:
    """Finds a person in the folders of runs, and takes them out.

    Args:
        person: Who.
        config: Which headers of exports hold addresses and ids.
        rows: Their rows in the kept exports, by sha256.
        reader: Reads workbooks.
    """

    def __init__(self, person: Person, config: Config, rows: Mapping[str, set[int]], reader: Reader) -> None:
        self._person, self._config, self._rows, self._reader = person, config, rows, reader
        self._addresses = re.compile(whole_addresses(person.addresses).pattern.encode(), re.IGNORECASE)
        self._anything = pattern_of([*person.addresses, *person.customer_keys])

    def find(self, folder: Path) -> list[str]:
        """The names of the files that hold the person."""
        sought = self._sought(folder)
        return [
            path.name
            for path in _files(folder)
            # A workbook that names an address need not be read to know that.
            if (path.suffix == ".xlsx" and holds(path, self._addresses)) or self._edit(path, sought) is not None
        ]

    def take_out(self, folder: Path, names: list[str]) -> dict[str, str]:
        """Rewrite files without the person; one that can't be rewritten is removed.

        Returns:
            Why, by the name of the file, where one had to be removed.
        """
        (folder / UPLOADED).unlink(missing_ok=True)  # before anything changes: S3 must hold the same in the end
        sought, removed = self._sought(folder), {}
        for path in _files(folder):
            write = self._edit(path, sought) if path.name in names else None
            if write is not None:
                try:
                    write_whole(path, write)
                except (UnusualWorkbookError, DataError) as error:
                    path.unlink()
                    removed[path.name] = str(error)
        return removed

    def _sought(self, folder: Path) -> PersonInReport:
        used: list[Any] = read_record(folder).get("inputs", [])
        kept = folder / CONTACTS
        spoken_for = addresses_spoken_for(kept, self._person) if kept.is_file() else set()
        return PersonInReport(self._person, self._config, *rows_of_run(used, self._rows), spoken_for)

    def _edit(self, path: Path, sought: PersonInReport) -> Write | None:
        if path.name == CONTACTS:
            return edit_parquet(path, self._person)
        if path.suffix == ".csv":
            return edit_report_csv(path, sought)
        if path.suffix == ".json":
            return edit_json(path, sought)
        has_rows = any(sought.rows_by_file.values())
        if path.suffix != ".xlsx" or not (has_rows or may_hold(path, self._anything)):
            return None
        try:
            return edit_report_workbook(path, sought, self._reader.sheets)
        except (DataError, zipfile.BadZipFile) as error:
            return _refuse(str(error))


def _files(folder: Path) -> list[Path]:
    """The contacts last: also when it was cut short, they tell which contacts were described by a person's rows."""
    files = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    return sorted(
        (path for path in files if not path.name.startswith(".")), key=lambda path: (path.name == CONTACTS, path.name)
    )


def _refuse(why: str) -> Write:
    def write(_target: Path) -> None:
        raise UnusualWorkbookError(why)

    return write
