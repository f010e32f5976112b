"""Contacts: which rows are one person, and which of them is the membership that counts (RULES section 4)."""

from datetime import timedelta

import narwhals.stable.v2 as nw
import pandas as pd
import pytest

from goldpan.steps.contacts import assign_contacts, unite_contacts
from goldpan.steps.renewals import deduplicate_memberships, link_renewals
from tests.builders import AS_OF
from tests.steps.engines import Engine
from tests.steps.frames import by_row, members, plain

TODAY, YESTERDAY, TOMORROW = AS_OF, AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)
LAST_YEAR, NEXT_YEAR = AS_OF - timedelta(days=365), AS_OF + timedelta(days=365)
LONG_AGO, LATER_STILL = AS_OF - timedelta(days=3000), AS_OF + timedelta(days=3000)


def term(created, expires, **columns: object) -> dict[str, object]:
    return {"created_on": created, "expires_on": expires, **columns}


CURRENT = term(LAST_YEAR, NEXT_YEAR)


def keys(engine: Engine, *rows: dict[str, object]) -> dict[int, object]:
    """The contact of each row that stays."""
    stays = engine.settle(deduplicate_memberships(engine.give(members(*rows)), settle=engine.settle))
    return by_row(engine.take(assign_contacts(stays, settle=engine.settle)), "contact_key")


def united(engine: Engine, *rows: dict[str, object], match_on: str = "customer_id") -> pd.DataFrame:
    linked = engine.settle(link_renewals(engine.give(members(*rows)), match_on=match_on, settle=engine.settle))
    stays = nw.from_native(linked).filter(nw.col("replaced_by").is_null()).to_native()
    stays = engine.settle(assign_contacts(stays, settle=engine.settle))
    return engine.take(unite_contacts(stays, linked, as_of=AS_OF, settle=engine.settle))


def records(contacts: pd.DataFrame, *columns: str) -> list[object]:
    """The contacts' plain values of some columns, by row number."""
    ordered = contacts.sort_values("source_row")
    rows = [tuple(map(plain, row)) for row in ordered[list(columns)].itertuples(index=False)]
    return [row[0] for row in rows] if len(columns) == 1 else rows


# --- who is one person ------------------------------------------------------------------------------------------------


def test_one_address_is_one_contact_whatever_the_ids(engine):
    ann = CURRENT | {"email": "ann@x.com"}

    got = keys(engine, ann | {"customer_id": "1"}, ann | {"customer_id": "2"}, ann, CURRENT | {"email": "bob@x.com"})

    assert got == {2: "ann@x.com", 3: "ann@x.com", 4: "ann@x.com", 5: "bob@x.com"}


def test_a_row_without_an_address_joins_its_customers_row_that_ends_last(engine):
    one = {"customer_id": "1"}

    got = keys(
        engine,
        term(LONG_AGO, LONG_AGO, email="old@x.com", **one),
        term(TODAY, NEXT_YEAR, email="new@x.com", **one),
        term(None, YESTERDAY, **one),
        term(None, LATER_STILL, **one),
        term(None, NEXT_YEAR, email="other@x.com", customer_id="2"),
    )

    assert got == {2: "old@x.com", 3: "new@x.com", 4: "new@x.com", 5: "new@x.com", 6: "other@x.com"}


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        (term(None, NEXT_YEAR), term(None, TODAY), "first"),
        (term(None, NEXT_YEAR), term(TODAY, None), "first"),
        (term(None, None), term(None, LONG_AGO), "second"),
        (term(None, NEXT_YEAR), term(LONG_AGO, NEXT_YEAR), "second"),
        (term(LONG_AGO, NEXT_YEAR), term(None, NEXT_YEAR), "first"),
        (term(YESTERDAY, None), term(LONG_AGO, None), "first"),
        (term(None, None), term(None, None), "second"),
    ],
    ids=["ends later", "an end beats none", "no end loses", "created", "no creation loses", "created later", "file"],
)
def test_whose_address_an_addressless_row_gets(engine, first, second, wins):
    one = {"customer_id": "1"}

    got = keys(
        engine,
        first | one | {"email": "first@x.com"},
        second | one | {"email": "second@x.com"},
        term(None, None, **one),
    )

    assert got[4] == f"{wins}@x.com"


def test_a_customer_without_any_address_is_one_contact_that_is_never_sent(engine):
    one = {"customer_id": "1"}

    got = united(engine, term(LONG_AGO, LONG_AGO, **one), CURRENT | one, CURRENT | {"customer_id": "2"}, CURRENT)

    assert records(got, "source_row", "email") == [(3, None), (4, None), (5, None)]


def test_a_contact_of_an_addressless_membership_is_sent_to_its_customers_address(engine):
    one = {"customer_id": "1"}

    got = united(engine, term(LONG_AGO, YESTERDAY, email="ann@x.com", **one), term(None, NEXT_YEAR, **one))

    assert records(got, "source_row", "email") == [(3, "ann@x.com")]


# --- the membership that counts ---------------------------------------------------------------------------------------


def winner(engine: Engine, *rows: dict[str, object]) -> object:
    """The row whose membership counts, of rows with one address and an id each."""
    apart = [row | {"customer_id": str(number), "email": "ann@x.com"} for number, row in enumerate(rows)]
    (row,) = records(united(engine, *apart), "source_row")
    return row


