"""What leaves besides HubSpot: `hubspot.csv` and the analysis columns of each tag (RULES section 7)."""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.exports import (
    add_individual_boolean_tags_for_excel,
    as_csv,
    as_plain_numbers,
    format_for_hubspot_export,
    guarded,
    hubspot_csv,
    tag_labels,
)
from goldpan.values.money import in_cents
from tests.builders import default_config, memberships, orders, refined

TAGS = default_config().tags
HEADER = "Customer Name,Contact Email,Membership Status Tags,Total Order Value,Estimated Savings\n"


def contacts(*rows: Mapping[str, object]) -> pd.DataFrame:
    """Contacts as the pipeline gives them, with the columns that leave."""
    filled = [
        {"email": "ann@x.com", "membership_status_tags": "", "total_order_value": "0.00"} | dict(row) for row in rows
    ]
    money = pd.Series([Decimal(str(row["total_order_value"])) for row in filled], dtype=object)
    return pd.DataFrame(
        {
            "customer_name": pd.Series([row.get("customer_name") for row in filled], dtype="str"),
            "email": pd.Series([row["email"] for row in filled], dtype="str"),
            "membership_status_tags": pd.Series([row["membership_status_tags"] for row in filled], dtype="str"),
            "total_order_value": money,
            "estimated_savings": money * Decimal(1),
            "tag:hfo_buy": [bool(row.get("hfo_buy")) for row in filled],
        }
    )


def line_of(**row: object) -> str:
    """The one line below the header."""
    text = hubspot_csv(contacts(row), TAGS)
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER)


def test_the_csv_is_exactly_this():
    rows = (
        {
            "customer_name": "Ann Lee",
            "membership_status_tags": "high_value_customer;not_hfo_buy",
            "total_order_value": "1000.01",
        },
        {"customer_name": None, "email": "bo@y.org", "total_order_value": "-1234567.50"},
    )

    assert hubspot_csv(contacts(*rows), TAGS) == (
        HEADER
        + "Ann Lee,ann@x.com,High-Value Customer;Not HFO Buy,1000.01,1000.01\n"
        + ",bo@y.org,,-1234567.50,-1234567.50\n"
    )


def test_without_contacts_the_csv_is_its_header():
    assert hubspot_csv(contacts(), TAGS) == HEADER
    assert hubspot_csv(contacts({"email": None}), TAGS) == HEADER


def test_contacts_without_an_address_do_not_leave():
    got = format_for_hubspot_export(contacts({"email": None}, {"email": "bo@y.org"}, {"email": None}), TAGS)

    assert got["Contact Email"].tolist() == ["bo@y.org"]


