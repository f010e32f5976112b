"""The config folder, checked: each mistake is named with its file and key, and all of them at once."""

import copy
import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from goldpan.columns import CATEGORIES
from goldpan.config import Config, parse_config
from goldpan.errors import ConfigError
from sync.settings import load_config
from tests.builders import REPOSITORY, default_config

MEMBERSHIPS, ORDERS, TAGS = "exports/memberships.toml", "exports/orders.toml", "tags.toml"
PROPERTIES, GOLDPAN = "properties.toml", "goldpan.toml"

Files = dict[str, dict[str, Any]]


def shipped() -> Files:
    """The parsed files of the config folder that Goldpan ships."""

    def parsed(name: str) -> dict[str, Any]:
        return tomllib.loads((REPOSITORY / "config" / name).read_text(encoding="utf-8"), parse_float=Decimal)

    files = {name: parsed(name) for name in (MEMBERSHIPS, ORDERS, TAGS, PROPERTIES)}
    return copy.deepcopy(files | {GOLDPAN: parsed(GOLDPAN)["rules"]})


def problems(change: Callable[[Files], object]) -> list[str]:
    """What is said about the shipped config after one change."""
    files = shipped()
    change(files)
    with pytest.raises(ConfigError) as caught:
        parse_config(files)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def set_key(file: str, key: str, value: object) -> Callable[[Files], object]:
    return lambda files: files[file].__setitem__(key, value)


def set_column(file: str, position: int, **keys: object) -> Callable[[Files], object]:
    return lambda files: files[file]["column"][position].update(keys)


def add_column(file: str, **keys: object) -> Callable[[Files], object]:
    return lambda files: files[file]["column"].append({"type": "text", "headers": ["Another"], **keys})


def add_tag(**keys: object) -> Callable[[Files], object]:
    return lambda files: files[TAGS]["tag"].append({"value": "x", "label": "X", **keys})


def add_condition(**condition: object) -> Callable[[Files], object]:
    return add_tag(all=[condition])


def add_property(**keys: object) -> Callable[[Files], object]:
    return lambda files: files[PROPERTIES]["property"].append(
        {"name": "p", "column": "renewals", "type": "number", **keys}
    )


# --- what Goldpan ships -----------------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_the_rules():
    rules = default_config().rules

    assert rules.match_on == "customer_id"
    assert rules.renewal_window_days == 7
    assert rules.expiring_soon_days == 30
    assert rules.savings_share == Decimal("0.08")
    assert rules.prospect_savings_share == Decimal("0.05")
    assert rules.high_value_above == 1000


def test_the_same_numbers_stand_without_a_file():
    assert parse_config(shipped() | {GOLDPAN: {}}).rules == default_config().rules


def test_the_tags_are_those_of_the_rules_in_their_order():
    told = [
        (option.value, option.label, str(tag)) for tag in default_config().tags for option in tag.options()
    ]  # fmt: skip

    rules = {
        "High-Value Customer": "total_order_value > 1000",
        "HFO Buy": "original_purchase is known",
        "Active Membership": "member_since ≤ today and expires_on > today",
        "Expiring Soon": "days_until_expiration is from 0 to 30",
        "Recently Renewed": "days_since_start is from 0 to 30",
    }
    assert told == [
        (label.lower().replace(" ", "_").replace("-", "_"), label, rule)
        for name, rule in rules.items()
        for label in (name, f"Not {name}")
    ]


