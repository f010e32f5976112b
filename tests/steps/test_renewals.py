"""Renewals: who is the same customer, which rows continue each other, and which one stays (RULES section 3)."""

import pandas as pd
import pytest

from goldpan.steps.renewals import deduplicate_memberships, link_renewals
from tests.steps.engines import Engine
from tests.steps.frames import by_row, day, members


def term(created: str | None, expires: str | None, **columns: object) -> dict[str, object]:
    return {
        "customer_id": "121",
        "created_on": day(created) if created else None,
        "expires_on": day(expires) if expires else None,
        **columns,
    }


def linked(engine: Engine, *rows: dict[str, object], **rules: object) -> pd.DataFrame:
    return engine.take(link_renewals(engine.give(members(*rows)), **rules))


def replaced(engine: Engine, *rows: dict[str, object], **rules: object) -> dict[int, object]:
    return by_row(linked(engine, *rows, **rules), "replaced_by")


FIRST = term("2025-01-01", "2025-12-31")


# --- chains -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "continues"),
    [("2026-01-07", True), ("2026-01-08", False), ("2025-12-31", True), ("2025-06-01", True), ("2025-01-01", True)],
)
def test_day_7_after_the_end_continues_the_chain_and_day_8_starts_a_new_one(engine, created, continues):
    assert replaced(engine, FIRST, term(created, "2026-12-31")) == {2: 3 if continues else None, 3: None}


@pytest.mark.parametrize(("window", "day_15_continues"), [(0, False), (14, False), (15, True)])
def test_the_window_is_the_configured_one(engine, window, day_15_continues):
    rows = (FIRST, term("2026-01-15", "2026-12-31"))

    assert replaced(engine, *rows, renewal_window_days=window) == {2: 3 if day_15_continues else None, 3: None}


def test_a_window_of_0_days_still_continues_on_the_day_of_the_end(engine):
    assert replaced(engine, FIRST, term("2025-12-31", "2026-12-31"), renewal_window_days=0) == {2: 3, 3: None}


def test_the_latest_end_so_far_counts_not_that_of_the_row_before(engine):
    rows = (FIRST, term("2025-02-01", "2025-03-01"), term("2026-01-05", "2026-12-31"))

    assert replaced(engine, *rows) == {2: 4, 3: 4, 4: None}


def test_a_new_chain_is_not_measured_against_an_older_one(engine):
    rows = (FIRST, term("2026-06-01", "2026-07-01"), term("2026-07-08", "2027-07-01"), term("2027-07-09", "2028-01-01"))

    assert replaced(engine, *rows) == {2: None, 3: 4, 4: None, 5: None}


def test_chains_do_not_reach_from_one_customer_to_the_next(engine):
    rows = (FIRST, term("2026-01-03", "2026-12-31", customer_id="122"), term("2026-01-03", "2026-12-31"))

    assert replaced(engine, *rows) == {2: 4, 3: None, 4: None}


def test_the_order_of_the_file_does_not_make_the_chain(engine):
    assert replaced(engine, term("2026-01-05", "2026-12-31"), FIRST) == {2: None, 3: 2}


def test_of_rows_created_on_one_day_the_one_that_ends_last_is_the_newest(engine):
    rows = (
        term("2025-01-01", "2025-12-31", customer_name="longer"),
        term("2025-01-01", "2025-06-30", customer_name="shorter"),
        term("2026-01-07", "2026-02-01"),
    )

    assert by_row(linked(engine, *rows), "customer_name") == {2: "longer", 3: "shorter", 4: "longer"}


# --- the row that stays -----------------------------------------------------------------------------------------------


def test_the_row_with_the_latest_end_stays_though_another_was_created_later(engine):
    assert replaced(engine, FIRST, term("2025-03-01", "2025-04-01")) == {2: None, 3: 2}


