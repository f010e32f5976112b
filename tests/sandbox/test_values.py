"""Which values are taken, and how they read back."""

import pytest

from tests.sandbox.hub import TAGS, details, one


@pytest.mark.parametrize(
    ("name", "sent", "back"),
    [
        ("total_order_value", "1200.50", "1200.5"),
        ("total_order_value", "1200.00", "1200"),
        ("total_order_value", "1000", "1000"),
        ("total_order_value", "007", "7"),
        ("total_order_value", "-0.00", "0"),
        ("total_order_value", "-12.30", "-12.3"),
        ("total_order_value", ".5", "0.5"),
        ("total_order_value", "12345678901234567890.1", "12345678901234567890.1"),
        ("member_since", "2026-11-20", "2026-11-20"),
        ("member_since", "1795132800000", "2026-11-20"),
        ("seen_at", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z"),
        ("seen_at", "1795168800000", "2026-11-20T10:00:00.000Z"),
        ("is_member", "true", "true"),
        ("membership_category", "expired", "expired"),
        ("customer_id", " 00121 ", " 00121 "),
        (TAGS, "gold", "gold"),
        (TAGS, "gold;;gold;", "gold"),
    ],
)
def test_a_value_reads_back_in_its_normal_form(hub, name, sent, back):
    assert hub.upsert(one("ada@example.org", **{name: sent})).status == 200
    assert hub.values("ada@example.org", name) == {name: back}


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("total_order_value", "1,200.50", "INVALID_NUMBER"),
        ("total_order_value", "1e3", "INVALID_NUMBER"),
        ("total_order_value", "12 EUR", "INVALID_NUMBER"),
        ("total_order_value", "NaN", "INVALID_NUMBER"),
        ("total_order_value", ".", "INVALID_NUMBER"),
        ("total_order_value", " 12", "INVALID_NUMBER"),
        ("total_order_value", "٣", "INVALID_NUMBER"),
        ("member_since", "20.11.2026", "INVALID_DATE"),
        ("member_since", "2026-02-30", "INVALID_DATE"),
        ("member_since", "2026-11-20T00:00:00Z", "INVALID_DATE"),
        ("member_since", "1795132800001", "INVALID_DATE"),
        ("member_since", "2026-W47-5", "INVALID_DATE"),
        ("seen_at", "2026-11-20", "INVALID_DATE"),
        ("seen_at", "2026-11-20T10:00:00+01:00", "INVALID_DATE"),
        ("is_member", "yes", "INVALID_BOOLEAN"),
        ("membership_category", "Expired", "INVALID_OPTION"),
        ("membership_category", "active;expired", "INVALID_OPTION"),
        (TAGS, "Gold", "INVALID_OPTION"),
        (TAGS, "gold; board", "INVALID_OPTION"),
        ("customer_id", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("hs_additional_emails", "eve@example.org", "READ_ONLY_VALUE"),
        ("lastmodifieddate", "2026-11-20T10:00:00Z", "READ_ONLY_VALUE"),
        ("email", "nobody", "INVALID_EMAIL"),
    ],
)
def test_a_value_out_of_form_is_refused_with_its_reason(hub, sandbox, name, sent, code):
    answer = hub.upsert(one("ada@example.org", **{name: sent}))

    assert answer.status == 400
    assert [(detail["error"], detail["name"]) for detail in details(answer)] == [(code, name)]
    assert sandbox.contacts() == {}


def test_a_refused_option_lists_all_that_are_allowed(hub, sandbox):
    answer = hub.upsert(one("ada@example.org", **{TAGS: "platinum"}))

    detail = details(answer)[0]
    assert detail["message"] == "platinum was not one of the allowed options: [active, board, expired, gold]"
    assert (detail["isValid"], detail["portalId"]) == (False, sandbox.portal_id)


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "@example.org",
        "ada@",
        "ada@example",
        "ada@example.con",
        "ada@example.local",
        "ada@example.test",
        "ada@example.c",
        "ada@example.123",
        "ada@exa_mple.org",
        "ada@-example.org",
        "ada@example..org",
        "ada..b@example.org",
        ".ada@example.org",
        "ada @example.org",
        " ada@example.org",
        "ada@example.org;eve@example.org",
        "ädä@example.org",
        f"{'a' * 65}@example.org",
    ],
)
def test_what_is_no_address_is_refused(hub, sandbox, address):
    answer = hub.upsert(one(address, "1"), one("ok@example.org", "2"))

    assert answer.status == 207
    assert "INVALID_EMAIL" in answer.json()["errors"][0]["message"]
    assert list(sandbox.contacts()) == ["ok@example.org"]


@pytest.mark.parametrize("address", ["o'neil+news@mail.example.co.uk", "a@b.xn--p1ai", "x_y-z@1.example.museum"])
def test_an_unusual_address_is_still_one(hub, sandbox, address):
    assert hub.upsert(one(address)).status == 200
    assert list(sandbox.contacts()) == [address]


def test_choices_are_replaced_unless_a_semicolon_leads(hub, sandbox):
    hub.upsert(one("ada@example.org", **{TAGS: "gold;active"}))
    hub.upsert(one("ada@example.org", **{TAGS: ";board;gold"}))
    assert sandbox.contacts()["ada@example.org"][TAGS] == "active;board;gold"

    hub.upsert(one("ada@example.org", **{TAGS: "expired"}))
    assert sandbox.contacts()["ada@example.org"][TAGS] == "expired"


def test_an_empty_text_clears_and_null_leaves_alone(hub):
    hub.upsert(one("ada@example.org", firstname="Ada", **{TAGS: "gold"}))
    hub.upsert(one("ada@example.org", firstname=None, **{TAGS: ""}))

    assert hub.values("ada@example.org", "firstname", TAGS) == {"firstname": "Ada", TAGS: None}


def test_several_bad_values_of_one_record_are_named_together(hub):
    answer = hub.upsert(one("ada@example.org", total_order_value="x", member_since="y"))

    assert {detail["name"] for detail in details(answer)} == {"total_order_value", "member_since"}


def test_an_endless_list_of_options_is_cut_off_in_the_message(hub):
    many = [{"label": f"Option {n}", "value": f"option_{n}", "hidden": False} for n in range(2_000)]
    hub.make_property("many", "enumeration", "checkbox", options=many)

    message = hub.upsert(one("ada@example.org", many="none")).json()["message"]

    assert len(message) == 10_000
