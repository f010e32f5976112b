"""Each limit holds a run beyond it and never at it, and only for what the data caused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.brakes import ACCEPTED as ACCEPTED_CAUSES
from goldpan.brakes import BrakeLimits, TrippedBrake, brakes_on_plan, losers_by_tag, tag_movements
from goldpan.export_brakes import brake_on_age, brakes_on_exports
from goldpan.facts import Facts, facts_of
from goldpan.model import Action, Cause, Change
from sync.exports import Delivery
from sync.holding import age_of
from sync.settings import load_settings
from tests.builders import REPOSITORY, default_config, memberships, orders, refined

TAGS = "membership_status_tags"
LIMITS = BrakeLimits()
ACCEPTED = Facts(
    rows={"memberships": 1000, "orders": 3000},
    contacts=900,
    order_sum_micros=100_500_000,
    unsendable=90,
    filled={"memberships.original_purchase": 0.5, "orders.order_date": 1.0},
)


def email(number: int) -> str:
    return f"m{number:04}@example.org"


def changes(count: int, action: Action = Action.UPDATE, cause: Cause | None = None) -> list[Change]:
    """So many contacts that lose HFO Buy, or are made."""
    before = "" if action is Action.CREATE else "hfo_buy"
    return [
        Change(email(number), action, {TAGS: before}, {TAGS: "not_hfo_buy"}, cause=cause) for number in range(count)
    ]


def tripped(planned: list[Change], known: int = 0, carriers: int = 0, limits: BrakeLimits = LIMITS):
    movements = tag_movements(planned, {"hfo_buy": carriers}, TAGS, default_config())
    return [*brakes_on_plan(planned, movements, losers_by_tag(planned, TAGS), known, limits)]


def names(brakes) -> list[str]:
    return [brake.name for brake in brakes]


# --- limits over a plan -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losing", "carriers", "wanted"),
    [
        pytest.param(26, 259, ["tag_loss"], id="beyond the share and the count"),
        pytest.param(26, 260, [], id="a tenth exactly"),
        pytest.param(25, 25, [], id="all of them, but no more than the count"),
        pytest.param(26, 26, ["tag_loss"], id="all of them"),
        pytest.param(26, 0, ["tag_loss"], id="more than were known to carry it"),
        pytest.param(1000, 10_000, [], id="many, but no more than the share"),
        pytest.param(1001, 10_000, ["tag_loss"], id="one more than the share"),
    ],
)
def test_a_tag_may_lose_a_tenth_or_25_of_its_carriers(losing, carriers, wanted):
    assert names(tripped(changes(losing), known=10_000, carriers=carriers)) == wanted


@pytest.mark.parametrize(
    ("count", "known", "wanted"),
    [(101, 504, ["changed"]), (101, 505, []), (100, 100, []), (200, 1000, []), (201, 1000, ["changed"])],
)
@pytest.mark.parametrize("action", [Action.UPDATE, Action.CLEAR])
def test_a_fifth_or_100_contacts_may_change(count, known, wanted, action):
    assert names(tripped(changes(count, action), known, carriers=count * 100)) == wanted


@pytest.mark.parametrize(
    ("count", "known", "wanted"),
    [(101, 2019, ["created"]), (101, 2020, []), (100, 1, []), (101, 1, ["created"]), (500, 10_000, [])],
)
def test_a_twentieth_or_100_contacts_may_be_created(count, known, wanted):
    assert names(tripped(changes(count, Action.CREATE), known)) == wanted


def test_before_the_first_load_nothing_has_a_share_to_change_or_to_create():
    assert tripped(changes(5000, Action.CREATE), known=0) == []


def test_a_tripped_limit_says_what_how_many_the_limit_and_five_examples():
    limits = BrakeLimits(tag_loss_share=Decimal("0.125"))

    assert tripped(changes(1300), known=2000, carriers=1500, limits=limits) == [
        TrippedBrake(
            "tag_loss",
            "1,300 of 1,500 contacts lose the tag HFO Buy.",
            1300,
            "12.5% of its contacts and 25",
            tuple(map(email, range(5))),
        ),
        TrippedBrake(
            "changed",
            "1,300 contacts would change; HubSpot has 2,000 of Goldpan's.",
            1300,
            "20% of them and 100",
            tuple(map(email, range(5))),
        ),
    ]


@given(
    data=st.integers(0, 300),
    time=st.integers(0, 300),
    known=st.integers(1, 2000),
    cause=st.sampled_from(ACCEPTED_CAUSES),
)
def test_what_time_changes_and_what_was_approved_already_never_counts(data, time, known, cause):
    """A plan trips exactly what its part caused by data trips alone."""
    by_time = [replace(each, email=f"t{each.email}", cause=cause) for each in changes(time)]
    by_data = changes(data, cause=Cause.DATA)

    assert tripped(by_time + by_data, known, carriers=known) == tripped(by_data, known, carriers=known)


@given(st.lists(st.sampled_from([*Cause, None]), max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_movements_add_up(causes, is_loss):
    """Nobody is lost in the sums: gains and losses are those of the changes, by data those not caused by time."""
    pairs = [("hfo_buy", ""), ("", "hfo_buy")]
    planned = [
        Change(email(number), Action.UPDATE, {TAGS: pairs[not loss][0]}, {TAGS: pairs[not loss][1]}, cause=cause)
        for number, (cause, loss) in enumerate(zip(causes, is_loss, strict=False))
    ]
    by_data = [loss for cause, loss in zip(causes, is_loss, strict=False) if cause not in ACCEPTED_CAUSES]

    moved = {each.value: each for each in tag_movements(planned, {"hfo_buy": 50}, TAGS, default_config())}["hfo_buy"]

    assert (moved.gains + moved.losses, moved.after) == (len(causes), 50 + moved.gains - moved.losses)
    assert (moved.data_losses, moved.data_gains) == (sum(by_data), len(by_data) - sum(by_data))
    assert len(losers_by_tag(planned, TAGS).get("hfo_buy", [])) == moved.data_losses


def test_a_tag_that_goes_with_time_is_no_loss_by_data_though_the_contact_changed_as_well():
    planned = changes(60, cause=Cause.DATA)
    with_time = {each.email: {"hfo_buy", "not_hfo_buy"} for each in planned[:40]}

    moved = {each.value: each for each in tag_movements(planned, {"hfo_buy": 100}, TAGS, default_config(), with_time)}

    assert (moved["hfo_buy"].losses, moved["hfo_buy"].data_losses) == (60, 20)
    assert (moved["not_hfo_buy"].gains, moved["not_hfo_buy"].data_gains) == (60, 20)
    assert losers_by_tag(planned, TAGS, with_time) == {"hfo_buy": [email(number) for number in range(40, 60)]}


def test_a_retired_tag_moves_too():
    planned = [Change(email(1), Action.UPDATE, {TAGS: "old_tag;vip"}, {TAGS: "vip"})]

    moved = tag_movements(planned, {"old_tag": 30, "hfo_buy": 2}, TAGS, default_config())

    assert (moved[-1].value, moved[-1].label, moved[-1].before, moved[-1].after) == ("old_tag", "old_tag", 30, 29)
    assert "vip" not in [each.value for each in moved]


# --- limits over exports ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tonight", "wanted"),
    [
        pytest.param({}, [], id="the same"),
        pytest.param({"rows": {"memberships": 900, "orders": 2700}}, [], id="a tenth of the rows less"),
        pytest.param({"rows": {"memberships": 899, "orders": 3000}}, ["fewer_rows"], id="one membership more less"),
        pytest.param({"rows": {"memberships": 1000, "orders": 2699}}, ["fewer_rows"], id="one order more less"),
        pytest.param({"rows": {"memberships": 1, "orders": 1}}, ["fewer_rows", "fewer_rows"], id="hardly a row"),
        pytest.param({"contacts": 810, "unsendable": 81}, [], id="a tenth of the contacts less"),
        pytest.param({"contacts": 809, "unsendable": 80}, ["fewer_contacts"], id="one contact more less"),
        pytest.param({"order_sum_micros": 80_400_000}, [], id="a fifth of the orders less"),
        pytest.param({"order_sum_micros": 80_399_999}, ["order_sum_loss"], id="a millionth more less"),
        pytest.param({"order_sum_micros": -5_000_000}, ["order_sum_loss"], id="more returns than orders"),
        pytest.param({"unsendable": 135}, [], id="five points more without an address"),
        pytest.param({"unsendable": 136}, ["unsendable_rise"], id="one contact more without an address"),
        pytest.param({"filled": ACCEPTED.filled | {"memberships.original_purchase": 0.05}}, [], id="filled at 5 %"),
        pytest.param(
            {"filled": ACCEPTED.filled | {"memberships.original_purchase": 0.049999}}, ["column_emptied"],
            id="filled below 5 %",
        ),
    ],
)  # fmt: skip
def test_exports_are_compared_with_those_accepted_last(tonight, wanted):
    assert names(brakes_on_exports(replace(ACCEPTED, **tonight), ACCEPTED, LIMITS)) == wanted


def test_a_column_that_was_hardly_half_full_may_become_empty():
    before = replace(ACCEPTED, filled={"memberships.original_purchase": 0.499999})

    assert (
        names(brakes_on_exports(replace(before, filled={"memberships.original_purchase": 0.0}), before, LIMITS)) == []
    )


@pytest.mark.parametrize("base", range(0, 95, 5))
def test_five_points_more_without_an_address_are_at_the_limit_from_wherever_they_rise(base):
    """0.55 - 0.50 is more than 0.05 in floating point."""
    before, after = (Facts(contacts=100, unsendable=count) for count in (base, base + 5))
    beyond = Facts(contacts=1000, unsendable=base * 10 + 51)

    assert names(brakes_on_exports(after, before, LIMITS)) == []
    assert names(brakes_on_exports(beyond, before, LIMITS)) == ["unsendable_rise"]


@given(
    st.integers(1, 10_000), st.integers(0, 10_000), st.decimals(0, 1, places=3),
)  # fmt: skip
def test_fewer_is_judged_exactly_whatever_the_share(before, now, share):
    limits = BrakeLimits(fewer_rows_share=share)
    facts, accepted = (Facts(rows={"orders": rows}) for rows in (now, before))

    is_beyond = (before - now) * 1000 > int(share * 1000) * before
    assert bool([*brakes_on_exports(facts, accepted, limits)]) is is_beyond


@pytest.mark.parametrize("percent", range(1, 50))
def test_a_column_is_empty_below_its_limit_and_not_at_it_whatever_the_limit(percent):
    limits = BrakeLimits(column_emptied_share=Decimal(percent) / 100)
    at, below, accepted = (Facts(filled={"orders.amount": share}) for share in (percent / 100, percent / 101, 1.0))

    assert names(brakes_on_exports(at, accepted, limits)) == []
    assert names(brakes_on_exports(below, accepted, limits)) == ["column_emptied"]


def test_without_accepted_exports_there_is_nothing_to_compare_with():
    assert [*brakes_on_exports(Facts(), None, LIMITS)] == []


def test_nothing_is_fewer_than_nothing():
    empty = Facts(rows={"memberships": 0, "orders": 0})

    assert [*brakes_on_exports(empty, empty, LIMITS)] == []


def test_what_shrank_is_told_in_numbers_with_contacts_that_are_missing():
    tonight = replace(ACCEPTED, contacts=700, unsendable=70, order_sum_micros=50_000_000)

    assert [*brakes_on_exports(tonight, ACCEPTED, LIMITS, [email(number) for number in range(200)])] == [
        TrippedBrake(
            "fewer_contacts", "700 contacts, 22.2% fewer than the 900 accepted last.", 200 / 900, "10% fewer",
            tuple(map(email, range(5))),
        ),
        TrippedBrake(
            "order_sum_loss", "All orders add up to 50, 50.2% less than the 100 accepted last.", 50.5 / 100.5,
            "20% less",
        ),
    ]  # fmt: skip


def test_facts_count_rows_contacts_money_and_what_is_filled():
    members = memberships(
        {"Cust ID": "1", "Customer Name": "Ann", "Contact Email": "ann@x.org", "Original Pu": "Web"},
        {"Cust ID": "1", "Customer Name": "Ann", "Contact Email": "ann@x.org", "Original Pu": " "},
        {"Cust ID": "2", "Customer Name": "Bob", "Contact Email": "nobody"},
        {"Cust ID": "3", "Customer Name": "Cy"},
    )
    bought = orders({"SAP ID": "1", "Total Value": "10.50"}, {"SAP ID": "2", "Total Value": "see note"})
    columns = {"memberships": ("email", "original_purchase", "membership"), "orders": ("total_value", "ordered_on")}

    facts = facts_of({"memberships": members, "orders": bought}, refined(members, bought), columns)

    assert facts == Facts(
        rows={"memberships": 4, "orders": 2},
        contacts=3,
        order_sum_micros=10_500_000,
        unsendable=2,
        filled={
            "memberships.email": 0.5,
            "memberships.original_purchase": 0.25,
            "memberships.membership": 0.0,  # a column that the export lacks is an empty one
            "orders.total_value": 0.5,
            "orders.ordered_on": 0.0,
        },
    )
    assert Facts.of_json(facts.as_json()) == facts


# --- the age of an export ---------------------------------------------------------------------------------------------

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(("age", "is_held"), [(timedelta(days=7), False), (timedelta(days=7, microseconds=1), True)])
def test_an_export_may_be_seven_days_old(age, is_held):
    assert (brake_on_age("orders", "o.csv", age, LIMITS) is not None) is is_held


@pytest.mark.parametrize(
    ("name", "arrived", "now", "as_of", "hours"),
    [
        pytest.param("orders.csv", "2026-11-18T12:00", NOON, date(2026, 11, 20), 48, id="by its arrival"),
        pytest.param("orders-2026-11-18.csv", "2026-11-20T11:00", NOON, date(2026, 11, 20), 60, id="by its name"),
        pytest.param("orders_20261119.csv", "2026-01-01T00:00", NOON, date(2026, 11, 20), 36, id="by its name alone"),
        pytest.param("orders-20261399.csv", "2026-11-20T11:00", NOON, date(2026, 11, 20), 1, id="no date in its name"),
        pytest.param("orders-2026-11-18.csv", "2026-11-18T22:00", NOON, date(2026, 11, 19), 36, id="for a past night"),
        pytest.param("orders-2026-11-21.csv", "2026-11-20T11:00", NOON, date(2026, 11, 20), 0, id="of tomorrow"),
        pytest.param("orders-2026-11-18.csv", "2026-11-18T22:00", NOON, date(2027, 11, 19), 60, id="for a day to come"),
    ],
)  # fmt: skip
def test_the_age_of_an_export_is_told_by_the_date_in_its_name_else_by_its_arrival(name, arrived, now, as_of, hours):
    settings = load_settings(REPOSITORY / "config", use_environment=False)
    delivery = Delivery("orders", Path(name), name, datetime.fromisoformat(arrived).replace(tzinfo=UTC))

    assert age_of(delivery, now, as_of, settings) == timedelta(hours=hours)
