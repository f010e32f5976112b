"""The plan says exactly what to send: only what differs, people's own options kept, one record once."""

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.config import Config
from goldpan.model import Action, CurrentRecord
from goldpan.plan import AddressMove, Current, DesiredContact, Plan, TagOptions, plan_changes
from goldpan.stored import as_stored, split_options
from tests.builders import AS_OF, default_config

OPTIONS = TagOptions(
    owned=frozenset({"hfo_buy", "not_hfo_buy"}), available=frozenset({"hfo_buy", "not_hfo_buy", "vip", "board"})
)
VALUES = {
    "membership_status_tags": "hfo_buy",
    "total_order_value": "1000.50",
    "estimated_savings": "80.04",
    "membership_start": "2026-01-01",
    "membership_expires": "2026-12-31",
    "member_since": "2025-01-01",
    "membership_category": "active",
    "customer_id": "00121",
    "customer_name": "Ann Lee",
}


def wanted(email: str = "ann@x.com", rank: int = 0, **values: str) -> DesiredContact:
    return DesiredContact(email, VALUES | values, payload="{}", rank=rank)


def left(email: str = "old@x.com") -> DesiredContact:
    """A contact that is in no export any more: Goldpan's values go."""
    return DesiredContact(email, dict.fromkeys(VALUES, ""), payload="{}", rank=0, may_create=False, is_kept=False)


def record(email: str = "ann@x.com", record_id: str = "1", also: tuple[str, ...] = (), **values: str) -> CurrentRecord:
    return CurrentRecord(record_id, email, also, VALUES | values)


def plan(
    *desired: DesiredContact,
    current: dict[str, CurrentRecord] | None = None,
    config: Config | None = None,
    others: dict[str, tuple[str, int]] | None = None,
    once_confirmed: tuple[str, ...] = (),
    moves: tuple[AddressMove, ...] = (),
) -> Plan:
    return plan_changes(
        desired,
        Current(current or {}, once_confirmed, others or {}),
        as_of=AS_OF,
        config=config or default_config(),
        tag_options=OPTIONS,
        address_moves=moves,
    )


def with_lastname() -> Config:
    config = default_config()
    spec = {"name": "lastname", "column": "customer_name", "type": "text", "policy": "fill_blank", "adopt": True}
    properties = [*(p.model_dump() for p in config.properties.properties), spec]
    return config.model_copy(update={"properties": type(config.properties).model_validate({"property": properties})})


def test_a_contact_that_hubspot_lacks_is_created_with_every_owned_value():
    made = plan(wanted())

    (change,) = made.changes
    assert change.action is Action.CREATE
    assert change.after == VALUES
    assert set(change.before.values()) == {""}


def test_a_contact_that_differs_in_one_value_is_updated_with_that_value_alone():
    made = plan(wanted(), current={"ann@x.com": record(customer_name="Ann")})

    (change,) = made.changes
    assert (change.action, change.record_id) == (Action.UPDATE, "1")
    assert change.after == {"customer_name": "Ann Lee"}
    assert change.before == {"customer_name": "Ann"}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"total_order_value": "1000.5"},
        {"total_order_value": "1000.500"},
        {"membership_start": "1767225600000"},
        {"membership_start": "2026-01-01T00:00:00Z"},
        {"membership_start": "2026-01-01T00:00:00.000Z"},
        {"membership_status_tags": " hfo_buy;"},
        {"customer_name": "Ann Lee "},
    ],
)
def test_what_hubspot_stores_in_another_spelling_is_no_difference(stored):
    made = plan(wanted(), current={"ann@x.com": record(**stored)})

    assert made.changes == ()
    assert made.confirmed == {"ann@x.com": "1"}


def test_an_option_that_a_person_set_stays_and_ours_are_replaced():
    made = plan(wanted(), current={"ann@x.com": record(membership_status_tags="not_hfo_buy;vip;board")})

    assert made.changes[0].after["membership_status_tags"] == "hfo_buy;board;vip"


