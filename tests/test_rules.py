"""Conditions as data: every operator on every kind of column (RULES section 6)."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldpan.columns import ColumnType
from goldpan.config import Config
from goldpan.exports import hubspot_csv
from goldpan.rules import OPERATORS, Group, Tag, problems_of_tags
from goldpan.steps.tags import calculate_all_membership_flags, tag_column
from goldpan.values.ids import key_of
from tests.builders import AS_OF, default_config, memberships, orders, refined
from tests.reference.config import Condition as ReferenceCondition
from tests.reference.config import Tag as ReferenceTag
from tests.reference.tags import tag_holds
from tests.steps import engines

COLUMNS: Mapping[str, ColumnType] = {
    "customer_id": "id", "membership": "text", "email": "email", "expires_on": "date", "total_order_value": "money",
    "estimated_savings": "money", "renewals": "number",
}  # fmt: skip
SHARE = Decimal("0.08")
YESTERDAY, TOMORROW = AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)


def tag_of(**group: object) -> Tag:
    return Tag.model_validate({"value": "it", "label": "It", **group})


def contacts(*rows: Mapping[str, object]) -> pd.DataFrame:
    """Contacts as the tag step takes them; amounts are given in units of money."""

    def column(name: str, dtype: str) -> "pd.Series[Any]":
        return pd.Series([row.get(name) for row in rows], dtype=object).astype(dtype)

    ids = column("customer_id", "str")
    micros = [None if (v := row.get("total_order_value")) is None else int(Decimal(str(v)) * 10**6) for row in rows]
    return pd.DataFrame(
        {
            "customer_id": ids,
            "customer_id_key": ids.map(key_of, na_action="ignore").astype("str"),
            "membership": column("membership", "str"),
            "email": column("email", "str"),
            "expires_on": column("expires_on", "datetime64[s]"),
            "total_order_value_micros": pd.Series(micros, dtype="Int64"),
            "renewals": column("renewals", "Int64"),
        }
    )


def holds(group: Mapping[str, object], *rows: Mapping[str, object], engine: str = "pandas") -> list[bool]:
    """For which rows a tag of these conditions holds."""
    tag = tag_of(**group)
    assert list(problems_of_tags([tag], COLUMNS)) == []
    with engines.opened(engine) as opened:
        frame = opened.give(contacts(*rows).reset_index(names="row"))
        flagged = calculate_all_membership_flags(frame, [tag], as_of=AS_OF, columns=COLUMNS, savings_share=SHARE)
        return opened.take(flagged).sort_values("row")[tag_column(tag)].tolist()


D = AS_OF
CASES = [
    # column, operator, operand, values, for which of them it holds
    ("customer_id", "is_known", True, ["1", None], [True, False]),
    ("customer_id", "is_blank", True, ["1", None], [False, True]),
    ("customer_id", "equals", "00121", ["121", "0121", "1210", "A121", None], [True, True, False, False, False]),
    ("customer_id", "one_of", ["121", "a7"], ["00121", "a7", "A7", None], [True, True, False, False]),
    ("customer_id", "contains", "01", ["0012", "12", "A01", None], [True, False, True, False]),
    ("membership", "is_known", True, ["Gold", None], [True, False]),
    ("membership", "is_blank", True, ["Gold", None], [False, True]),
    ("membership", "equals", "Gold", ["Gold", "gold", "Golden", None], [True, False, False, False]),
    ("membership", "equals", "007", ["007", "7", None], [True, False, False]),
    ("membership", "one_of", ["Gold", "Silver"], ["Silver", "Gold", "silver", None], [True, True, False, False]),
    ("membership", "contains", "o.d", ["Go.d", "Gold", None], [True, False, False]),
    ("email", "is_known", True, ["a@x.com", None], [True, False]),
    ("email", "is_blank", True, ["a@x.com", None], [False, True]),
    ("email", "equals", "a@x.com", ["a@x.com", "b@x.com", None], [True, False, False]),
    ("email", "one_of", ["a@x.com"], ["a@x.com", "b@x.com", None], [True, False, False]),
    ("email", "contains", "@x.", ["a@x.com", "a@y.com", None], [True, False, False]),
    ("expires_on", "is_known", True, [D, None], [True, False]),
    ("expires_on", "is_blank", True, [D, None], [False, True]),
    ("expires_on", "equals", D, [YESTERDAY, D, TOMORROW, None], [False, True, False, False]),
    ("expires_on", "one_of", [D, TOMORROW], [YESTERDAY, D, TOMORROW, None], [False, True, True, False]),
    ("expires_on", "above", D, [YESTERDAY, D, TOMORROW, None], [False, False, True, False]),
    ("expires_on", "at_least", D, [YESTERDAY, D, TOMORROW, None], [False, True, True, False]),
    ("expires_on", "below", D, [YESTERDAY, D, TOMORROW, None], [True, False, False, False]),
    ("expires_on", "at_most", D, [YESTERDAY, D, TOMORROW, None], [True, True, False, False]),
    ("expires_on", "between", [D, TOMORROW], [YESTERDAY, D, TOMORROW, None], [False, True, True, False]),
    ("expires_on", "between", [D, D], [YESTERDAY, D, TOMORROW, None], [False, True, False, False]),
    ("expires_on", "on_or_before_today", True, [YESTERDAY, D, TOMORROW, None], [True, True, False, False]),
    ("expires_on", "after_today", True, [YESTERDAY, D, TOMORROW, None], [False, False, True, False]),
    ("total_order_value", "is_known", True, [0, None], [True, False]),
    ("total_order_value", "is_blank", True, [0, None], [False, True]),
    ("total_order_value", "equals", Decimal("12.5"), [12.5, "12.500001", None], [True, False, False]),
    ("total_order_value", "one_of", [1, Decimal("0.1")], [1, 0.1, 2, None], [True, True, False, False]),
    ("total_order_value", "above", 1000, ["1000", "1000.000001", "1000.01", None], [False, True, True, False]),
    ("total_order_value", "at_least", 1000, ["999.999999", "1000", None], [False, True, False]),
    ("total_order_value", "below", 1000, ["999.999999", "1000", None], [True, False, False]),
    ("total_order_value", "at_most", 1000, ["1000", "1000.000001", None], [True, False, False]),
    ("total_order_value", "between", [-5, 0], [-6, -5, 0, "0.000001", None], [False, True, True, False, False]),
    ("renewals", "is_known", True, [0, None], [True, False]),
    ("renewals", "is_blank", True, [0, None], [False, True]),
    ("renewals", "equals", 2, [1, 2, 3, None], [False, True, False, False]),
    ("renewals", "equals", Decimal("2.5"), [2, 3, None], [False, False, False]),
    ("renewals", "one_of", [0, 2], [0, 1, 2, None], [True, False, True, False]),
    ("renewals", "above", 2, [2, 3, None], [False, True, False]),
    ("renewals", "above", Decimal("2.5"), [2, 3, None], [False, True, False]),
    ("renewals", "at_least", 2, [1, 2, None], [False, True, False]),
    ("renewals", "at_least", Decimal("2.5"), [2, 3, None], [False, True, False]),
    ("renewals", "below", 2, [1, 2, None], [True, False, False]),
    ("renewals", "below", Decimal("2.5"), [2, 3, None], [True, False, False]),
    ("renewals", "at_most", 2, [2, 3, None], [True, False, False]),
    ("renewals", "at_most", Decimal("-0.5"), [0, -1, None], [False, True, False]),
    ("renewals", "between", [1, 2], [0, 1, 2, 3, None], [False, True, True, False, False]),
]


@pytest.mark.parametrize("engine", engines.NAMES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]} {case[2]}")
def test_every_operator_on_every_kind_of_column(engine, case):
    column, operator, operand, values, wanted = case
    rows = [{column: value} for value in values]

    assert holds({"all": [{"column": column, operator: operand}]}, *rows, engine=engine) == wanted


def test_every_operator_stands_in_the_table_above_for_each_type_that_it_takes():
    tried = {(operator, COLUMNS[column]) for column, operator, *_ in CASES}

    assert tried == {(name, type_) for name, operator in OPERATORS.items() for type_ in operator.columns}


@pytest.mark.parametrize("operator", sorted(set(OPERATORS) - {"is_blank"}))
def test_a_missing_value_satisfies_is_blank_and_nothing_else(operator):
    cases = [case for case in CASES if case[1] == operator]

    for column, _, operand, _, _ in cases:
        assert holds({"all": [{"column": column, operator: operand}]}, {}) == [False]


# --- exact money ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "operand", "total", "wanted"),
    [
        ("above", 80, "1000", False),  # 8 % of 1000.00 is 80.00 exactly
        ("above", 80, "1000.000001", True),
        ("at_least", 80, "1000", True),
        ("at_least", 80, "999.999999", False),
        ("equals", 80, "1000", True),
        ("below", 80, "999.999999", True),
        ("below", 80, "1000", False),
        ("above", Decimal("0.01"), "0.125", False),
        ("above", Decimal("0.01"), "0.125001", True),
        ("equals", Decimal("33.333333"), "416.666662", False),
        ("at_least", Decimal("33.333333"), "416.666662", False),
        ("at_least", Decimal("33.333333"), "416.666663", True),
    ],
)
def test_savings_are_compared_before_they_are_rounded(operator, operand, total, wanted):
    group = {"all": [{"column": "estimated_savings", operator: operand}]}

    assert holds(group, {"total_order_value": total}) == [wanted]


def test_savings_follow_the_configured_share():
    tag = tag_of(all=[{"column": "estimated_savings", "above": 80}])
    frame = contacts({"total_order_value": 800}, {"total_order_value": "800.000001"})

    got = calculate_all_membership_flags(frame, [tag], as_of=AS_OF, columns=COLUMNS, savings_share=Decimal("0.1"))

    assert got["tag:it"].tolist() == [False, True]


# --- groups -----------------------------------------------------------------------------------------------------------

GOLD = {"column": "membership", "equals": "Gold"}
RENEWED = {"column": "renewals", "above": 0}
RICH = {"column": "total_order_value", "above": 10}
EVERY = [
    {"membership": membership, "renewals": renewals, "total_order_value": total}
    for membership in ("Gold", None)
    for renewals in (1, 0, None)
    for total in (11, 10, None)
]


@pytest.mark.parametrize(
    ("group", "wanted"),
    [
        ({"all": [GOLD, RENEWED]}, lambda gold, renewed, _: gold and renewed),
        ({"any": [GOLD, RENEWED]}, lambda gold, renewed, _: gold or renewed),
        ({"none": [GOLD, RENEWED]}, lambda gold, renewed, _: not (gold or renewed)),
        ({"all": [GOLD], "any": [RENEWED, RICH]}, lambda gold, renewed, rich: gold and (renewed or rich)),
        ({"all": [GOLD], "none": [RENEWED, RICH]}, lambda gold, renewed, rich: gold and not (renewed or rich)),
        ({"any": [GOLD, RICH], "none": [RENEWED]}, lambda gold, renewed, rich: (gold or rich) and not renewed),
        ({"any": [{"all": [GOLD, RENEWED]}, RICH]}, lambda gold, renewed, rich: (gold and renewed) or rich),
        ({"none": [{"all": [GOLD, RENEWED]}]}, lambda gold, renewed, _: not (gold and renewed)),
        (
            {"all": [{"any": [{"none": [GOLD]}, {"all": [RENEWED, RICH]}]}]},
            lambda gold, renewed, rich: not gold or (renewed and rich),
        ),
    ],
)
@pytest.mark.parametrize("engine", engines.NAMES)
def test_groups_join_their_conditions_and_missing_values_are_just_false(engine, group, wanted):
    facts = [
        (row["membership"] == "Gold", (row["renewals"] or 0) > 0, (row["total_order_value"] or 0) > 10) for row in EVERY
    ]

    assert holds(group, *EVERY, engine=engine) == [bool(wanted(*fact)) for fact in facts]


def test_a_rule_can_be_read_aloud():
    group = Group.model_validate(
        {"all": [GOLD, {"all": [RICH, RENEWED]}], "none": [{"column": "renewals", "between": [1, 3]}]}
    )

    assert (
        str(group)
        == "membership is Gold and (total_order_value > 10 and renewals > 0) and not (renewals is from 1 to 3)"
    )
    assert str(Group.model_validate({"any": [RICH, RENEWED]})) == "(total_order_value > 10 or renewals > 0)"
    assert [condition.column for condition in group.conditions()] == [
        "membership", "total_order_value", "renewals", "renewals"
    ]  # fmt: skip


# --- as the reference says --------------------------------------------------------------------------------------------

VALUES: Mapping[str, list[Any]] = {
    "membership": ["Gold", "gold", "Silver", None],
    "expires_on": [YESTERDAY, AS_OF, TOMORROW, None],
    "total_order_value": [Decimal("999.999999"), Decimal(1000), Decimal("1000.000001"), Decimal("-0.5"), None],
    "renewals": [0, 1, 2, None],
}
OPERANDS: Mapping[str, list[Any]] = {
    "membership": ["Gold", "old"],
    "expires_on": [YESTERDAY, AS_OF, TOMORROW],
    "total_order_value": [1000, Decimal("999.9999995"), Decimal("-0.5")],
    "renewals": [0, 1, Decimal("1.5")],
}


@st.composite
def conditions(draw: st.DrawFn) -> tuple[dict[str, Any], ReferenceCondition]:
    """One condition as config says it, and as the reference does."""
    column = draw(st.sampled_from(sorted(VALUES)))
    name = draw(st.sampled_from([name for name, operator in OPERATORS.items() if COLUMNS[column] in operator.columns]))
    pick = st.sampled_from(OPERANDS[column])
    operand = {
        "true": st.just(True),
        "one": pick,
        "several": st.lists(pick, min_size=1, max_size=3),
        "two": st.tuples(pick, pick).map(sorted),
    }[OPERATORS[name].operands]
    drawn = draw(operand)
    return {"column": column, name: drawn}, ReferenceCondition(column, name, drawn)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.fixed_dictionaries({key: st.lists(conditions(), max_size=2) for key in ("all", "any", "none")}),
    rows=st.lists(st.fixed_dictionaries({name: st.sampled_from(pool) for name, pool in VALUES.items()}), min_size=1),
)
def test_any_rule_holds_where_the_reference_says(parts, rows):
    if not any(parts.values()):
        return
    group = {key: [config for config, _ in drawn] for key, drawn in parts.items()}
    tag = ReferenceTag("it", "It", **{key: [condition for _, condition in drawn] for key, drawn in parts.items()})

    assert holds(group, *rows) == [tag_holds(tag, SimpleNamespace(**row), AS_OF) for row in rows]


# --- a tag is only config ---------------------------------------------------------------------------------------------


def with_tags(*tags: Tag) -> Config:
    config = default_config()
    return config.model_copy(update={"tags": (*config.tags, *tags)})


def test_a_new_tag_needs_nothing_but_config():
    gold = Tag.model_validate(
        {
            "value": "gold_buyer",
            "label": "Gold Buyer",
            "otherwise": {"value": "not_gold_buyer", "label": "Not Gold Buyer"},
            "all": [GOLD, {"column": "estimated_savings", "above": 80}],
        }
    )
    loyal = Tag.model_validate({"value": "loyal", "label": "Loyal", "any": [{"column": "renewals", "at_least": 1}]})
    config = with_tags(gold, loyal)
    ann = {"Cust ID": "1", "Contact Email": "ann@x.com", "Created Date": date(2026, 1, 1), "Membership": "Gold"}
    members = memberships(
        ann | {"Expiration Date": date(2026, 12, 31)},
        ann | {"Cust ID": "2", "Contact Email": "bo@x.com", "Expiration Date": date(2027, 1, 1)},
    )

    got = refined(
        members, orders({"SAP ID": "1", "Total Value": "1000.01"}, {"SAP ID": "2", "Total Value": 1000}), config=config
    )

    tags = dict(zip(got.contacts["email"], got.contacts["membership_status_tags"], strict=True))
    assert tags["ann@x.com"].endswith(";not_recently_renewed;gold_buyer")
    assert tags["bo@x.com"].endswith(";not_recently_renewed;not_gold_buyer")
    lines = hubspot_csv(got.contacts, config.tags).splitlines()
    assert "Not Recently Renewed;Gold Buyer,1000.01,80.00" in lines[1]
    assert "Not Recently Renewed;Not Gold Buyer,1000.00,80.00" in lines[2]
    assert got.tag_counts(config)["gold_buyer"] == got.tag_counts(config)["not_gold_buyer"] == 1
    assert got.tag_counts(config)["loyal"] == 0
