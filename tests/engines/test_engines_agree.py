"""Every engine says what pandas says, and pandas what the naive reference of the rules says.

(:mod:`tests.test_refine_equals_reference` holds pandas to the reference.)
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldpan.accounts import Size, check_inputs
from goldpan.errors import DataError
from goldpan.frames import ROWS
from goldpan.rules import Tag
from tests.builders import default_config
from tests.drawing import examples
from tests.engines.stage import assert_same, config_of, frames_of, given_to, put_together
from tests.steps.frames import bought, members
from tests.strategies import AS_OF, exports

AS_OFS = st.sampled_from([AS_OF, date(2026, 10, 20), date(2026, 12, 21), date(2024, 2, 29)])
MATCHES = st.sampled_from(["customer_id", "customer_id", "customer_name"])

LARGEST_SUM = 2**63 - 1
LARGEST_AMOUNT = 999_999_999_999_999_999
"""What :func:`goldpan.values.money.read_amount` reads at most, in millionths."""


# --- whatever is drawn ------------------------------------------------------------------------------------------------


@examples(30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=exports(), as_of=AS_OFS, match_on=MATCHES)
def test_duckdb_agrees(duckdb_engine, drawn, as_of, match_on):
    assert_same(duckdb_engine, *frames_of(drawn), as_of=as_of, config=config_of(match_on=match_on))


@pytest.mark.slow
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(exports(), min_size=25, max_size=25), as_of=AS_OFS, match_on=MATCHES)
def test_spark_agrees_on_many_at_once(spark_engine, drawn, as_of, match_on):
    """Few large frames, since each takes Spark seconds, however small; and with the code that Spark makes of a plan."""
    spark_engine.session.conf.set("spark.sql.codegen.wholeStage", "true")
    spark_engine.session.conf.set("spark.sql.codegen.factoryMode", "CODEGEN_ONLY")
    frames = put_together([frames_of(each) for each in drawn])

    assert_same(spark_engine, *frames, as_of=as_of, config=config_of(match_on=match_on))


# --- where engines could differ ---------------------------------------------------------------------------------------

SKIPPED_MIDNIGHT = date(2018, 11, 4)
"""In São Paulo clocks went from 23:59:59 on the day before to 01:00."""

# In the order of their code points; UTF-16 has the last two the other way round, and a locale all of them.
TEXTS = ("", " ", "Z", "a", "a\x00b", "a ", "ab", "é", "ﬀ", "\U0001f600")
assert list(TEXTS) == sorted(TEXTS)
QUOTES = 'it\'s "x" `y`'


def odd_members():
    """Texts, days and gaps at the edges; rows of one customer, of one address, of nobody."""
    first, last = date(1950, 1, 1), date(2200, 12, 31)
    days = [first, last, SKIPPED_MIDNIGHT, SKIPPED_MIDNIGHT - timedelta(days=1), date(1969, 12, 31), None]
    rows = [
        {"customer_id": text, "customer_name": QUOTES if text == "Z" else text, "email": f"{text}@x.org",
         "created_on": first, "start_on": start, "expires_on": SKIPPED_MIDNIGHT, "original_purchase": text}
        for text, start in zip(TEXTS[1:], [*days, *days], strict=False)
    ]  # fmt: skip
    rows += [
        {"customer_id": "7", "created_on": begins, "expires_on": ends, "email": "g@x.org" if not begins else None}
        for begins in days
        for ends in days
    ]
    rows += [{"email": "g@x.org", "expires_on": last}, {"customer_name": "Nobody"}, {}, {}]
    return members(*rows).drop(columns="total_order_value_micros")


def odd_orders():
    """Orders of members, of prospects with odd ids, of nobody; repeated ones; amounts that need all 64 bits."""
    order = {"customer_id": "7", "total_value_micros": 1, "order_id": "A", "ordered_on": SKIPPED_MIDNIGHT}
    return bought(
        *({"customer_id": f"p{text}", "total_value_micros": 5, "customer_name": text} for text in TEXTS),
        *({"customer_id": "7", "total_value_micros": amount} for amount in (LARGEST_AMOUNT, LARGEST_AMOUNT, 1, -7)),
        *({"customer_id": None, "total_value_micros": amount, "customer_name": "Z"} for amount in (None, 3, -3)),
        *[order, order | {"customer_name": "Ann"}, order, order | {"total_value_micros": None}, order],
        *[{"customer_id": "pa", "order_id": "B"}, {"customer_id": "pa", "order_id": "B"}],
        {"customer_id": "a ", "total_value_micros": -5},
    )


def odd_config():
    """Every operator of tags; values and texts that a language could take for its own; numbers beyond 64 bits."""
    conditions = {
        "v1.5": {"column": "customer_name", "contains": "\x00"},
        "q\"uo'te`s": {"column": "customer_name", "equals": 'it\'s "x" `y`'},
        "beyond": {"column": "total_order_value", "above": 10**30},
        "within": {"column": "renewals", "between": [-(10**25), 10**25]},
        "negative": {"column": "total_order_value", "below": 0},
        "known": {"column": "customer_id", "one_of": ["7", "a ", "\U0001f600"]},
        "blank": {"column": "expires_on", "is_blank": True},
        "days": {"column": "expires_on", "between": [date(1950, 1, 1), SKIPPED_MIDNIGHT]},
        "last": {"column": "start_on", "at_least": date(2200, 12, 31)},
        "today": {"column": "expires_on", "on_or_before_today": True},
        "later": {"column": "expires_on", "after_today": True},
        "saved": {"column": "estimated_savings", "at_most": Decimal("0.0000004")},
    }
    parts = {name: {"any": [part], "none": [{"column": "email", "equals": "x"}]} for name, part in conditions.items()}
    tags = [Tag.model_validate({"value": name, "label": name, **part}) for name, part in parts.items()]
    return default_config().model_copy(update={"tags": tuple(tags)})


ODD = {"as_of": SKIPPED_MIDNIGHT, "config": odd_config()}


@pytest.mark.parametrize("as_dates", [False, True], ids=["times", "dates"])
def test_odd_texts_days_amounts_and_tags_are_the_same_to_duckdb(duckdb_engine, as_dates):
    got = assert_same(duckdb_engine, odd_members(), odd_orders(), as_dates=as_dates, **ODD)

    assert got.counts.repeated_orders == 3
    assert got.money.customers == 2 * LARGEST_AMOUNT - 9
    held = {tag.value: int(got.contacts[f"tag:{tag.value}"].sum()) for tag in ODD["config"].tags}
    assert held.pop("beyond") == 0
    assert held.pop("within") == len(got.contacts)
    assert {name for name, count in held.items() if 0 < count < len(got.contacts)} == held.keys()


def test_odd_texts_days_amounts_and_tags_are_the_same_to_spark_in_any_zone(spark_engine):
    """Also in a zone in which the business date had no midnight."""
    spark_engine.session.conf.set("spark.sql.session.timeZone", "America/Sao_Paulo")
    try:
        assert_same(spark_engine, odd_members(), odd_orders(), **ODD)
    finally:
        spark_engine.session.conf.set("spark.sql.session.timeZone", "UTC")


# --- sums ------------------------------------------------------------------------------------------------------------

UP_TO_64_BITS = [*[LARGEST_AMOUNT] * 9, LARGEST_SUM - 9 * LARGEST_AMOUNT]


@pytest.mark.parametrize("sign", [1, -1], ids=["bought", "returned"])
def test_one_millionth_more_than_64_bits_hold_is_refused(engine, sign):
    def checked(*amounts: int) -> Size:
        orders = bought(*({"customer_id": str(amount), "total_value_micros": amount} for amount in amounts))
        return check_inputs(given_to(engine, members({})), given_to(engine, orders))

    assert checked(*UP_TO_64_BITS[:-1], sign * UP_TO_64_BITS[-1]) == Size(memberships=1, orders=10)
    with pytest.raises(DataError, match="add up to more than"):
        checked(*UP_TO_64_BITS[:-1], sign * UP_TO_64_BITS[-1], sign)


def test_a_sum_that_needs_all_64_bits_is_exact(duckdb_engine):
    orders = bought(*({"customer_id": "7", "total_value_micros": amount} for amount in UP_TO_64_BITS))

    got = assert_same(duckdb_engine, members({"customer_id": "7"}).drop(columns="total_order_value_micros"), orders)

    assert got.money.total == got.contacts["total_order_value_micros"].item() == LARGEST_SUM


def test_row_numbers_that_ranks_cannot_hold_are_refused(engine):
    fits, does_not = (given_to(engine, members({"source_row": number})) for number in (ROWS - 1, ROWS))
    orders = given_to(engine, bought({}))

    assert check_inputs(fits, orders) == Size(memberships=1, orders=1)
    with pytest.raises(DataError, match="499,999,999"):
        check_inputs(does_not, orders)