def test_an_option_that_the_property_no_longer_has_is_dropped_and_listed():
    made = plan(wanted(), current={"ann@x.com": record(membership_status_tags="hfo_buy;retired;vip")})

    assert made.changes[0].after["membership_status_tags"] == "hfo_buy;vip"
    assert made.dropped_options == {"ann@x.com": ("retired",)}


def test_a_missing_value_empties_the_property():
    made = plan(wanted(member_since=""), current={"ann@x.com": record()})

    assert made.changes[0].after["member_since"] == ""


def test_no_tags_is_empty_and_never_begins_with_a_semicolon():
    made = plan(wanted(membership_status_tags=""), current={"ann@x.com": record(membership_status_tags="hfo_buy;vip")})

    assert made.changes[0].after["membership_status_tags"] == "vip"


@pytest.mark.parametrize(("theirs", "written"), [("", "Ann Lee"), (" ", "Ann Lee"), ("Lee-Smith", None)])
def test_a_blank_is_filled_and_a_name_that_somebody_gave_stays(theirs, written):
    current = CurrentRecord("1", "ann@x.com", (), VALUES | {"lastname": theirs, "customer_name": "old"})

    made = plan(wanted(lastname="Ann Lee"), current={"ann@x.com": current}, config=with_lastname())

    assert made.changes[0].after.get("lastname") == written


def test_two_contacts_that_are_one_record_are_sent_once_the_better_ranked_one():
    shared = record(also=("old@x.com",), customer_name="x")
    both = {"ann@x.com": shared, "old@x.com": shared}

    made = plan(wanted("old@x.com", rank=1), wanted("ann@x.com", rank=0), current=both)

    assert [change.email for change in made.changes] == ["ann@x.com"]
    assert made.same_record == {"old@x.com": "ann@x.com"}


def test_a_contact_on_the_record_of_a_confirmed_one_gives_way_to_it():
    made = plan(wanted("old@x.com", rank=5), current={"old@x.com": record()}, others={"1": ("ann@x.com", 0)})

    assert made.changes == ()
    assert made.same_record == {"old@x.com": "ann@x.com"}


def test_a_better_ranked_contact_takes_over_the_record_of_a_confirmed_one():
    made = plan(
        wanted("new@x.com", rank=0),
        current={"new@x.com": record(customer_name="x")},
        others={"1": ("ann@x.com", 5)},
    )

    assert [change.email for change in made.changes] == ["new@x.com"]
    assert made.same_record == {"ann@x.com": "new@x.com"}


def test_a_contact_that_hubspot_confirmed_and_has_no_more_is_gone_and_not_made_again():
    made = plan(wanted(), once_confirmed=("ann@x.com",))

    assert (made.changes, made.gone) == ((), ("ann@x.com",))


def test_a_contact_that_is_not_to_be_created_is_not_wanted_but_updated_where_it_is():
    contact = replace(wanted(), may_create=False)

    assert plan(contact).not_wanted == ("ann@x.com",)
    (change,) = plan(contact, current={"ann@x.com": record(customer_name="x")}).changes
    assert change.action is Action.UPDATE


def test_a_contact_that_left_is_cleared_of_our_values_and_keeps_what_people_added():
    made = plan(left(), current={"old@x.com": record("old@x.com", membership_status_tags="hfo_buy;vip")})

    (change,) = made.changes
    assert change.action is Action.CLEAR
    assert change.after == dict.fromkeys(VALUES, "") | {"membership_status_tags": "vip"}


def test_a_contact_that_left_hubspot_too_is_forgotten():
    assert plan(left()).forgotten == ("old@x.com",)


def test_a_contact_that_left_never_goes_before_one_that_is_in_the_exports():
    shared = record("ann@x.com", also=("old@x.com",), customer_name="x")

    made = plan(left(), wanted(rank=7), current={"ann@x.com": shared, "old@x.com": shared})

    assert [change.email for change in made.changes] == ["ann@x.com"]
    assert (made.forgotten, made.same_record) == (("old@x.com",), {})


