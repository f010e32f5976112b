"""The real-derived exports, where they are beside the checkout: the naive reference of the rules agrees row by row."""

import csv
import io
from collections import Counter
from datetime import date

import openpyxl
import pytest

from goldpan.conformed import Export
from goldpan.exports import hubspot_csv
from goldpan.pipeline import refine
from sync.exports import Delivery, read_export
from sync.settings import load_settings
from tests.builders import REPOSITORY
from tests.reference import outputs, pipeline
from tests.reference.rows import Row

FOLDER = REPOSITORY.parent / "shared" / "data" / "chicago"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the Chicago exports are not beside this checkout"),
]
AS_OF = date(2026, 11, 20)


def rows_of(name: str) -> list[Row]:
    book = openpyxl.load_workbook(FOLDER / name, read_only=True, data_only=True)
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    return [Row(number, dict(zip(header, cells, strict=False))) for number, cells in enumerate(rows, 2)]


def export_of(kind: str, name: str) -> Export:
    settings = load_settings(REPOSITORY / "config", use_environment=False)
    return read_export(Delivery(kind, FOLDER / name, name), settings)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_csv_is_that_of_the_reference(ending, monkeypatch):
    config = load_settings(REPOSITORY / "config", use_environment=False).config
    members, bought = rows_of("memberships.xlsx"), rows_of("orders.xlsx")
    # The reference compares every order with every other; no order id stands twice here, so it need not.
    assert max(Counter(row.cells["Sales Doc"] for row in bought).values()) == 1
    monkeypatch.setattr(pipeline, "find_repeated_orders", lambda _orders: {})
    wanted = pipeline.refine(members, bought, AS_OF)

    memberships = export_of("memberships", f"memberships.{ending}")
    orders = export_of("orders", f"orders.{ending}")
    got = refine(memberships.frame, orders.frame, AS_OF, config)

    rows = [tuple(row) for row in csv.reader(io.StringIO(hubspot_csv(got.contacts, config.tags)))]
    assert rows == [tuple(row) for row in outputs.hubspot_csv_rows(wanted)]
    assert memberships.rows_read == wanted.membership_counts.read
    assert len(got.merged_rows) == wanted.membership_counts.merged
