"""Desired contacts in columns say what one row after the other says; an object is made of who is asked for."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from goldpan.config import Config
from goldpan.desired_contacts import DesiredContacts
from goldpan.payloads import TEXT
from goldpan.pipeline import Refined
from goldpan.plan import DesiredContact
from goldpan.policies import ContactPolicies
from goldpan.suppression import Suppression
from tests.builders import AS_OF, default_config, memberships, orders, refined
from tests.drawing import examples
from tests.strategies import Exports, exports
from tests.test_refine_equals_reference import run

ANN, BEN, CLEO = "ann@x.com", "ben@y.org", "cleo@x.com"


def with_properties(*specs: dict[str, Any], **policies: Any) -> Config:
    """The default config with further properties, and policies."""
    config = default_config()
    properties = [*(spec.model_dump() for spec in config.properties.properties), *specs]
    return config.model_copy(
        update={
            "properties": type(config.properties).model_validate({"property": properties}),
            "contacts": ContactPolicies.model_validate(policies),
        }
    )


MORE = with_properties(
    {"name": "lastname", "column": "customer_name", "type": "text", "policy": "fill_blank", "adopt": True},
    {"name": "renewals", "column": "renewals", "type": "number"},
    {"name": "days_left", "column": "days_until_expiration", "type": "number"},
    {"name": "created", "column": "created_on", "type": "text"},
)


def everybody(desired: DesiredContacts) -> list[DesiredContact]:
    return [*desired.contacts(np.arange(len(desired)))]


def as_text(value: Any) -> str:
    """One cell as HubSpot takes it."""
    if pd.isna(value):
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)


def wanted_of(contact: dict[str, Any], config: Config) -> tuple[str, dict[str, str], str]:
    """Address, values and payload of one contact."""
    specs = config.properties.properties
    values = {spec.name: as_text(contact[spec.column]) for spec in specs}
    keyed = {f"fill_blank:{s.name}" if s.policy == "fill_blank" else s.name: values[s.name] for s in specs}
    return (
        contact["email"],
        values,
        json.dumps(keyed, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    )


def by_rank(result: Refined, as_of: date) -> list[str]:
    """The addresses, those that go before others on one record first (RULES section 4)."""
    today, long_ago = pd.Timestamp(as_of), pd.Timestamp("1900-01-01")

    def claim(contact: dict[str, Any]) -> tuple[Any, ...]:
        covers = contact["member_since"] <= today < contact["expires_on"]
        ends = [long_ago if pd.isna(contact[name]) else contact[name] for name in ("expires_on", "created_on")]
        return (covers, *ends, contact["source_row"])

    sendable = result.contacts[result.contacts["email"].notna()].to_dict("records")
    return [contact["email"] for contact in sorted(sendable, key=claim, reverse=True)]


@examples(60)
@given(drawn=exports(), as_of=st.sampled_from([AS_OF, date(2027, 2, 1)]))
def test_every_contact_is_as_its_row_says(drawn: Exports, as_of: date):
    result = run(drawn, as_of)[-1]
    sendable = result.contacts[result.contacts["email"].notna()].to_dict("records")

    found = everybody(DesiredContacts(result, MORE))

    assert [(each.email, dict(each.values), each.payload) for each in found] == [
        wanted_of(contact, MORE) for contact in sendable
    ]
    assert [each.customer_key for each in found] == [as_text(contact["customer_id_key"]) for contact in sendable]
    assert [each.email for each in sorted(found, key=lambda each: each.rank)] == by_rank(result, as_of)


@examples(20)
@given(st.lists(st.integers(-(10**14), 10**14) | st.none(), min_size=1, max_size=5))
def test_amounts_are_digits_with_two_places(cents):
    result = refined(memberships(*({"Cust ID": n, "Contact Email": f"m{n}@x.com"} for n in range(1, len(cents) + 1))))
    amounts = pa.array([None if each is None else Decimal(each).scaleb(-2) for each in cents], pa.decimal128(38, 2))
    result.contacts["total_order_value"] = pd.Series(amounts, dtype=pd.ArrowDtype(pa.decimal128(38, 2)))

    found = DesiredContacts(result, default_config()).texts["total_order_value"].to_pylist()

    assert found == ["" if each is None else f"{Decimal(each).scaleb(-2):f}" for each in cents]


def three(config: Config, suppression: Suppression | None = None) -> DesiredContacts:
    """Ann, Ben (who bought) and Cleo; a fourth has no address."""
    result = refined(
        memberships(
            {"Cust ID": "1", "Contact Email": ANN, "Customer Name": "Ann"},
            {"Cust ID": "2", "Contact Email": BEN, "Customer Name": "Ben"},
            {"Cust ID": "", "Contact Email": CLEO, "Customer Name": "Cleo"},
            {"Cust ID": "4", "Contact Email": "nobody", "Customer Name": "Dan"},
        ),
        orders({"SAP ID": "2", "Total Value": "1500"}),
        config=config,
    )
    return DesiredContacts(result, config, suppression)


def test_whom_to_create_follows_the_policy():
    buyers = {"all": [{"column": "total_order_value", "above": 1000}]}

    assert [three(with_properties(create=create)).may_create.tolist() for create in ("all", "none", buyers)] == [
        [True, True, True],
        [False, False, False],
        [False, True, False],
    ]


def test_the_suppressed_are_known_by_address_domain_and_customer():
    listed = Suppression(frozenset({ANN}), frozenset({"y.org"}), frozenset({"4"}))

    assert three(default_config(), listed).is_suppressed.tolist() == [True, True, False]


def test_of_one_record_the_membership_that_covers_today_goes_first_then_the_latest_end_creation_and_row():
    terms = {
        "a@x.org": ("2027-02-01", "2028-02-01"),  # not begun
        "b@x.org": ("2026-11-20", "2026-12-01"),  # from today on
        "c@x.org": ("2025-01-01", "2026-11-20"),  # until yesterday
        "d@x.org": ("2025-01-02", "2026-11-20"),
        "e@x.org": ("2025-01-02", "2026-11-20"),
        "f@x.org": ("2026-11-19", "2027-01-01"),
        "g@x.org": (None, None),
    }
    rows = [
        {"Cust ID": str(number), "Contact Email": email, "Created Date": begins, "Expiration Date": ends}
        for number, (email, (begins, ends)) in enumerate(terms.items(), 1)
    ]

    found = everybody(DesiredContacts(refined(memberships(*rows)), default_config()))

    assert [each.email[0] for each in sorted(found, key=lambda each: each.rank)] == [*"fbaedcg"]


def test_a_value_that_only_fills_blanks_is_kept_under_another_key():
    ann, *_ = everybody(three(MORE))

    assert json.loads(ann.payload)["fill_blank:lastname"] == "Ann"
    assert json.loads(ann.payload)["customer_name"] == "Ann"


def test_contacts_are_found_by_address_and_by_customer_in_their_order():
    desired = three(default_config())

    assert desired.rows_of([CLEO, "nobody@x.com", ANN]).tolist() == [0, 2]
    assert desired.rows_of([]).tolist() == []
    assert desired.of_customers(pa.array(["2", "9", ""], TEXT)).tolist() == [False, True, False]


def test_who_is_asked_for_becomes_an_object_and_equal_values_are_kept_once():
    desired = three(default_config())

    ben, cleo = desired.contacts(np.array([1, 2]))

    of_ben, of_cleo = dict(ben.values), dict(cleo.values)
    assert (ben.email, ben.customer_key, of_ben["customer_name"]) == (BEN, "2", "Ben")
    assert (cleo.email, cleo.customer_key) == (CLEO, "")
    assert of_ben["membership_category"] is of_cleo["membership_category"]


def test_nobody_is_no_problem():
    desired = DesiredContacts(refined(memberships({"Cust ID": "1"})), default_config())

    assert len(desired) == 0
    assert everybody(desired) == []
    assert desired.payloads(np.empty(0, dtype="int64")).to_pylist() == []