@pytest.mark.parametrize(
    ("start", "expires", "covers"),
    [
        (LAST_YEAR, NEXT_YEAR, True),
        (TODAY, NEXT_YEAR, True),
        (TOMORROW, NEXT_YEAR, False),
        (LAST_YEAR, TOMORROW, True),
        (LAST_YEAR, TODAY, False),
        (LAST_YEAR, None, False),
        (None, NEXT_YEAR, False),
    ],
)
def test_a_membership_that_covers_today_goes_before_one_that_ends_later(engine, start, expires, covers):
    mine = {"created_on": LAST_YEAR, "start_on": start, "expires_on": expires}

    assert winner(engine, mine, term(TOMORROW, LATER_STILL)) == (2 if covers else 3)


def test_a_renewal_bought_early_covers_today_by_its_chain(engine):
    """The kept row starts tomorrow, but its chain began a year ago; the other ends later and has not begun."""
    ann = {"email": "ann@x.com"}

    got = united(
        engine,
        term(LAST_YEAR, TODAY, customer_id="1", **ann),
        term(TOMORROW, NEXT_YEAR, customer_id="1", **ann),
        term(TOMORROW, LATER_STILL, customer_id="2", **ann),
    )

    assert records(got, "source_row", "member_since", "renewals") == [(3, LAST_YEAR, 1)]


@pytest.mark.parametrize(
    ("rows", "wins"),
    [
        ([term(LAST_YEAR, LATER_STILL), term(YESTERDAY, NEXT_YEAR)], 2),
        ([term(LAST_YEAR, NEXT_YEAR), term(LONG_AGO, NEXT_YEAR)], 2),
        ([term(LONG_AGO, NEXT_YEAR), term(LAST_YEAR, NEXT_YEAR)], 3),
        ([CURRENT, CURRENT, CURRENT], 4),
        ([term(LAST_YEAR, YESTERDAY), term(YESTERDAY, None)], 2),
        ([term(None, YESTERDAY), term(LONG_AGO, YESTERDAY)], 3),
        ([term(LONG_AGO, YESTERDAY), term(None, YESTERDAY)], 2),
    ],
    ids=[
        "ends last",
        "created last",
        "created last, below",
        "file",
        "no end loses",
        "no creation",
        "no creation, below",
    ],
)
def test_among_equals_the_latest_end_counts_then_the_latest_creation_then_the_file(engine, rows, wins):
    assert winner(engine, *rows) == wins


def test_the_id_of_the_contact_is_that_of_its_membership(engine):
    ann = {"email": "ann@x.com"}

    got = united(engine, CURRENT | ann | {"customer_id": "00121"}, term(LONG_AGO, LAST_YEAR, customer_id="5", **ann))

    assert records(got, "customer_id") == ["00121"]


@pytest.mark.parametrize("column", ["customer_name", "original_purchase"])
def test_a_blank_of_the_membership_is_filled_from_the_next_row_in_order(engine, column):
    ann = {"email": "ann@x.com"}

    got = united(
        engine,
        term(LONG_AGO, LAST_YEAR, customer_id="1", **ann, **{column: "further away"}),
        term(TOMORROW, LATER_STILL, customer_id="2", **ann, **{column: "next"}),
        CURRENT | {"customer_id": "3"} | ann,
    )

    assert records(got, "source_row", column) == [(4, "next")]


@pytest.mark.parametrize("column", ["customer_name", "original_purchase"])
def test_what_the_membership_says_itself_stays(engine, column):
    ann = {"email": "ann@x.com"}

    got = united(
        engine,
        CURRENT | {"customer_id": "3"} | ann | {column: "own"},
        term(TOMORROW, LATER_STILL, customer_id="2", **ann, **{column: "other"}),
    )

    assert records(got, column) == ["own"]


# --- what they bought -------------------------------------------------------------------------------------------------


def test_every_distinct_id_behind_the_contact_counts_once(engine):
    ann, bob = {"email": "ann@x.com"}, {"email": "bob@x.com"}

    got = united(
        engine,
        term(LONG_AGO, LONG_AGO, customer_id="1", total_order_value_micros=700, **ann),
        CURRENT | {"customer_id": "01", "total_order_value_micros": 700} | ann,
        CURRENT | {"customer_id": "2", "total_order_value_micros": 700} | ann,
        CURRENT | {"total_order_value_micros": 0} | ann,
        CURRENT | {"customer_id": "3", "total_order_value_micros": 5} | bob,
    )

    assert sorted(records(got, "email", "total_order_value_micros", "customer_ids")) == [
        ("ann@x.com", 1400, 2),
        ("bob@x.com", 5, 1),
    ]


def test_the_ids_of_replaced_rows_count_too(engine):
    ann = {"email": "ann@x.com", "customer_name": "Ann"}

    got = united(
        engine,
        term(LONG_AGO, LAST_YEAR, customer_id="1", total_order_value_micros=1, **ann),
        term(LAST_YEAR, NEXT_YEAR, customer_id="2", total_order_value_micros=2, **ann),
        match_on="customer_name",
    )

    assert records(got, "source_row", "total_order_value_micros", "customer_ids") == [(3, 3, 2)]


def test_a_contact_without_an_id_has_bought_nothing(engine):
    got = united(engine, CURRENT | {"email": "ann@x.com"})

    assert records(got, "total_order_value_micros", "customer_ids") == [(0, 0)]
