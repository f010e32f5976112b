"""Takes a person out of a file of any kind that the archive holds."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from html import escape
from io import StringIO
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goldpan.model import Cell, Sheet
from goldpan.person import LISTED_IDS, PLACEHOLDER, Person, whole_addresses
from goldpan.person_tables import PersonInReport, without_person
from sync.archive.files import write_text
from sync.archive.names import RECORD
from sync.archive.parquet import Origin, write_contacts
from sync.archive.raw_search import may_hold, pattern_of
from sync.archive.workbook_rows import UnusualWorkbookError, rewrite_workbook

_LISTED_IDS = re.compile(LISTED_IDS.pattern.encode())

Write: TypeAlias = Callable[[Path], None]
"""Writes the file anew, at the path it is given."""

RowsBySheet: TypeAlias = Mapping[str, AbstractSet[int]]
Read: TypeAlias = Callable[[Path], Sequence[Sheet]]
"""Reads all sheets of a file, within the configured limits."""


def edit_report_csv(path: Path, sought: PersonInReport) -> Write | None:
    """`hubspot.csv` or `rejects.csv` without the rows about a person; ``None`` if it has nothing of them."""
    old = path.read_text(encoding="utf-8")
    rows = list(csv.reader(StringIO(old, newline="")))
    theirs = sought.rows("", rows)
    kept = [row for number, row in enumerate(rows, 1) if number not in theirs]
    clean = [[sought.person.redact(cell) for cell in row] for row in kept]
    if not theirs and clean == rows:
        return None
    return lambda target: _write_csv(target, clean, csv.QUOTE_MINIMAL)


def edit_json(path: Path, sought: PersonInReport) -> Write | None:
    """`plan.json` or `run.json` without a person."""
    old = json.loads(path.read_text(encoding="utf-8"))
    new = without_person(old, sought)
    if new == old:
        return None
    indent = 2 if path.name == RECORD else None
    text = json.dumps(new, ensure_ascii=False, indent=indent) + "\n"
    return lambda target: write_text(target, text)


def edit_parquet(path: Path, person: Person) -> Write | None:
    """`contacts.parquet` without a person's contacts.

    A contact under another's address goes, too, if it was described by a row of theirs; else only their customer id
    goes. The metadata names such contacts: what is computed again differs there.
    """
    table = pq.read_table(path)
    rows = _contacts_of(table, person)
    keys = table.column("customer_keys").to_pylist()
    touched = {row for row, of_row in enumerate(keys) if not person.customer_keys.isdisjoint(of_row)}
    if not rows and not touched and _redacted(table, person) == table:
        return None
    emails, contact_keys = (table.column(name).to_pylist() for name in ("email", "contact_key"))
    others = {contact_keys[row] for row in touched - rows} | {emails[row] for row in rows} - person.addresses - {None}
    kept_keys = [[key for key in of_row if key not in person.customer_keys] for of_row in keys]
    field = table.schema.field("customer_keys")
    clean = table.set_column(table.schema.get_field_index(field.name), field, pa.array(kept_keys, field.type))
    clean = clean.take(pa.array([row for row in range(table.num_rows) if row not in rows], pa.int64()))
    origin = Origin.of_metadata(table.schema.metadata).without_somebody(others)
    return lambda target: write_contacts(target, _redacted(clean, person), origin)


def addresses_spoken_for(path: Path, person: Person) -> set[str]:
    """The addresses, also of others, whose contact a night described by a row of this person's."""
    table = pq.read_table(path, columns=["contact_key", "email", "customer_id"])
    emails = table.column("email").to_pylist()
    return {emails[row] for row in _contacts_of(table, person)} - {None}


def _contacts_of(table: pa.Table, person: Person) -> set[int]:
    whose = zip(*(table.column(name).to_pylist() for name in ("email", "customer_id")), strict=True)
    return {row for row, (email, id_) in enumerate(whose) if email in person.addresses or person.has_id(id_)}


def _redacted(table: pa.Table, person: Person) -> pa.Table:
    pattern = f"(?i)(?:{'|'.join(map(re.escape, sorted(person.addresses)))})"
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_string(field.type) and pc.any(pc.match_substring_regex(column, pattern)).as_py():
            texts = [text and person.redact(text) for text in column.to_pylist()]
            table = table.set_column(position, field, pa.array(texts, pa.string()))
    return table


