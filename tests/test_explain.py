"""An explanation is what the pipeline did, row by row and rule by rule, and shows nobody else."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.explain import explain_contact
from goldpan.explain.model import ConditionResult, CustomerTotal, Filled, GroupResult
from goldpan.rules import Label, Tag
from goldpan.suppression import Suppression
from tests.builders import AS_OF, default_config, memberships, orders
from tests.drawing import examples
from tests.strategies import exports
from tests.test_refine_equals_reference import AS_OFS, run

ADA, BEN = "ada@example.org", "ben@example.org"


def member(customer_id=None, email=None, start=date(2026, 1, 1), end=date(2027, 1, 1), **cells):
    return {"Cust ID": customer_id, "Contact Email": email, "Created Date": start, "Expiration Date": end} | cells


def explained(asked, *rows, bought=(), config=None, as_of=AS_OF):
    return explain_contact(asked, memberships(*rows, config=config), orders(*bought), as_of, config or default_config())


def with_tags(*tags):
    return default_config().model_copy(update={"tags": tuple(map(Tag.model_validate, tags))})


# --- who is meant -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [ADA, " ADA@example.org ", "Ada <ada@example.org>", "501", "00501", "'501"])
def test_a_contact_is_found_by_its_address_or_a_customer_id_as_exports_spell_them(asked):
    assert explained(asked, member("0501", ADA), member("502", BEN)).email == ADA


def test_a_contact_is_found_by_an_address_that_only_a_replaced_row_has():
    rows = [member("501", "old@example.org", end=date(2026, 6, 1)), member("501", ADA, date(2026, 6, 1))]

    found = explained("old@example.org", *rows)

    assert (found.email, found.found_by, found.addresses) == (ADA, "earlier_email", (ADA, "old@example.org"))


def test_an_address_means_the_contact_that_has_it_now_before_one_that_had_it_once():
    rows = [member("501", BEN, end=date(2026, 6, 1)), member("501", ADA, date(2026, 6, 1)), member("502", BEN)]

    found = explained(BEN, *rows)

    assert (found.email, found.found_by, [row.row for row in found.rows]) == (BEN, "email", [4])


def test_of_several_contacts_of_a_customer_the_one_that_ranks_first_is_told_and_the_others_rows():
    rows = [
        member("501", ADA, date(2020, 1, 1), date(2021, 1, 1)),
        member("501", BEN),
        member("502", "eve@example.org"),
    ]

    found = explained("501", *rows)

    assert (found.email, found.others_in_rows, found.other_rows) == (BEN, (2,), (2,))


def test_a_contact_without_an_address_is_told_but_never_wanted():
    found = explained("501", member("501", "nobody"))

    assert (found.email, found.wanted, found.may_create, found.rows[0].joined_by) == (None, {}, False, "no_address")


@pytest.mark.parametrize("asked", ["eve@example.org", "900", "", "Ada Lovelace", "@", "1.2E+15"])
def test_nobody_is_told_of_where_nobody_matches(asked):
    rows = [member("501", ADA, **{"Customer Name": "Ada Lovelace"}), member(None, None)]

    assert explained(asked, *rows, bought=[{"SAP ID": 900, "Total Value": 1}]) is None


# --- rows -------------------------------------------------------------------------------------------------------------


def test_each_row_says_how_it_stands_to_the_chain_before_it():
    rows = [
        member("501", ADA, date(2024, 1, 1), date(2024, 6, 1)),
        member("501", ADA, date(2024, 6, 8), date(2024, 12, 1)),  # day 7
        member("501", ADA, date(2024, 12, 9), date(2025, 6, 1)),  # day 8
        member("501", ADA, date(2025, 5, 1), date(2026, 6, 1)),  # early
        member("501", ADA, None, date(2027, 1, 1)),
    ]

    found = explained(ADA, *rows)

    assert [(row.row, row.link, row.gap_days, row.latest_end, row.replaced_by) for row in found.rows] == [
        (2, "first", None, None, 3),
        (3, "continues", 7, date(2024, 6, 1), None),
        (4, "starts", 8, date(2024, 12, 1), 5),
        (5, "continues", -31, date(2025, 6, 1), None),
        (6, "undated", None, None, None),
    ]
    assert [row.renewals for row in found.rows] == [None, 1, None, 1, 0]
    assert [row.member_since for row in found.rows] == [None, date(2024, 1, 1), None, date(2024, 12, 9), None]


def test_each_row_that_stays_says_what_makes_it_part_of_the_contact():
    rows = [
        member("501", ADA, end=date(2026, 6, 1)),
        member("501", "nobody", date(2026, 6, 1)),  # takes the address of the row before
        member("501", None, date(2020, 1, 1), date(2021, 1, 1)),
        member("502", ADA),
    ]

    found = explained(ADA, *rows)

    assert {row.row: row.joined_by for row in found.rows} == {
        4: "customer", 2: None, 3: "earlier_address", 5: "address"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("why", "row", "rows"),
    [
        ("only_row", 2, [member("1", ADA)]),
        ("covers", 2, [member("1", ADA), member("2", ADA, date(2027, 1, 1), date(2029, 1, 1))]),
        ("latest_end", 3, [member("1", ADA), member("2", ADA, end=date(2028, 1, 1))]),
        ("latest_creation", 2, [member("1", ADA, date(2026, 2, 1)), member("2", ADA)]),
        ("last_in_file", 3, [member("1", ADA), member("2", ADA)]),
        ("latest_end", 2, [member("1", ADA, end=date(2020, 1, 1)), member("2", ADA, end=None)]),
    ],
)
def test_the_row_that_speaks_says_what_put_it_first(why, row, rows):
    found = explained(ADA, *rows)

    assert (found.speaker.row, found.speaker.why, found.speaker.rivals) == (row, why, len(rows) - 1)


def test_what_the_row_that_speaks_lacks_says_where_it_stands():
    rows = [
        member("501", ADA, end=date(2026, 6, 1), **{"Customer Name": "Ada", "Original Pu": "HFO"}),
        member("501", None, date(2026, 6, 1)),
        member("502", ADA, end=date(2020, 1, 1), **{"Original Pu": "Online"}),
    ]

    found = explained(ADA, *rows)

    assert found.speaker.row == 3
    assert found.filled == (
        Filled("customer_name", "Ada", (2,)), Filled("original_purchase", "HFO", (2,)), Filled("email", ADA, (2, 4))
    )  # fmt: skip


def test_what_the_row_that_speaks_has_itself_is_filled_from_nowhere():
    rows = [member("501", ADA, **{"Customer Name": "Ada", "Original Pu": "HFO"}), member("501", ADA, end=None)]

    assert explained(ADA, *rows).filled == ()


def test_findings_are_those_of_the_contacts_own_rows_and_of_the_right_export():
    rows = [member("501", ADA, end="soon"), member("502", BEN, end="later")]
    bought = [{"SAP ID": 502, "Total Value": "abc"}, {"SAP ID": 501, "Total Value": "xyz"}]

    found = explained(ADA, *rows, bought=bought)

    assert [(finding.row, finding.value) for row in found.rows for finding in row.findings] == [(2, "soon")]
    assert [(finding.row, finding.value) for row in found.orders for finding in row.findings] == [(3, "xyz")]


def test_an_address_that_somebody_else_has_is_not_counted_as_the_contacts():
    rows = [
        member("501", BEN, date(2025, 1, 1), date(2026, 1, 1)),
        member("501", "old@example.org", date(2026, 1, 1), date(2026, 6, 1)),
        member("501", ADA, date(2026, 6, 1)),
        member("502", BEN),
    ]

    assert explained(ADA, *rows).addresses == (ADA, "old@example.org")


@pytest.mark.parametrize(
    ("suppression", "is_suppressed"),
    [
        (Suppression(), False),
        (Suppression(emails=frozenset({BEN})), False),
        (Suppression(domains=frozenset({"example.org"})), True),
        (Suppression(customer_keys=frozenset({"502"})), True),  # any of the ids behind it
    ],
)
def test_a_contact_that_is_never_written_says_so(suppression, is_suppressed):
    members = memberships(member("501", ADA), member("0502", ADA), member("503", BEN))

    found = explain_contact(ADA, members, orders(), AS_OF, default_config(), suppression=suppression)

    assert found.is_suppressed == is_suppressed


def test_nothing_of_anybody_else_is_in_an_explanation():
    rows = [
        member("501", ADA, **{"Customer Name": "Ada Lovelace"}),
        member("777888", BEN, end="13/45/2026", **{"Customer Name": "Ben Okafor", "Original Pu": "Web Shop"}),
    ]
    bought = [
        {"SAP ID": 501, "Total Value": 10, "Sales Doc": "90001"},
        {"SAP ID": 777888, "Total Value": 4321.5, "Sales Doc": "90002"},
        {"SAP ID": 777888, "Total Value": "oops", "Sales Doc": "90003"},
    ]

    text = repr(explained(ADA, *rows, bought=bought))

    assert ADA in text
    others = ("777888", BEN, "Okafor", "13/45", "Web Shop", "4321", "oops", "90002", "90003")
    assert [value for value in others if value in text] == []


# --- orders -----------------------------------------------------------------------------------------------------------


def test_orders_say_what_was_summed_and_what_not():
    rows = [member("0501", ADA), member("502", ADA), member("503", ADA)]
    bought = [
        {"SAP ID": 501, "Total Value": "600.005", "Sales Doc": "1"},
        {"SAP ID": "00501", "Total Value": 600.005, "Sales Doc": "1"},  # the same order again
        {"SAP ID": 501, "Total Value": "abc", "Sales Doc": "2"},
        {"SAP ID": 502, "Total Value": "(100)", "Sales Doc": "3"},
        {"SAP ID": 502, "Total Value": None, "Sales Doc": "4"},
        {"SAP ID": 900, "Total Value": 7, "Sales Doc": "5"},
    ]

    found = explained(ADA, *rows, bought=bought)

    assert [(row.row, row.customer_id, row.amount, row.repeats_row, row.is_summed) for row in found.orders] == [
        (2, "0501", Decimal("600.005"), None, True),
        (3, "0501", Decimal("600.005"), 2, False),
        (4, "0501", None, None, False),
        (5, "502", Decimal(-100), None, True),
        (6, "502", None, None, False),
    ]
    assert [finding.reason for row in found.orders for finding in row.findings] == [
        "repeated_order", "unreadable_amount"
    ]  # fmt: skip
    assert [finding for row in found.rows for finding in row.findings] == []  # row 3 of the other export
    assert found.customers == (
        CustomerTotal("0501", 2, Decimal("600.005")),
        CustomerTotal("502", 2, Decimal(-100)),
        CustomerTotal("503", 0, Decimal(0)),
    )
    assert (found.total, found.savings) == (Decimal("500.005"), Decimal("40.00"))


# --- tags -------------------------------------------------------------------------------------------------------------


def test_each_condition_and_group_of_a_rule_has_its_value_and_its_truth():
    config = with_tags(
        {
            "value": "gold", "label": "Gold",
            "all": [{"column": "renewals", "at_least": 1}],
            "any": [
                {"column": "membership", "equals": "Gold"},
                {
                    "all": [
                        {"column": "customer_id", "one_of": ["0501"]},
                        {"column": "member_since", "after_today": True},
                    ]
                },
            ],
            "none": [{"column": "estimated_savings", "above": Decimal("80.0000001")}],
        }
    )  # fmt: skip
    bought = [{"SAP ID": 501, "Total Value": "1000.000001"}]

    found = explained(ADA, member("501", ADA, Membership="Silver"), bought=bought, config=config)

    inner = found.tags[0].rule.clauses[1].parts[1]
    assert isinstance(inner, GroupResult)
    assert [(clause.kind, clause.holds) for clause in found.tags[0].rule.clauses] == [
        ("all", False), ("any", False), ("none", True)
    ]  # fmt: skip
    assert found.tags[0].rule.clauses[0].parts == (ConditionResult("renewals ≥ 1", "renewals", 0, holds=False),)
    assert [(part.text, part.found, part.holds) for part in inner.clauses[0].parts] == [
        ("customer_id is one of ('0501',)", "501", True), ("member_since > today", date(2026, 1, 1), False)
    ]  # fmt: skip
    savings = found.tags[0].rule.clauses[2].parts[0]
    assert (savings.found, savings.holds) == (Decimal("80.00000008"), False)
    assert (found.tags[0].rule.holds, found.tags[0].carried) == (False, None)


def test_a_tag_carries_its_own_option_or_its_opposite():
    found = explained(ADA, member("501", ADA), bought=[{"SAP ID": 501, "Total Value": "1000.01"}])

    carried = {tag.value: tag.carried for tag in found.tags}
    assert carried["high_value_customer"] == Label(value="high_value_customer", label="High-Value Customer")
    assert carried["hfo_buy"] == Label(value="not_hfo_buy", label="Not HFO Buy")


# --- the pipeline's own answer ----------------------------------------------------------------------------------------


def rank_of(row, as_of):
    """How RULES section 4 ranks a row that stays, said naively."""
    cells, since = row.cells, row.member_since
    covers = since is not None and cells["expires_on"] is not None and since <= as_of < cells["expires_on"]
    return covers, cells["expires_on"] or date.min, cells["created_on"] or date.min, row.row


@examples(30)
@given(drawn=exports(max_customers=4), as_of=AS_OFS, match_on=st.sampled_from(["customer_id", "customer_name"]))
def test_every_explanation_is_what_the_pipeline_did(drawn, as_of, match_on):
    members, bought, refined = run(drawn, as_of, match_on)
    config = default_config()
    config = config.model_copy(update={"rules": config.rules.model_copy(update={"match_on": match_on})})
    replaced = dict(zip(refined.merged_rows["source_row"], refined.merged_rows["replaced_by"], strict=True))
    seen = []

    for contact in refined.contacts[refined.contacts["email"].notna()].itertuples():
        found = explain_contact(contact.email, members, bought, as_of, config)

        carried = [tag.carried.value for tag in found.tags if tag.carried]
        assert ";".join(carried) == contact.membership_status_tags == found.wanted["membership_status_tags"]
        total = Decimal(int(contact.total_order_value_micros)).scaleb(-6)
        summed = sum(row.amount for row in found.orders if row.is_summed)
        assert summed == sum(customer.total for customer in found.customers) == found.total == total
        assert {row.row: row.replaced_by for row in found.rows} == {
            row.row: replaced.get(row.row) for row in found.rows
        }
        stays = [row for row in found.rows if row.replaced_by is None]
        assert found.speaker.row == contact.source_row == max(stays, key=lambda row: rank_of(row, as_of)).row
        assert [row.covers_as_of for row in stays] == [rank_of(row, as_of)[0] for row in stays]
        dated = [row for row in found.rows if row.gap_days is not None]
        assert [row.link for row in dated] == ["continues" if row.gap_days <= 7 else "starts" for row in dated]
        cells = [finding.row for row in found.rows for finding in row.findings]
        assert set(cells) <= {row.row for row in found.rows}
        seen += [row.row for row in found.rows]

    assert len(seen) == len(set(seen))
    addresses = members.frame.set_index("source_row")["email"].dropna()
    assert set(addresses.index) <= set(seen)  # whoever has an address is somebody that can be explained
