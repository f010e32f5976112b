"""Measures, categories and the order of the analysis (RULES section 5)."""

from datetime import timedelta

import pytest

from goldpan.steps.measures import add_measures, categorize_and_sort_memberships
from tests.builders import AS_OF
from tests.steps.frames import by_row, members


def ending(days: int | None) -> dict[str, object]:
    return {"expires_on": None if days is None else AS_OF + timedelta(days=days)}


@pytest.mark.parametrize(
    ("days", "category"),
    [
        (-400, "expired"),
        (-1, "expired"),
        (0, "expiring_soon"),
        (30, "expiring_soon"),
        (31, "active"),
        (None, "unknown"),
    ],
)
def test_the_category_speaks_of_the_end(engine, days, category):
    got = engine.take(add_measures(engine.give(members(ending(days))), as_of=AS_OF))

    assert by_row(got, "days_until_expiration") == {2: days}
    assert by_row(got, "membership_category") == {2: category}


def test_how_many_days_are_soon_is_configured(engine):
    rows = engine.give(members(ending(0), ending(7), ending(8)))

    got = engine.take(add_measures(rows, as_of=AS_OF, expiring_soon_days=7))

    assert by_row(got, "membership_category") == {2: "expiring_soon", 3: "expiring_soon", 4: "active"}


def test_days_since_the_start_count_up_and_a_start_to_come_is_negative(engine):
    starts = [AS_OF, AS_OF - timedelta(days=1), AS_OF - timedelta(days=31), AS_OF + timedelta(days=1), None]

    got = engine.take(add_measures(engine.give(members(*({"start_on": start} for start in starts))), as_of=AS_OF))

    assert by_row(got, "days_since_start") == {2: 0, 3: 1, 4: 31, 5: -1, 6: None}


def test_a_leap_day_is_a_day(engine):
    rows = members({"expires_on": AS_OF.replace(year=2028, month=3, day=1)})

    got = engine.take(add_measures(engine.give(rows), as_of=AS_OF.replace(year=2028, month=2, day=28)))

    assert by_row(got, "days_until_expiration") == {2: 2}


def sorted_rows(engine, *rows: dict[str, object], **rules: int) -> list[int]:
    contacts = engine.give(members(*rows))
    got = engine.take(categorize_and_sort_memberships(contacts, as_of=AS_OF, **rules))
    return list(got["source_row"])


def test_the_analysis_goes_from_expired_to_unknown(engine):
    assert sorted_rows(engine, ending(None), ending(31), ending(-1), ending(30), ending(0)) == [4, 6, 5, 3, 2]


def test_inside_a_category_the_end_comes_first_then_the_address_then_the_id(engine):
    rows = [
        ending(40) | {"email": "a@x.com"},
        ending(35) | {"email": None, "customer_id": "1"},
        ending(35) | {"email": "b@x.com", "customer_id": None},
        ending(35) | {"email": "b@x.com", "customer_id": "2"},
        ending(35) | {"email": "b@x.com", "customer_id": "1"},
        ending(35) | {"email": "a@x.com", "customer_id": "9"},
        ending(35) | {"email": "b@x.com", "customer_id": "2"},
    ]

    assert sorted_rows(engine, *rows) == [7, 6, 5, 8, 4, 3, 2]


def test_the_configured_days_move_the_order_too(engine):
    assert sorted_rows(engine, ending(31), ending(-1), expiring_soon_days=31) == [3, 2]
    got = categorize_and_sort_memberships(engine.give(members(ending(31))), as_of=AS_OF, expiring_soon_days=31)
    assert by_row(engine.take(got), "membership_category") == {2: "expiring_soon"}
