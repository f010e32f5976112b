"""The forecast counts on each coming day what a run on that day would count, from the same exports."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.conform import conform
from goldpan.errors import DataError
from goldpan.forecast import Course, ForecastDay, Movement, courses_of, forecast_tags, largest_movements
from goldpan.pipeline import refine
from goldpan.report.forecast import forecast_tables, marks_of
from goldpan.rules import Tag
from tests.builders import AS_OF, default_config, memberships, orders, sheet
from tests.drawing import examples
from tests.strategies import exports
from tests.test_chicago import FOLDER, export_of
from tests.test_laws import conformed

DAY = timedelta(days=1)

EVERY_WAY_TO_MEET_A_DAY = [
    {"value": "soon", "label": "Soon", "all": [{"column": "membership_category", "equals": "expiring_soon"}]},
    {"value": "lately", "label": "Lately", "any": [{"column": "days_since_start", "below": 3},
                                                   {"column": "start_on", "is_blank": True}]},
    {"value": "known", "label": "Known", "none": [{"column": "customer_name", "is_blank": True}],
     "otherwise": {"value": "unknown", "label": "Unknown"}},
    {"value": "hfo", "label": "HFO", "all": [{"column": "original_purchase", "equals": "HFO"}]},
    {"value": "until", "label": "Until", "all": [{"column": "expires_on", "at_most": date(2026, 11, 22)}]},
    {"value": "ahead", "label": "Ahead", "all": [{"column": "member_since", "after_today": True},
                                                 {"column": "estimated_savings", "at_least": 80}]},
]  # fmt: skip


def config_with(*tags, **rules):
    config = default_config()
    changes = {"rules": config.rules.model_copy(update=rules)}
    return config.model_copy(update=changes | ({"tags": tuple(map(Tag.model_validate, tags))} if tags else {}))


def counted(members, bought=None, *, days, as_of=AS_OF, config=None):
    frames = members.frame, (bought or orders()).frame
    return list(forecast_tags(*frames, as_of, days, config or default_config()))


def carrying(value, days):
    return [day.tags[value] for day in days]


# --- the law ----------------------------------------------------------------------------------------------------------

CONFIGS = [
    default_config(),
    config_with(*EVERY_WAY_TO_MEET_A_DAY, expiring_soon_days=1),
    config_with(match_on="customer_name"),
]


@examples(15)
@given(
    drawn=exports(),
    first=st.sampled_from([-401, -366, -32, -2, 28]),  # days before AS_OF, where the drawn dates have their edges
    config=st.sampled_from(CONFIGS),
)
def test_every_day_counts_what_a_run_on_that_day_would(drawn, first, config):
    members, bought = conformed("memberships", drawn.memberships), conformed("orders", drawn.orders)
    as_of = AS_OF + first * DAY

    days = counted(members, bought, as_of=as_of, days=3, config=config)

    assert [day.on for day in days] == [as_of + ahead * DAY for ahead in range(4)]
    for day in days:
        run = refine(members.frame, bought.frame, day.on, config)
        assert list(day.tags.items()) == list(run.tag_counts(config).items())


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="the Chicago exports are not beside this checkout")
def test_a_year_ahead_counts_what_runs_on_its_days_would():
    members, bought = export_of("memberships", "memberships.csv"), export_of("orders", "orders.csv")

    days = counted(members, bought, days=365)

    moving = {move.on for move in largest_movements(days, default_config().tags, 40)}
    asked = [day for day in days if day.on in moving or (day.on - AS_OF).days % 30 == 0]
    assert len(asked) > 45
    for day in asked:
        assert day.tags == refine(members.frame, bought.frame, day.on, default_config()).tag_counts(default_config())


# --- which membership counts ------------------------------------------------------------------------------------------


def term(start, end, *, customer=1, email="ann@example.org", **more):
    return {"Cust ID": customer, "Contact Email": email, "Created Date": start, "Start Date": start,
            "Expiration Date": end} | more  # fmt: skip


ONE_NOW_ONE_LATER = memberships(
    term("2026-01-01", "2026-11-22", **{"Original Pu": "HFO"}),  # counts while it covers the day
    term("2026-11-24", "2027-11-24", customer=2, **{"Original Pu": "Web"}),
)


HFO = {"value": "hfo", "label": "HFO", "all": [{"column": "original_purchase", "equals": "HFO"}]}


def test_another_membership_counts_once_the_one_that_counted_ends():
    """On 22 and 23 November none covers the day; the one that ends last counts then, though it has not begun."""
    active = next(tag for tag in default_config().tags if tag.value == "active_membership")

    days = counted(ONE_NOW_ONE_LATER, days=5, config=config_with(HFO, active.model_dump(exclude_none=True)))

    assert carrying("hfo", days) == [1, 1, 0, 0, 0, 0]
    assert carrying("active_membership", days) == [1, 1, 0, 0, 1, 1]
    assert carrying("not_active_membership", days) == [0, 0, 1, 1, 0, 0]


def test_another_membership_counts_once_it_begins():
    members = memberships(
        term("2027-06-01", "2028-06-01", **{"Original Pu": "Web"}),  # it ends last, so it counts while none covers
        term("2026-11-23", "2027-01-23", customer=2, **{"Original Pu": "HFO"}),
    )

    assert carrying("hfo", counted(members, days=4, config=config_with(HFO))) == [0, 0, 0, 1, 1]


def test_the_category_ends_where_the_config_says():
    soon = {"value": "soon", "label": "Soon", "all": [{"column": "membership_category", "equals": "expiring_soon"}]}
    members = memberships(term("2026-01-01", "2026-11-24"))

    days = counted(members, days=5, config=config_with(soon, expiring_soon_days=2))

    assert carrying("soon", days) == [0, 0, 1, 1, 1, 0]


def test_what_the_ids_of_replaced_rows_bought_counts_too():
    config, named = config_with(match_on="customer_name"), {"Customer Name": "Ann Lee"}
    rows = [
        term("2025-11-01", "2026-11-01", customer=1) | named,  # renewed under another id
        term("2026-11-01", "2027-11-01", customer=2) | named,
        term("2020-11-01", "2021-11-01", customer=3) | named,  # a second chain, so the choice is made day by day
    ]
    members = conform([sheet(rows)], config.memberships, name_keys_for_all=True)
    bought = orders({"SAP ID": 1, "Total Value": 1001})

    assert carrying("high_value_customer", counted(members, bought, days=1, config=config)) == [1, 1]


def test_contacts_with_one_membership_and_with_several_count_together():
    members = memberships(
        term("2026-01-01", "2026-11-22"),
        term("2026-11-24", "2027-11-24", customer=2),
        term("2026-01-01", "2026-11-23", customer=3, email="bob@example.org"),
        term("2026-01-01", "2027-01-01", customer=4, email="not an address"),  # nobody can write to it
    )

    days = counted(members, days=4)

    assert carrying("active_membership", days) == [2, 2, 1, 0, 1]
    assert carrying("not_active_membership", days) == [0, 0, 1, 2, 1]


def test_what_everybody_behind_a_contact_bought_counts_on_every_day():
    bought = orders({"SAP ID": 1, "Total Value": 600}, {"SAP ID": 2, "Total Value": "400.01"})

    assert carrying("high_value_customer", counted(ONE_NOW_ONE_LATER, bought, days=5)) == [1] * 6


def test_without_anybody_to_write_to_every_count_is_zero():
    members = memberships(term("2026-01-01", "2026-11-22", email=None))

    assert counted(members, days=1) == [ForecastDay(AS_OF + ahead * DAY, dict.fromkeys(OPTIONS, 0)) for ahead in (0, 1)]


OPTIONS = [option.value for tag in default_config().tags for option in tag.options()]


def test_no_day_ahead_is_the_first_day_alone():
    (day,) = counted(ONE_NOW_ONE_LATER, days=0)

    assert day.on == AS_OF
    assert day.tags == refine(ONE_NOW_ONE_LATER.frame, orders().frame, AS_OF, default_config()).tag_counts(
        default_config()
    )


def test_it_reads_the_frames_and_leaves_them_as_they_are():
    before = ONE_NOW_ONE_LATER.frame.copy(deep=True)

    counted(ONE_NOW_ONE_LATER, days=5)

    assert ONE_NOW_ONE_LATER.frame.equals(before)


def test_amounts_that_are_no_amounts_are_refused_as_in_a_run():
    bought = orders(*({"SAP ID": number, "Total Value": 999_999_999_999} for number in range(10)))

    with pytest.raises(DataError, match="add up to more than"):
        counted(ONE_NOW_ONE_LATER, bought, days=1)


# --- what is told of it -----------------------------------------------------------------------------------------------


def days_with(**sizes):
    """Days from AS_OF on, from the sizes of each tag."""
    return [
        ForecastDay(AS_OF + ahead * DAY, dict(zip(sizes, row, strict=True)))
        for ahead, row in enumerate(zip(*sizes.values(), strict=True))
    ]


def tag(value, otherwise=None):
    other = {"otherwise": {"value": otherwise, "label": otherwise.upper()}} if otherwise else {}
    return Tag.model_validate({"value": value, "label": value.upper(), "all": [{"column": "email", "is_known": True}]}
                              | other)  # fmt: skip


def test_a_course_names_the_first_day_with_the_fewest_and_with_the_most():
    courses = courses_of(days_with(a=[5, 3, 3, 9, 9], b=[7] * 5))

    assert courses == {
        "a": Course((5, 3, 3, 9, 9), 3, AS_OF + DAY, 9, AS_OF + 3 * DAY),
        "b": Course((7,) * 5, 7, AS_OF, 7, AS_OF),
    }
    assert [course.is_level for course in courses.values()] == [False, True]


def test_the_days_that_move_most_come_first_and_count_no_opposite():
    days = days_with(a=[10, 12, 12, 2, 3], not_a=[0, -2, -2, 8, 7], b=[5, 5, 5, 5, 3])

    moves = largest_movements(days, [tag("a", "not_a"), tag("b")], limit=2)

    assert moves == (Movement(AS_OF + 3 * DAY, {"a": -10}), Movement(AS_OF + 4 * DAY, {"a": 1, "b": -2}))


def test_days_that_move_alike_come_in_their_order_and_days_without_movement_never():
    moves = largest_movements(days_with(a=[1, 2, 2, 3]), [tag("a")], limit=9)

    assert [move.on for move in moves] == [AS_OF + DAY, AS_OF + 3 * DAY]


@pytest.mark.parametrize(
    ("days", "marks"), [(0, ()), (1, (1,)), (7, (7,)), (10, (7, 10)), (30, (7, 14, 30)), (365, (7, 14, 30, 365))]
)
def test_the_overview_looks_at_the_days_that_people_ask_for_and_at_the_last(days, marks):
    assert marks_of(days_with(a=[0] * (days + 1))) == marks


def test_the_tables_have_a_row_per_option_and_a_row_per_day():
    days = days_with(a=[5, 4, 6], not_a=[1, 2, 0])

    overview, numbers = forecast_tables(days, [tag("a", "not_a")])

    assert overview.frame.astype("str").to_numpy().tolist() == [
        ["A", "5", "6", "4", "2026-11-21", "6", "2026-11-22"],
        ["NOT_A", "1", "0", "0", "2026-11-22", "2", "2026-11-21"],
    ]
    assert list(overview.frame) == ["Tag", "2026-11-20", "2026-11-22", "Lowest", "Lowest On", "Highest", "Highest On"]
    assert list(numbers.frame) == ["Date", "A", "NOT_A"]
    assert numbers.frame.astype("str").to_numpy().tolist() == [
        ["2026-11-20", "5", "1"],
        ["2026-11-21", "4", "2"],
        ["2026-11-22", "6", "0"],
    ]


def test_a_tag_called_date_stands_beside_the_dates():
    _, numbers = forecast_tables(days_with(date=[1]), [tag("date")])

    assert list(numbers.frame) == ["Date", "DATE (export)"]