def test_with_one_end_the_row_created_last_stays(engine):
    assert replaced(engine, term("2025-03-01", "2025-12-31"), FIRST) == {2: None, 3: 2}


def test_with_one_term_the_last_row_of_the_file_stays(engine):
    assert replaced(engine, FIRST, FIRST, FIRST) == {2: 4, 3: 4, 4: None}


def test_the_chain_gives_its_earliest_start_and_its_length(engine):
    rows = (
        FIRST | {"start_on": day("2025-02-01")},
        term("2026-01-01", "2026-12-31", start_on=day("2025-01-15")),
        term("2027-01-01", "2027-12-31", start_on=day("2027-02-01")),
        term("2029-01-01", "2029-12-31"),
    )

    got = linked(engine, *rows)

    assert by_row(got, "member_since")[4] == day("2025-01-15")
    assert by_row(got, "member_since")[5] == day("2029-01-01")
    assert by_row(got, "renewals") == {2: 2, 3: 2, 4: 2, 5: 0}


@pytest.mark.parametrize("column", ["customer_name", "original_purchase", "email"])
def test_what_only_a_replaced_row_knew_is_taken_from_the_newest_that_knew_it(engine, column):
    rows = (
        term("2025-01-01", "2025-12-31", **{column: "oldest"}),
        term("2025-02-01", "2025-11-01", **{column: "newest, though it ended first"}),
        term("2025-03-01", "2025-06-01"),
        term("2026-01-01", "2026-12-31"),
    )

    got = by_row(linked(engine, *rows), column)

    assert got == {2: "oldest", 3: "newest, though it ended first", 4: None, 5: "newest, though it ended first"}


@pytest.mark.parametrize("column", ["customer_name", "original_purchase", "email"])
def test_what_the_kept_row_knows_itself_stays_though_another_was_created_later(engine, column):
    got = linked(engine, FIRST | {column: "own"}, term("2025-03-01", "2025-04-01", **{column: "newer"}))

    assert by_row(got, "replaced_by") == {2: None, 3: 2}
    assert by_row(got, column) == {2: "own", 3: "newer"}
    assert by_row(got, "email_from_row") == {2: None, 3: None}


def test_it_says_which_row_gave_the_address(engine):
    rows = (FIRST | {"email": "old@x.com"}, term("2025-02-01", "2025-12-30", email="new@x.com"))

    got = linked(engine, *rows, term("2026-01-01", "2026-12-31"))

    assert by_row(got, "email") == {2: "old@x.com", 3: "new@x.com", 4: "new@x.com"}
    assert by_row(got, "email_from_row") == {2: None, 3: None, 4: 3}


def test_nothing_is_taken_from_another_chain(engine):
    got = linked(engine, FIRST | {"email": "a@x.com", "customer_name": "Ann"}, term("2027-01-01", "2027-12-31"))

    assert by_row(got, "email") == {2: "a@x.com", 3: None}
    assert by_row(got, "customer_name") == {2: "Ann", 3: None}


@pytest.mark.parametrize(
    "row",
    [
        term(None, "2025-12-31"),
        term("2025-06-01", None),
        term(None, None),
        term(None, None, start_on=day("2025-06-01")),
    ],
    ids=["no creation", "no end", "neither", "only a start"],
)
def test_a_row_without_creation_or_end_joins_no_chain_and_stays(engine, row):
    got = linked(engine, FIRST, row, term("2025-12-01", "2026-12-31"))

    assert by_row(got, "replaced_by") == {2: 4, 3: None, 4: None}
    assert by_row(got, "renewals") == {2: 1, 3: 0, 4: 1}
    assert by_row(got, "member_since")[3] == row.get("start_on", row["created_on"])


# --- the same customer ------------------------------------------------------------------------------------------------


