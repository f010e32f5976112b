"""The sample exports show everything that Goldpan does, whatever day the demo is run on."""

import re
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest

from goldpan.columns import CATEGORIES
from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.pipeline import Refined, refine
from sync.demo.samples import write_samples
from sync.readers import read_sheets
from tests.builders import default_config

AUTUMN = date(2026, 11, 21)
DATES = [AUTUMN, date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2029, 3, 1)]

ROW_REASONS = {
    "no_email", "invalid_email", "several_emails", "rounded_id", "unreadable_date", "unreadable_amount", "excel_error",
    "email_from_earlier_row", "repeated_order",
}  # fmt: skip


@cache
def written(as_of: date, **seed: int) -> tuple[Export, Export, Refined]:
    config = default_config()
    with TemporaryDirectory() as folder:
        memberships, orders = write_samples(Path(folder), as_of, **seed)
        members = conform(read_sheets(memberships), config.memberships)
        bought = conform(read_sheets(orders), config.orders)
    return members, bought, refine(members.frame, bought.frame, as_of, config)


def reasons_of(members: Export, bought: Export, result: Refined) -> Counter[str]:
    return Counter([*members.findings["reason"], *bought.findings["reason"], *result.notes["reason"]])


@pytest.mark.parametrize("as_of", DATES, ids=str)
def test_every_category_and_every_tag_and_opposite_occurs_on_any_day(as_of):
    _, _, result = written(as_of)

    assert set(result.contacts["membership_category"]) == set(CATEGORIES)
    assert min(result.tag_counts(default_config()).values()) >= 10


def test_the_same_story_is_told_on_any_day():
    """Only the dates move: categories, tags and warnings are as many on a leap day as on New Year's Eve."""
    told = [written(as_of) for as_of in DATES]

    assert len({tuple(result.tag_counts(default_config()).items()) for _, _, result in told}) == 1
    assert len({frozenset(reasons_of(*pair).items()) for pair in told}) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_seed_gives_other_people_with_the_same_oddities(seed):
    members, bought, result = written(AUTUMN, seed=seed)

    assert set(members.frame["customer_name"]) != set(written(AUTUMN)[0].frame["customer_name"])
    assert set(reasons_of(members, bought, result)) == ROW_REASONS
    assert set(result.contacts["membership_category"]) == set(CATEGORIES)
    assert min(result.tag_counts(default_config()).values()) > 0


def test_every_warning_and_every_reason_to_skip_a_row_occurs():
    members, bought, result = written(AUTUMN)

    assert set(reasons_of(members, bought, result)) == ROW_REASONS
    for export in (members, bought):
        assert min(export.skipped.values()) > 0


def test_there_is_something_on_every_sheet_of_the_analysis():
    """Renewals, repeated orders, prospects (of high value, and without an id) and shared addresses."""
    _, _, result = written(AUTUMN)

    assert len(result.merged_rows) > 100
    assert len(result.repeated_orders) > 0
    assert set(result.prospects["is_high_value"]) == {True, False}
    assert result.prospects["customer_id"].isna().any()
    assert len(result.shared_emails) == 2
    assert result.contacts["email"].isna().any()


def test_no_row_and_no_amount_is_lost():
    members, bought, result = written(AUTUMN)

    for export in (members, bought):
        assert export.rows_read == len(export.frame) + sum(export.skipped.values())
    assert len(members.frame) > 800
    assert 400 < len(result.contacts) <= 500
    assert result.money.total == result.money.customers + result.money.unmatched + result.money.blank_id
    assert min(result.money.customers, result.money.unmatched, result.money.blank_id) > 0


def test_members_stand_on_both_sides_of_each_limit():
    """Day 7 renews and day 8 does not; 1000.00 is no high value; 0, 30 and 31 days; today and tomorrow."""
    members, _, result = written(AUTUMN)

    days = set(result.contacts["days_until_expiration"].dropna())
    assert {-1, 0, 30, 31} <= days
    assert {-1, 0, 30, 31} <= set(result.contacts["days_since_start"].dropna())
    cents = set(map(str, result.contacts["total_order_value"]))
    assert {"1000.00", "1000.01"} <= cents
    assert set(result.contacts["renewals"]) >= {0, 1, 2, 3}
    assert members.frame["customer_id_key"].nunique() == 498  # two of 500 have no id that can be read


def test_the_layout_is_that_of_an_export(tmp_path):
    """Title rows, truncated headers, ids with zeros as text and as numbers, dates and amounts of several kinds."""
    memberships, orders = write_samples(tmp_path / "new folder", AUTUMN)

    assert [memberships.name, orders.name] == ["memberships-2026-11-21.xlsx", "orders-2026-11-21.xlsx"]
    rows = cells_of(memberships)
    assert rows[3][:7] == (
        "Cust ID", "Customer Name", "Contact Email", "City", "State/Regi", "Membersh", "Original Pu"
    )  # fmt: skip
    ids, expirations = ([row[column] for row in rows[4:]] for column in (0, 9))
    assert "int" in kinds_of(ids)
    assert any(isinstance(cell, str) and cell.startswith("000") for cell in ids)
    assert kinds_of(expirations) == {"datetime", "int", "str", "NoneType"}
    texts = " ".join(cell for cell in expirations if isinstance(cell, str))
    for form in (r"\d{4}-\d\d-\d\d", r"\d\d/\d\d/\d{4}", r"\d\d/\d\d/\d\d\b", r"\d\d-[A-Z][a-z]{2}-\d{4}",
                 r"[A-Z][a-z]{2} \d\d, \d{4}", r"\b\d{8}\b"):  # fmt: skip
        assert re.search(form, texts), form
    amounts = [row[5] for row in cells_of(orders)[4:]]
    assert "$1,200.50" in amounts
    assert "#N/A" in amounts
    assert "float" in kinds_of(amounts)


def test_every_address_is_one_that_reaches_nobody():
    members, _, _ = written(AUTUMN)

    domains = {address.partition("@")[2] for address in members.frame["email"].dropna()}
    assert domains == {"example.com", "example.org", "example.net"}


def test_the_same_day_gives_the_same_bytes(tmp_path):
    first, again = (write_samples(tmp_path / name, AUTUMN) for name in ("first", "again"))

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def cells_of(path: Path) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(path, data_only=True)
    rows = list(book["Export"].iter_rows(values_only=True))
    book.close()
    return rows


def kinds_of(cells: list[object]) -> set[str]:
    return {type(cell).__name__ for cell in cells}