def edit_report_workbook(path: Path, sought: PersonInReport, read: Read) -> Write | None:
    """One of Goldpan's own workbooks without the rows about a person."""
    rows = {sheet.name: sought.rows(sheet.name, sheet.rows) for sheet in read(path)}
    return edit_workbook(path, rows, sought.person, read)


def edit_workbook(path: Path, rows: RowsBySheet, person: Person, read: Read) -> Write | None:
    """A workbook with some rows blank, and without a person's addresses anywhere else.

    Args:
        path: The workbook.
        rows: By sheet, as Excel numbers them.
        person: Whose addresses go.
        read: How it is read; what is written is compared with it.
    """
    sheets = read(path)
    wanted = [_blanked(sheet.rows, rows.get(sheet.name, frozenset()), person) for sheet in sheets]
    addresses = {form for each in person.addresses for form in (each, escape(each))}
    pattern = re.compile(whole_addresses(addresses).pattern.encode(), re.IGNORECASE)
    is_unchanged = wanted == [list(map(list, sheet.rows)) for sheet in sheets]
    if is_unchanged and not any(rows.values()) and not may_hold(path, pattern):
        return None

    def redact(data: bytes) -> bytes:
        data = pattern.sub(PLACEHOLDER.encode(), data)
        return _LISTED_IDS.sub(lambda found: person.redact(found[0].decode()).encode(), data)

    def write(target: Path) -> None:
        gone = _only_in(sheets, rows)
        rewrite_workbook(path, target, rows, redact, pattern_of(gone) if gone else None)
        found = [_trimmed(sheet.rows) for sheet in read(target)]
        if found != [_trimmed(each) for each in wanted]:
            raise UnusualWorkbookError("its rows are not written in a way that is known")

    return write


def edit_text(path: Path, rows: AbstractSet[int], person: Person, read: Read) -> Write | None:
    """A text export with some rows blank and everything in quotes: the cells of all other rows stay as they are."""
    (sheet,) = read(path)
    wanted = _blanked(sheet.rows, rows, person)
    if _trimmed(wanted) == _trimmed(sheet.rows):
        return None

    def write(target: Path) -> None:
        _write_csv(target, wanted, csv.QUOTE_ALL)
        (found,) = read(target)
        if _trimmed(found.rows) != _trimmed(wanted):
            raise UnusualWorkbookError("its cells can't be told apart when they are written anew")

    return write


def edit_parquet_export(path: Path, rows: AbstractSet[int], person: Person, read: Read) -> Write | None:
    """A Parquet export with some rows empty, and without a person's addresses anywhere else."""
    (sheet,) = read(path)
    table = pq.read_table(path)
    goes = pa.array([number in rows for number in range(2, table.num_rows + 2)], pa.bool_())
    emptied = [pc.if_else(goes, pa.scalar(None, column.type), column) for column in table.columns]
    schema = pa.schema([field.with_nullable(nullable=True) for field in table.schema], table.schema.metadata)
    clean = _redacted(pa.table(emptied, schema=schema), person)
    if clean.equals(table):
        return None

    def write(target: Path) -> None:
        pq.write_table(clean, target, compression="zstd")
        (found,) = read(target)
        if _trimmed(found.rows) != _trimmed(_blanked(sheet.rows, rows, person)):
            raise UnusualWorkbookError("its cells are not what they were when they are written anew")

    return write


def _only_in(sheets: Iterable[Sheet], rows: RowsBySheet) -> set[str]:
    """The texts that stand in these rows and in no others."""
    gone: set[str] = set()
    stay: set[str] = set()
    for sheet in sheets:
        for number, row in enumerate(sheet.rows, 1):
            (gone if number in rows.get(sheet.name, ()) else stay).update(c for c in row if isinstance(c, str))
    return gone - stay


def _blanked(rows: Sequence[Sequence[Cell]], gone: AbstractSet[int], person: Person) -> list[list[Cell]]:
    return [
        [] if number in gone else [person.redact(cell) if isinstance(cell, str) else cell for cell in row]
        for number, row in enumerate(rows, 1)
    ]


def _trimmed(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """Rows without the blanks at their ends, and without blank rows at the end."""
    trimmed = []
    for row in rows:
        last = next((position for position in range(len(row), 0, -1) if row[position - 1] not in (None, "")), 0)
        trimmed.append([cell or None if isinstance(cell, str) else cell for cell in row[:last]])
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed


def _write_csv(target: Path, rows: Iterable[Sequence[Cell]], quoting: Literal[0, 1, 2, 3]) -> None:
    with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, quoting=quoting, lineterminator="\n").writerows(rows)
