"""One person in exports: their rows and nobody else's."""

import pytest

from goldpan.conform import conform
from goldpan.model import Sheet
from goldpan.person import Person, Traces, rows_of_person, shared_addresses, traces_of
from goldpan.person_tables import PersonInReport, without_person
from tests.builders import default_config

CONFIG = default_config()
ADA = Person(frozenset({"ada@x.org", "a+l@x.org"}), frozenset({"12", "C-7"}))


def memberships(*rows, by_name=False):
    headers = ["Cust ID", "Customer Name", "Contact Email", "Created Date", "Start Date", "Expiration Date"]
    sheet = Sheet("m.csv", "", [headers, *rows])
    return conform([sheet], CONFIG.memberships, name_keys_for_all=by_name)


def orders(*rows):
    return conform([Sheet("o.csv", "", [["SAP ID", "Total Value", "E-Mail"], *rows])], CONFIG.orders)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ask ADA@x.org, please", "ask forgotten@forgotten.invalid, please"),
        ("mailto:ada@x.org", "mailto:forgotten@forgotten.invalid"),
        ("<a+l@x.org>.", "<forgotten@forgotten.invalid>."),
        ("nada@x.org", "nada@x.org"),
        ("l.ada@x.org", "l.ada@x.org"),
        ("ada@x.org.uk", "ada@x.org.uk"),
        ("ada@x.organic", "ada@x.organic"),
        ("customer ids 0012; 13; C-7", "customer ids (forgotten); 13; (forgotten)"),
        ("12 customer ids 112; 120", "12 customer ids 112; 120"),
        ("nothing here 12", "nothing here 12"),
    ],
)
def test_addresses_go_from_texts_whole_and_alone(text, wanted):
    assert ADA.redact(text) == wanted


def test_a_cell_is_theirs_by_what_it_reads_as():
    assert [ADA.has_address(cell) for cell in (" Ada@X.org ", "x@x.org; ada@x.org", None, 5)] == [
        True,
        False,
        False,
        False,
    ]
    assert [ADA.has_id(cell) for cell in ("00012", 12, 12.0, "'12", "c-7", None, "1")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip


def test_the_customers_behind_an_address_lead_to_their_other_addresses():
    export = memberships(
        ["12", "A", "ada@x.org"], ["0012", "A", "old@x.org"], ["13", "B", "ben@x.org"], ["", "A", "ada@x.org"]
    )

    assert traces_of("ada@x.org", export, match_on="customer_id") == Traces(
        frozenset({"12"}), frozenset({"ada@x.org", "old@x.org"}), frozenset()
    )


def test_names_lead_to_them_where_names_make_customers():
    export = memberships(
        ["12", "Ada L", "ada@x.org"], ["", "ADA  L", "old@x.org"], ["13", "B", "ben@x.org"], by_name=True
    )

    assert traces_of("ada@x.org", export, match_on="customer_name") == Traces(
        frozenset({"12"}), frozenset({"ada@x.org", "old@x.org"}), frozenset({"ada l"})
    )


def test_an_address_is_shared_if_another_customer_has_it_too():
    export = memberships(["12", "A", "old@x.org"], ["13", "B", "old@x.org"], ["12", "A", "own@x.org"])

    assert shared_addresses(["old@x.org", "own@x.org"], export, ADA, match_on="customer_id") == {"old@x.org"}


def test_their_memberships_are_found_by_address_and_by_customer():
    export = memberships(
        ["12", "A", ""], ["13", "B", "ben@x.org"], ["", "A", "Ada@x.org"], [None, None, None],
        ["00012", "A", "x@x.org"], ["14", "C", "ben@x.org; ada@x.org"], ["15", "D", "a+l@x.org"],
    )  # fmt: skip

    assert rows_of_person(export, ADA, match_on="customer_id") == {2, 4, 6, 8}


def test_their_orders_are_found_by_customer_and_without_one_by_address():
    export = orders(
        ["12", "5", ""], ["13", "5", "ada@x.org"], ["", "5", "ADA@x.org"], ["", "5", "ben@x.org"], ["", "5", None]
    )

    assert rows_of_person(export, ADA, match_on="customer_id") == {2, 4}


def test_orders_without_any_that_lack_an_id_are_looked_through_too():
    assert rows_of_person(orders(["12", "5", ""], ["13", "5", ""]), ADA, match_on="customer_id") == {2}


def report(rows, name="Contacts", **options):
    return PersonInReport(ADA, CONFIG, **options).rows(name, rows)


def test_rows_of_the_report_are_theirs_by_address_or_customer_id():
    headers = ["Cust ID (export)", "Contact Email (as sent)"]

    assert report([headers, ["12", None], ["13", "ada@x.org"], ["14", "b@x.org"]]) == {2, 3}
    assert report([["Customer ID", "Orders"], ["0012", 1], ["1", 12]], "Prospects") == {2}
    assert report([["Contact Email", "Before"], ["b@x.org", "ada@x.org"]], "Changes") == set()


def test_rows_of_the_report_are_theirs_by_the_place_in_the_export():
    by_kind, by_file = {"memberships": {5}, "orders": {6}}, {"m.csv": {5}, "o.csv": {6}}

    assert report([["Export", "Row"], ["memberships", 5], ["orders", 5], ["orders", 6]], rows_by_kind=by_kind) == {2, 4}
    assert report(
        [["Kind", "File", "Row"], ["W", "m.csv", "5"], ["W", "o.csv", "5"], ["S", "", ""]], "", rows_by_file=by_file
    ) == {2}
    assert report([["Row", "Problem"], [5.0, ""], [6.0, ""]], "Memberships", rows_by_kind=by_kind) == {2}
    assert report([["Goldpan: Row", "Row"], [5, 6], [6, 5]], "Memberships", rows_by_kind=by_kind) == {2}


def test_rows_of_others_whom_they_spoke_for_go_too():
    rows = [["Customer Name", "Contact Email"], ["Ada", "office@x.org"], ["Ben", "b@x.org"]]

    assert report(rows, addresses={"office@x.org"}) == {2}


def test_json_keeps_everybody_else():
    plan = {
        "changes": [{"email": "ada@x.org", "after": {"n": "1"}}, {"email": "b@x.org", "after": {"n": "1"}}],
        "left_alone": [{"email": "b@x.org", "details": "the same HubSpot record as ADA@x.org"}],
        "brakes": [{"examples": ["ada@x.org", "b@x.org"]}],
        "counts": {"create": 2},
    }

    assert without_person(plan, PersonInReport(ADA, CONFIG)) == {
        "changes": [{"email": "b@x.org", "after": {"n": "1"}}],
        "left_alone": [{"email": "b@x.org", "details": "the same HubSpot record as forgotten@forgotten.invalid"}],
        "brakes": [{"examples": ["b@x.org"]}],
        "counts": {"create": 2},
    }