def test_an_address_that_somebody_changed_in_hubspot_is_listed_and_the_contact_kept_right():
    made = plan(wanted(), current={"ann@x.com": record("ann.lee@x.com", customer_name="x")})

    assert made.addresses_changed == {"ann@x.com": "ann.lee@x.com"}
    assert made.changes[0].after == {"customer_name": "Ann Lee"}


MOVE = AddressMove("old@x.com", "ann@x.com", "121")


def test_a_customer_with_a_new_address_is_created_there_and_cleared_under_the_old_one():
    made = plan(wanted(), left(), current={"old@x.com": record("old@x.com")}, moves=(MOVE,))

    assert [(change.email, change.action) for change in made.changes] == [
        ("ann@x.com", Action.CREATE),
        ("old@x.com", Action.CLEAR),
    ]
    assert made.address_moves == (MOVE,)
    assert ("address_moved", "old@x.com") in [(reason, email) for reason, email, _ in made.left_alone()]


def test_nobody_is_cleared_under_the_old_address_while_the_new_one_is_not_to_be_created():
    new = replace(wanted(), may_create=False)

    made = plan(new, left(), current={"old@x.com": record("old@x.com")}, moves=(MOVE,))

    assert (made.changes, made.not_wanted) == ((), ("ann@x.com",))


def test_a_fingerprint_is_that_of_the_plan_as_one_text():
    """Also in earlier versions: a plan that waited for a person while Goldpan was upgraded is still that plan."""
    made = plan(
        wanted(customer_name='Zoë "Z"'),
        wanted("ben@x.com"),
        current={"ben@x.com": record("ben@x.com", customer_id="1")},
    )
    content = [
        [change.email, change.action, change.record_id, sorted(change.before.items()), sorted(change.after.items())]
        for change in made.changes
    ]

    for each, listed in ((made, content), (plan(), [])):
        text = json.dumps([AS_OF.isoformat(), listed], ensure_ascii=False, separators=(",", ":"))
        assert each.fingerprint == hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def test_equal_plans_have_equal_fingerprints_whatever_the_order():
    one, two = wanted("a@x.com", rank=1), wanted("b@x.com", rank=2)

    assert plan(one, two).fingerprint == plan(two, one).fingerprint
    assert plan(one, two).fingerprint != plan(one).fingerprint


@given(
    st.lists(st.sampled_from(["hfo_buy", "not_hfo_buy", "vip", "gone", ""]), unique=True),
    st.lists(st.sampled_from(["", "hfo_buy", "not_hfo_buy"]), unique=True),
)
def test_the_tags_that_are_written_never_begin_with_a_semicolon_which_would_append(held, ours):
    contact = wanted(membership_status_tags=";".join(ours))

    for current in ({}, {"ann@x.com": record(membership_status_tags=";".join(held))}):
        for change in plan(contact, current=current).changes:
            assert not change.after.get("membership_status_tags", "").startswith(";")


@given(st.lists(st.sampled_from(["hfo_buy", "not_hfo_buy", "vip", "board", "gone"]), unique=True), st.booleans())
def test_applying_a_plan_leaves_nothing_to_plan(held, is_buyer):
    contact = wanted(membership_status_tags="hfo_buy" if is_buyer else "not_hfo_buy")
    before = record(membership_status_tags=";".join(held))

    first = plan(contact, current={"ann@x.com": before})
    after = dict(before.properties) | dict(first.changes[0].after if first.changes else {})
    second = plan(contact, current={"ann@x.com": CurrentRecord("1", "ann@x.com", (), after)})

    assert second.changes == ()


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("total_order_value", "5", "5.00"),
        ("total_order_value", "0.00", "0"),
        ("membership_status_tags", "a;b", "b;a"),
        ("membership_start", "2026-11-20", "1795132800000"),
        ("customer_name", "", " "),
    ],
)
def test_values_compare_as_hubspot_stores_them(name, one, other):
    spec = next(spec for spec in default_config().properties.properties if spec.name == name)

    assert as_stored(one, spec) == as_stored(other, spec)


def test_options_are_read_without_blanks():
    assert split_options("a; b;;c;") == ["a", "b", "c"]