def test_the_rows_keep_the_order_they_came_in():
    got = format_for_hubspot_export(contacts(*({"email": f"{letter}@x.com"} for letter in "cab")), TAGS)

    assert got["Contact Email"].tolist() == ["c@x.com", "a@x.com", "b@x.com"]
    assert set(got.dtypes.astype(str)) == {"str"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Lee, Ann", '"Lee, Ann"'),
        ('Ann "Bo" Lee', '"Ann ""Bo"" Lee"'),
        ("Ann\nLee", '"Ann\nLee"'),
        ("Ann; Lee", "Ann; Lee"),
        ("Renée Å", "Renée Å"),
        ("007", "007"),
        ("NA", "NA"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_names_are_quoted_where_csv_needs_it(name, written):
    assert line_of(customer_name=name) == f"{written},ann@x.com,,0.00,0.00\n"


def test_a_carriage_return_in_a_name_stays_inside_its_cell():
    rows = list(csv.reader(io.StringIO(hubspot_csv(contacts({"customer_name": "Ann\rLee"}), TAGS), newline="")))

    assert len(rows) == 2


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=6) | st.text(
    alphabet="\",\n 'a", max_size=4
)


@given(rows=st.lists(st.tuples(st.none() | TEXTS, TEXTS, st.none() | st.integers(-(2**60), 2**60)), max_size=6))
def test_rows_are_written_as_pandas_writes_them(rows):
    frame = pd.DataFrame(rows, columns=["Plain", 'a "quoted", header', "Row"])
    frame = frame.astype({"Plain": "str", 'a "quoted", header': "str", "Row": "Int64"})

    assert as_csv(frame) == frame.to_csv(index=False, lineterminator="\n")


@pytest.mark.parametrize("unsendable", [0, 25_000])
def test_many_contacts_are_written_as_a_few_are(unsendable):
    few = contacts({"customer_name": 'Lee, "Ann"'}, {"customer_name": "Bo"})
    nobody = contacts({"email": None})
    many = pd.concat([nobody.take([0] * unsendable), few.take([0, 1] * 21_000)], ignore_index=True)

    assert hubspot_csv(many, TAGS) == HEADER + hubspot_csv(few, TAGS).removeprefix(HEADER) * 21_000


@pytest.mark.parametrize("text", ["Ann\rLee", "Ann\nLee", "Ann\r\nLee", "\r"])
def test_whatever_breaks_lines_stays_inside_its_cell(text):
    frame = pd.DataFrame({"Name": [text, "Bo"], "E-mail": ["a@x.org", "b@x.org"]}, dtype="str")

    rows = list(csv.reader(io.StringIO(as_csv(frame), newline="")))

    assert rows[1:] == [[text, "a@x.org"], ["Bo", "b@x.org"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_could_run_as_a_formula_is_shown_as_text(start):
    (row,) = format_for_hubspot_export(contacts({"customer_name": f"{start}HYPERLINK(1)"}), TAGS).to_dict("records")

    assert row["Customer Name"] == f"'{start}HYPERLINK(1)"


def test_only_a_beginning_is_guarded_and_missing_stays_missing():
    texts = pd.Series(["a=b", "1-2", "", "=1", None, "'=1", " =1"], dtype="str")

    got = guarded(texts)

    assert got.tolist()[:4] == ["a=b", "1-2", "", "'=1"]
    assert got.isna().tolist() == [False, False, False, False, True, False, False]
    assert got.tolist()[5:] == ["'=1", " =1"]


def test_a_return_is_a_number_and_no_formula():
    """The amount column is read as a number: a guard would make it text."""
    assert line_of(total_order_value="-50.00") == ",ann@x.com,,-50.00,-50.00\n"


@pytest.mark.parametrize(
    ("amount", "text"), [("0.00", "0.00"), ("-0.01", "-0.01"), ("1E+3", "1000"), ("12345678.90", "12345678.90")]
)
def test_amounts_are_plain_digits(amount, text):
    assert as_plain_numbers(pd.Series([Decimal(amount)], dtype=object)).tolist() == [text]


def test_amounts_of_the_pipeline_are_the_same_digits():
    micros = pd.Series([0, -5_000, 1_234_567_890_000, None, -(10**17), 4_999], dtype="Int64", index=range(3, 9))

    got = as_plain_numbers(in_cents(micros))

    assert got.fillna("missing").to_dict() == {
        3: "0.00", 4: "-0.01", 5: "1234567.89", 6: "missing", 7: "-100000000000.00", 8: "0.00",
    }  # fmt: skip


def test_tags_are_shown_by_their_labels_in_their_order():
    values = "high_value_customer;not_hfo_buy;active_membership;expiring_soon;not_recently_renewed"

    got = tag_labels(contacts({"membership_status_tags": values}, {"membership_status_tags": ""}), TAGS)

    assert got.tolist() == ["High-Value Customer;Not HFO Buy;Active Membership;Expiring Soon;Not Recently Renewed", ""]


def test_a_label_that_begins_like_a_formula_is_guarded():
    tag = TAGS[0].model_copy(update={"value": "plus", "label": "+1"})

    got = format_for_hubspot_export(contacts({"membership_status_tags": "plus"}), [tag])

    assert got["Membership Status Tags"].tolist() == ["'+1"]


def test_each_tag_has_a_true_and_a_false_column_and_one_is_the_negation_of_the_other():
    frame = contacts({"hfo_buy": True}, {"hfo_buy": False})
    before = frame.copy(deep=True)

    got = add_individual_boolean_tags_for_excel(frame, [tag for tag in TAGS if tag.value == "hfo_buy"])

    assert list(got.columns[-2:]) == ["HFO Buy (True)", "HFO Buy (False)"]
    assert got["HFO Buy (True)"].tolist() == [True, False]
    assert got["HFO Buy (False)"].tolist() == [False, True]
    pd.testing.assert_frame_equal(frame, before)


def test_the_pairs_stand_in_the_order_of_the_config():
    got = add_individual_boolean_tags_for_excel(refined(memberships({"Cust ID": "1"})).contacts, TAGS)

    pairs = [f"{tag.label} ({truth})" for tag in TAGS for truth in (True, False)]
    assert list(got.columns[-len(pairs) :]) == pairs
    assert (got[pairs[0::2]].to_numpy() != got[pairs[1::2]].to_numpy()).all()


def test_the_csv_of_a_run_reads_back_as_it_was_written():
    name = 'Lee, "Ann"\n=1'
    result = refined(
        memberships({"Cust ID": "1", "Customer Name": name, "Contact Email": "Ann@x.com"}),
        orders({"SAP ID": 1, "Total Value": "$1,000.005"}),
    )

    rows = list(csv.reader(io.StringIO(hubspot_csv(result.contacts, TAGS), newline="")))

    assert rows[1] == [
        name,
        "ann@x.com",
        "High-Value Customer;Not HFO Buy;Not Active Membership;Not Expiring Soon;Not Recently Renewed",
        "1000.01",
        "80.00",
    ]
    assert len(rows) == 2
