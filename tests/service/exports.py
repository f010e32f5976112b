"""Exports as bytes."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO

from openpyxl import Workbook

from tests.cli.installation import Row


def csv_of(rows: Sequence[Row]) -> bytes:
    """As CSV."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def xlsx_of(rows: Sequence[Row]) -> bytes:
    """As Excel writes it."""
    book = Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    file = BytesIO()
    book.save(file)
    return file.getvalue()
