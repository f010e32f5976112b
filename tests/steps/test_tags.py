"""The five tags that Goldpan ships, and how tags are joined (RULES section 6)."""

from datetime import date, timedelta

import pandas as pd
import pytest

from goldpan.rules import Label, Tag
from goldpan.steps.measures import add_measures
from goldpan.steps.tags import calculate_all_membership_flags, tag_column
from tests.builders import AS_OF, default_config
from tests.steps.engines import Engine
from tests.steps.frames import by_row, members


def flagged(engine: Engine, *rows: dict[str, object], tags: tuple[Tag, ...] | None = None) -> pd.DataFrame:
    """Contacts of these values with every tag worked out; ``member_since`` is the start unless a row says it."""
    config = default_config()
    contacts = members(*({name: row[name] for name in row if name != "member_since"} for row in rows))
    since = [row.get("member_since", row.get("start_on")) for row in rows]
    contacts = contacts.assign(member_since=pd.Series(since, dtype=object).astype("datetime64[s]"))
    got = calculate_all_membership_flags(
        add_measures(engine.give(contacts), as_of=AS_OF),
        config.tags if tags is None else tags,
        as_of=AS_OF,
        columns=config.contact_columns(),
    )
    return engine.take(got)


def held(engine: Engine, tag: str, *rows: dict[str, object]) -> list[object]:
    return list(by_row(flagged(engine, *rows), f"tag:{tag}").values())


def days(number: int | None) -> date | None:
    return None if number is None else AS_OF + timedelta(days=number)


def test_above_1000_is_high_value_and_1000_is_not(engine):
    values = [1_000_000_000, 1_000_010_000, 1_000_000_001, 999_999_999, 0, -1_000_010_000]

    got = held(engine, "high_value_customer", *({"total_order_value_micros": value} for value in values))

    assert got == [False, True, True, False, False, False]


def test_whoever_has_an_original_purchase_is_an_hfo_buy(engine):
    got = held(engine, "hfo_buy", {"original_purchase": "HFO"}, {"original_purchase": None}, {"original_purchase": "x"})

    assert got == [True, False, True]


@pytest.mark.parametrize(
    ("since", "until", "is_active"),
    [
        (0, 1, True),
        (-365, 365, True),
        (0, 0, False),
        (-365, 0, False),
        (1, 365, False),
        (-365, -1, False),
        (None, 365, False),
        (-365, None, False),
    ],
)
def test_a_member_is_active_from_the_first_day_to_the_day_before_the_end(engine, since, until, is_active):
    row = {"member_since": days(since), "start_on": days(500), "expires_on": days(until)}

    assert held(engine, "active_membership", row) == [is_active]


def test_expiring_soon_is_from_today_to_day_30(engine):
    rows = [{"expires_on": days(number)} for number in (-1, 0, 30, 31, None)]

    assert held(engine, "expiring_soon", *rows) == [False, True, True, False, False]


def test_recently_renewed_is_a_term_of_its_own_that_began_up_to_30_days_ago(engine):
    rows = [{"start_on": days(number), "member_since": days(-900)} for number in (1, 0, -30, -31, None)]

    assert held(engine, "recently_renewed", *rows) == [False, True, True, False, False]


def test_whoever_expires_today_is_expiring_soon_and_not_active(engine):
    row = {"start_on": days(-365), "expires_on": days(0), "original_purchase": "HFO"}

    got = by_row(flagged(engine, row), "membership_status_tags")

    assert got == {
        2: "not_high_value_customer;hfo_buy;not_active_membership;expiring_soon;not_recently_renewed"
    }  # fmt: skip


def test_the_tags_are_joined_in_the_order_of_the_config(engine):
    row = {"start_on": days(0), "expires_on": days(5), "total_order_value_micros": 2_000_000_000}

    got = by_row(flagged(engine, row), "membership_status_tags")

    assert got == {2: "high_value_customer;not_hfo_buy;active_membership;expiring_soon;recently_renewed"}


GOLD = Tag.model_validate({"value": "gold", "label": "Gold", "all": [{"column": "membership", "equals": "Gold"}]})
NAMED = Tag.model_validate(
    {"value": "named", "label": "Named", "all": [{"column": "customer_name", "is_known": True}]}
)  # fmt: skip


def test_a_tag_without_an_opposite_leaves_no_gap(engine):
    rows = [
        {"membership": "Gold", "customer_name": "Ann"},
        {"membership": "Gold"},
        {"customer_name": "Ann"},
        {},
    ]

    got = flagged(engine, *rows, tags=(GOLD, NAMED))

    assert by_row(got, "membership_status_tags") == {2: "gold;named", 3: "gold", 4: "named", 5: ""}


def test_the_truth_columns_hold_nothing_but_true_and_false(engine):
    got = flagged(engine, {}, {"expires_on": days(3)})

    for tag in default_config().tags:
        assert set(got[tag_column(tag)]) <= {True, False}


def test_a_tag_knows_its_options():
    tag = GOLD.model_copy(update={"otherwise": Label(value="not_gold", label="Not Gold")})

    assert [option.value for option in GOLD.options()] == ["gold"]
    assert [option.value for option in tag.options()] == ["gold", "not_gold"]