def customers(engine: Engine, *rows: dict[str, object], **rules: object) -> list[set[int]]:
    """The rows of each customer; all terms are alike, so that rows of one customer make one chain."""
    alike = [{"created_on": day("2025-01-01"), "expires_on": day("2025-12-31"), **row} for row in rows]
    found: dict[object, set[int]] = {}
    for row, kept in replaced(engine, *alike, **rules).items():
        found.setdefault(kept or row, set()).add(row)
    return sorted(found.values(), key=min)


def test_spellings_of_one_id_are_one_customer_and_letters_are_not(engine):
    rows = [{"customer_id": spelling} for spelling in ("121", "00121", "a7", "A7", "000", "0")]

    assert customers(engine, *rows) == [{2, 3}, {4}, {5}, {6, 7}]


def test_rows_without_an_id_are_known_by_what_they_have(engine):
    ann, address = {"customer_name": "Ann Lee"}, {"email": "a@x.com"}

    assert customers(engine, ann | address, ann, address, ann | address, ann, address) == [{2, 5}, {3, 6}, {4, 7}]


def test_the_same_name_with_another_address_is_another_customer(engine):
    ann = {"customer_name": "Ann Lee"}

    assert customers(engine, ann | {"email": "a@x.com"}, ann | {"email": "b@x.com"}) == [{2}, {3}]


def test_the_same_address_with_another_name_is_another_customer(engine):
    address = {"email": "a@x.com"}

    assert customers(engine, address | {"customer_name": "Ann"}, address | {"customer_name": "Bo"}) == [{2}, {3}]


def test_a_row_with_nothing_to_know_it_by_is_a_customer_of_its_own(engine):
    assert customers(engine, {}, {}, {"customer_id": None}) == [{2}, {3}, {4}]


def test_a_row_without_an_id_never_joins_one_with_an_id(engine):
    person = {"customer_name": "Ann Lee", "email": "a@x.com"}

    assert customers(engine, {"customer_id": "1"} | person, person, person) == [{2}, {3, 4}]


def test_an_id_is_not_taken_for_a_name(engine):
    assert customers(engine, {"customer_id": "ann"}, {"customer_name": "ann"}, {"email": "ann"}) == [{2}, {3}, {4}]


def test_matching_by_name_looks_at_nothing_else(engine):
    rows = [
        {"customer_id": "1", "customer_name": "Ann  Lee"},
        {"customer_id": "2", "customer_name": "ANN LEE", "email": "a@x.com"},
        {"customer_name": "Ann Lee"},
        {"customer_id": "1"},
        {"customer_id": "1", "email": "a@x.com"},
    ]

    assert customers(engine, *rows, match_on="customer_name") == [{2, 3, 4}, {5}, {6}]


# --- the frame --------------------------------------------------------------------------------------------------------


def test_every_row_comes_back_once_and_the_callers_frame_is_untouched(engine):
    memberships = members(FIRST, term("2026-01-01", "2026-12-31"), {}, {"customer_id": "9"}, term(None, "2026-01-01"))
    before = memberships.copy(deep=True)

    got = engine.take(link_renewals(engine.give(memberships)))

    assert sorted(got["source_row"]) == [2, 3, 4, 5, 6]
    assert set(memberships.columns) < set(got.columns)
    pd.testing.assert_frame_equal(memberships, before)


def test_deduplicated_are_the_rows_that_nothing_replaced(engine):
    memberships = members(FIRST, term("2026-01-01", "2026-12-31"), term("2028-01-01", "2028-12-31"), {})

    got = engine.take(deduplicate_memberships(engine.give(memberships)))

    assert by_row(got, "renewals") == {3: 1, 4: 0, 5: 0}


def test_deduplication_follows_the_rules_it_is_given(engine):
    memberships = engine.give(
        members(
            FIRST | {"customer_name": "Ann"}, term("2026-01-10", "2026-12-31", customer_id="2", customer_name="Ann")
        )
    )

    got = engine.take(deduplicate_memberships(memberships, renewal_window_days=10, match_on="customer_name"))

    assert by_row(got, "renewals") == {3: 1}