def test_the_accepted_headers_are_those_of_the_rules():
    config = default_config()

    assert [(c.name, c.type, "; ".join(c.headers), c.required) for c in config.memberships.columns] == [
        ("customer_id", "id", "Cust ID; Customer ID; SAP ID; Customer Number", True),
        ("customer_name", "text", "Customer Name; Name", True),
        ("email", "email", "Contact Email; Email; E-mail; Email Address", True),
        ("created_on", "date", "Created Date; Created", True),
        ("start_on", "date", "Start Date; Membership Start", True),
        ("expires_on", "date", "Expiration Date; Expiry Date; End Date", True),
        ("original_purchase", "text", "Original Pu; Original Purchase Method; Original Purchase", False),
        ("membership", "text", "Membership; Membership Status", False),
    ]
    assert [(c.name, c.type, "; ".join(c.headers), c.required) for c in config.orders.columns] == [
        ("customer_id", "id", "SAP ID; Cust ID; Customer ID", True),
        ("total_value", "money", "Total Value; Order Total; Amount", True),
        ("order_id", "id", "Sales Doc; Order ID; Invoice", False),
        ("ordered_on", "date", "Order Date; Invoice Date", False),
        ("customer_name", "text", "Customer Name", False),
    ]
    for export in (config.memberships, config.orders):
        assert export.header_within_rows == 20
        assert export.date_formats == ("%m/%d/%Y", "%m/%d/%y", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d")
        assert export.decimal_mark == "."


def test_the_categories_are_in_the_order_of_the_analysis():
    assert list(CATEGORIES.items()) == [
        ("expired", "Expired"), ("expiring_soon", "Expiring Soon"), ("active", "Active"), ("unknown", "Unknown")
    ]  # fmt: skip


def test_the_properties_are_those_of_the_rules():
    assert [(spec.name, spec.column, spec.type, spec.policy) for spec in default_config().properties.properties] == [
        ("membership_status_tags", "membership_status_tags", "tags", "own"),
        ("total_order_value", "total_order_value", "number", "own"),
        ("estimated_savings", "estimated_savings", "number", "own"),
        ("membership_start", "start_on", "date", "own"),
        ("membership_expires", "expires_on", "date", "own"),
        ("member_since", "member_since", "date", "own"),
        ("membership_category", "membership_category", "select", "own"),
        ("customer_id", "customer_id", "text", "own"),
        ("customer_name", "customer_name", "text", "own"),
    ]


def test_a_config_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        default_config().rules.renewal_window_days = 8


def test_a_further_column_may_be_named_by_tags_and_properties():
    files = shipped()
    add_column(MEMBERSHIPS, name="state", type="text", headers=["State/Regi"])(files)
    add_condition(column="state", equals="BY")(files)
    add_property(column="state", type="text")(files)

    config = parse_config(files)

    assert config.contact_columns()["state"] == "text"


# --- each mistake -----------------------------------------------------------------------------------------------------

MISTAKES = [
    # numbers
    (set_key(GOLDPAN, "renewal_window", 3), "goldpan.toml: rules.renewal_window: unknown key"),
    (
        set_key(GOLDPAN, "renewal_window_days", "seven"),
        "goldpan.toml: rules.renewal_window_days: found 'seven'; .*integer",
    ),
    (
        set_key(GOLDPAN, "renewal_window_days", Decimal("7.5")),
        "goldpan.toml: rules.renewal_window_days: found .*7.5.*integer",
    ),
    (set_key(GOLDPAN, "renewal_window_days", -1), "goldpan.toml: rules.renewal_window_days: found -1; .*or equal to 0"),
    (
        set_key(GOLDPAN, "match_on", "email"),
        "goldpan.toml: rules.match_on: found 'email'; .*'customer_id' or 'customer_name'",
    ),
    (set_key(GOLDPAN, "savings_share", 0), "goldpan.toml: rules.savings_share: found 0; .*greater than 0"),
    (set_key(GOLDPAN, "savings_share", 8), "goldpan.toml: rules.savings_share: found 8; .*less than or equal to 1"),
    # exports
    (set_key(ORDERS, "sheeet", "x"), "exports/orders.toml: sheeet: unknown key"),
    (set_key(ORDERS, "header_within_rows", 0), "exports/orders.toml: header_within_rows: found 0; .*equal to 1"),
    (set_key(ORDERS, "decimal_mark", ";"), r"exports/orders.toml: decimal_mark: found ';'; .*'\.' or ','"),
    (set_key(ORDERS, "date_formats", "%d"), "exports/orders.toml: date_formats: found '%d'; .*tuple"),
    (set_key(MEMBERSHIPS, "kind", "orders"), "exports/memberships.toml: file: the column 'total_value' is missing"),
    (set_column(ORDERS, 0, type="number"), "exports/orders.toml: column.0.type: found 'number'; .*'money'"),
    (
        set_column(ORDERS, 0, type="text"),
        "exports/orders.toml: file: column 'customer_id' has type 'text', expected 'id'",
    ),
    (set_column(ORDERS, 1, headers=[]), r"exports/orders.toml: column.1.headers: found \[\]; .*at least 1"),
    (
        set_column(ORDERS, 1, or_else="nope"),
        "exports/orders.toml: .*'total_value': or_else names 'nope', which is no column",
    ),
    (
        set_column(ORDERS, 1, or_else="order_id"),
        "exports/orders.toml: .*or_else names 'order_id', which is no column of the same",
    ),
    (
        set_column(ORDERS, 1, headers=["SAP id"]),
        "exports/orders.toml: .*'SAP id' means both 'customer_id' and 'total_value'",
    ),
    (set_column(ORDERS, 1, name="Total"), "exports/orders.toml: column.1.name: found 'Total'; .*pattern"),
    (add_column(ORDERS, name="order_id", type="id"), "exports/orders.toml: file: column 'order_id' stands 2 times"),
    (
        add_column(MEMBERSHIPS, name="renewals"),
        "exports/memberships.toml: file: column 'renewals' is computed by Goldpan",
    ),
    (lambda files: files[ORDERS]["column"].pop(), "exports/orders.toml: file: the column 'customer_name' is missing"),
    # tags: columns and operators
    (
        add_condition(column="nope", above=1),
        "tags.toml: tag 'x': unknown column 'nope'; known: customer_id, .*renewals",
    ),
    (
        add_condition(column="renewals", over=1),
        "tags.toml: tag.5.all.0.*: unknown operator 'over'; known: is_known, .*above",
    ),
    (
        add_condition(column="renewals", above=1, below=3),
        "tags.toml: tag.5.all.0.*exactly one operator, found above, below",
    ),
    (add_condition(column="renewals"), "tags.toml: tag.5.all.0.*exactly one operator, found none"),
    (add_tag(any=[{"all": [{"column": "nope", "above": 1}]}]), "tags.toml: tag 'x': unknown column 'nope'"),
    (
        add_tag(none=[{"any": [{"column": "renewals", "over": 1}]}]),
        "tags.toml: tag.5.none.0.*: unknown operator 'over'",
    ),
    (add_tag(), "tags.toml: tag.5: needs conditions: all = "),
    (add_tag(all=[]), "tags.toml: tag.5: needs conditions: all = "),
    (add_tag(all=[{"any": []}]), "tags.toml: tag.5.all.0.*: needs conditions"),
    (add_tag(colour="red", all=[{"column": "renewals", "above": 1}]), "tags.toml: tag.5.colour: unknown key"),
    # tags: impossible comparisons
    (
        add_condition(column="membership", above=1),
        "tags.toml: tag 'x': column 'membership' is a text; 'above' compares date, money",
    ),
    (
        add_condition(column="renewals", contains="1"),
        "tags.toml: tag 'x': column 'renewals' is a number; 'contains' compares",
    ),
    (
        add_condition(column="email", after_today=True),
        "tags.toml: tag 'x': column 'email' is a email; 'after_today' compares date",
    ),
    (
        add_condition(column="renewals", equals="1"),
        "tags.toml: tag 'x': column 'renewals' is a number; .*compared with '1'",
    ),
    (
        add_condition(column="renewals", equals=True),
        "tags.toml: tag 'x': column 'renewals' is a number; .*compared with True",
    ),
    (
        add_condition(column="expires_on", above=30),
        "tags.toml: tag 'x': column 'expires_on' is a date; .*compared with 30",
    ),
    (
        add_condition(column="expires_on", above="2026-01-01"),
        "tags.toml: tag 'x': .*is a date; .*compared with '2026-01-01'",
    ),
    (
        add_condition(column="renewals", above=date(2026, 1, 1)),
        "tags.toml: tag 'x': column 'renewals' is a number; .*compared",
    ),
    (
        add_condition(column="membership", equals=3),
        "tags.toml: tag 'x': column 'membership' is a text; .*compared with 3",
    ),
    (
        add_condition(column="membership", equals=" "),
        "tags.toml: tag 'x': column 'membership' is a text; .*compared with ' '",
    ),
    (
        add_condition(column="customer_id", one_of=["1", 2]),
        "tags.toml: tag 'x': column 'customer_id' is a id; .*compared with 2",
    ),
    (add_condition(column="renewals", above=[1]), "tags.toml: tag 'x': 'above' takes one, found"),
    (add_condition(column="membership", one_of="Gold"), "tags.toml: tag 'x': 'one_of' takes several, found 'Gold'"),
    (add_condition(column="membership", one_of=[]), "tags.toml: tag 'x': 'one_of' takes several, found"),
    (add_condition(column="membership", is_known=False), "tags.toml: tag 'x': 'is_known' takes true, found False"),
    (add_condition(column="renewals", between=[30, 0]), "tags.toml: tag 'x': 'between' runs from 30 down to 0"),
    (add_condition(column="renewals", between=[1, 2, 3]), "tags.toml: tag 'x': 'between' takes two values, found 3"),
    (add_condition(column="renewals", between=1), "tags.toml: tag 'x': 'between' takes two, found 1"),
    (
        add_condition(column="renewals", between=[1, "2"]),
        "tags.toml: tag 'x': column 'renewals' is a number; .*with '2'",
    ),
    # tags: values and labels
    (add_tag(value="a;b", all=[{"column": "renewals", "above": 1}]), "tags.toml: tag 'a;b': the value 'a;b' has a ';'"),
    (
        add_tag(value=" x", all=[{"column": "renewals", "above": 1}]),
        "tags.toml: tag ' x': the value ' x' has .*outer blanks",
    ),
    (add_tag(label="A;B", all=[{"column": "renewals", "above": 1}]), "tags.toml: tag 'x': the label 'A;B' has a ';'"),
    (add_tag(value="", all=[{"column": "renewals", "above": 1}]), "tags.toml: tag.5.value: found ''"),
    (
        add_tag(value="hfo_buy", all=[{"column": "renewals", "above": 1}]),
        "tags.toml: tag 'hfo_buy': the value 'hfo_buy' is used twice",
    ),
    (
        add_tag(value="not_hfo_buy", all=[{"column": "renewals", "above": 1}]),
        "tags.toml: .*the value 'not_hfo_buy' is used twice",
    ),
    (
        add_tag(label="hfo BUY", all=[{"column": "renewals", "above": 1}]),
        "tags.toml: tag 'x': the label 'hfo BUY' is used twice",
    ),
    (
        add_tag(otherwise={"value": "x", "label": "Y"}, all=[{"column": "renewals", "above": 1}]),
        "tags.toml: tag 'x': the value 'x' is used twice",
    ),
    (set_key(TAGS, "tag", []), r"tags.toml: tag: found \[\]; .*at least 1"),
    (lambda files: files.pop(TAGS), "tags.toml: tag: missing"),
    # properties
    (add_property(name="customer_id"), "properties.toml: property 'customer_id' stands twice"),
    (add_property(name="email", column="email", type="text"), "properties.toml: property 'email' is never written"),
    (add_property(name="Bad Name"), "properties.toml: property.9.name: found 'Bad Name'; .*pattern"),
    (add_property(column="nope"), "properties.toml: property 'p': unknown column 'nope'; known: "),
    (add_property(column="membership"), "properties.toml: property 'p': column 'membership' is a text, not a number"),
    (add_property(type="date"), "properties.toml: property 'p': column 'renewals' is a number, not a date"),
    (add_property(type="tags"), "properties.toml: property 'p': type 'tags' takes the column 'membership_status_tags'"),
    (
        add_property(type="select"),
        "properties.toml: property 'p': type 'select' takes the column 'membership_category'",
    ),
    (add_property(type="bool"), "properties.toml: property.9.type: found 'bool'; .*'tags'"),
    (add_property(policy="fill_blank"), "properties.toml: property.9: policy 'fill_blank' is for text"),
    (add_property(policy="mine"), "properties.toml: property.9.policy: found 'mine'"),
    (add_property(colour="red"), "properties.toml: property.9.colour: unknown key"),
]


@pytest.mark.parametrize(("change", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_each_mistake_is_one_line_with_file_and_key(change, said):
    (problem,) = problems(change)

    assert re.match(said, problem), problem


def test_all_mistakes_of_all_files_are_told_at_once():
    def change(files: Files) -> None:
        set_key(GOLDPAN, "x", 1)(files)
        add_condition(column="nope", above=1)(files)
        add_tag(value="hfo_buy", label="Y", all=[{"column": "renewals", "contains": "x"}])(files)
        add_property(column="nope")(files)
        set_key(ORDERS, "sheeet", "x")(files)
        set_column(ORDERS, 0, type="number")(files)

    told = problems(change)

    assert sorted(problem.split(":")[0] for problem in told) == [
        "exports/orders.toml", "exports/orders.toml", "goldpan.toml", "properties.toml", "tags.toml", "tags.toml",
        "tags.toml",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(set_key(GOLDPAN, "renewal_window_days", "7"), id="a number in quotes"),
        pytest.param(set_key(GOLDPAN, "renewal_window_days", True), id="a truth value for a number"),
        pytest.param(set_column(ORDERS, 0, required="yes"), id="a text for a truth value"),
        pytest.param(add_column(MEMBERSHIPS, name="source_row"), id="a column that the steps keep for themselves"),
        pytest.param(add_column(MEMBERSHIPS, name="customer"), id="another one"),
        pytest.param(set_column(ORDERS, 1, headers=["SAP  ID"]), id="one header for two columns, in two spellings"),
        pytest.param(set_column(ORDERS, 4, headers=[" "]), id="a blank header"),
        pytest.param(set_key(ORDERS, "date_formats", ["%Q"]), id="a date format that means nothing"),
    ],
)
def test_these_mistakes_are_told_too(change):
    assert problems(change)


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the config folder that Goldpan ships."""
    return Path(shutil.copytree(REPOSITORY / "config", tmp_path / "config"))


def told(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    return str(caught.value)


def loaded(folder: Path) -> Config:
    return load_config(folder)[1]


@pytest.mark.parametrize("name", [MEMBERSHIPS, ORDERS, TAGS, PROPERTIES])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()

    assert f"{folder}: {name}: missing." in told(folder)
    assert "goldpan init" in told(folder)


def test_goldpan_toml_may_be_missing(folder):
    (folder / GOLDPAN).unlink()

    assert loaded(folder) == default_config()


@pytest.mark.parametrize("name", [MEMBERSHIPS, ORDERS, TAGS, PROPERTIES, GOLDPAN])
def test_a_syntax_error_is_named_with_its_line(folder, name):
    path = folder / name
    path.write_text("a = 1\nb = [1,\n" + path.read_text(encoding="utf-8"), encoding="utf-8")

    message = told(folder)

    assert f"{folder}: {name}: can't be read as TOML: " in message
    assert re.search(r"line \d+", message)


def test_a_file_in_another_encoding_is_named(folder):
    (folder / TAGS).write_bytes("label = 'Zürich'".encode("latin-1"))

    assert f"{folder}: tags.toml: can't be read as TOML: " in told(folder)


def test_a_byte_order_mark_does_no_harm(folder):
    text = (folder / TAGS).read_text(encoding="utf-8")
    (folder / TAGS).write_text(text, encoding="utf-8-sig")

    assert loaded(folder) == default_config()


def test_numbers_of_a_file_are_exact_decimals(folder):
    path = folder / GOLDPAN
    path.write_text(path.read_text(encoding="utf-8").replace("savings_share = 0.08 ", "savings_share = 0.1 "), "utf-8")

    assert loaded(folder).rules.savings_share == Decimal("0.1")


def test_mistakes_in_several_files_are_told_together(folder):
    (folder / GOLDPAN).write_text("colour = 1\n[rules]\nrenewal_window_days = -1\n[hubspot]\nworkers = 0\n", "utf-8")
    path = folder / TAGS
    path.write_text(path.read_text(encoding="utf-8").replace("above = 1000", 'above = "much"'), encoding="utf-8")

    message = told(folder)

    assert f"{folder}: goldpan.toml: colour: unknown key" in message
    assert f"{folder}: goldpan.toml: rules.renewal_window_days: found -1" in message
    assert f"{folder}: goldpan.toml: hubspot.workers: found 0" in message
    assert f"{folder}: tags.toml: tag 'high_value_customer': column 'total_order_value' is a money" in message
