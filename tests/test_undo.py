"""An undo restores exactly what Goldpan owned before, wherever nobody has changed it since."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.model import Action, Change, Confirmed, CurrentRecord
from goldpan.plan import TagOptions, difference
from goldpan.stored import are_equal, split_options
from goldpan.undo import Undoing, plan_undo
from tests.builders import AS_OF, default_config

TAGS = "membership_status_tags"
OURS, THEIRS = ("hfo_buy", "not_hfo_buy", "expiring_soon"), ("vip", "board")
OPTIONS = TagOptions(frozenset(OURS), frozenset({*OURS, *THEIRS}))
SPECS = default_config().properties.properties
OWNED = {TAGS: "", "customer_name": "", "total_order_value": "", "member_since": ""}


def record(values: Mapping[str, str], email: str = "ann@x.com", record_id: str = "1") -> CurrentRecord:
    return CurrentRecord(record_id, email, (), dict(values))


def written(before: Mapping[str, str], wanted: Mapping[str, str], email: str = "ann@x.com") -> Change:
    """The update that a run makes of a record that holds ``before``."""
    after, _ = difference(wanted, before, default_config(), OPTIONS)
    return Change(email, Action.UPDATE, {name: before.get(name, "") for name in after}, after, "1", json.dumps(wanted))


def undo(*changes: Change, now: Mapping[str, CurrentRecord], known: Mapping[str, Confirmed] | None = None) -> Undoing:
    return plan_undo(changes, now, known or {}, as_of=AS_OF, config=default_config(), tag_options=OPTIONS)


def applied(values: Mapping[str, str], change: Change | None) -> dict[str, str]:
    """What a record holds once the change is written."""
    return dict(values) | dict(change.after if change else {})


TAG_VALUES = st.lists(st.sampled_from([*OURS, *THEIRS]), unique=True).map(";".join)
OWN_TAGS = st.lists(st.sampled_from(OURS), unique=True).map(";".join)
VALUES = {
    "customer_name": st.sampled_from(["", "Ann", "Ann Lee"]),
    "total_order_value": st.sampled_from(["", "0", "5.00", "5"]),
    "member_since": st.sampled_from(["", "2026-01-01", "1767225600000"]),
}
HELD = st.fixed_dictionaries({TAGS: TAG_VALUES, **VALUES})
WANTED = st.fixed_dictionaries({TAGS: OWN_TAGS, **VALUES})


@given(HELD, WANTED)
def test_where_nobody_edited_an_undo_restores_what_was_there(before, wanted):
    change = written(before, wanted)
    after = applied(before, change)

    undoing = undo(change, now={"ann@x.com": record(after)})

    restored = applied(after, next(iter(undoing.plan.changes), None))
    assert are_equal(before, restored, SPECS)
    assert (undoing.plan.moved, undoing.plan.gone) == ({}, ())


@given(HELD, WANTED)
def test_a_second_undo_finds_everything_back(before, wanted):
    change = written(before, wanted)
    once = undo(change, now={"ann@x.com": record(applied(before, change))})
    restored = applied(applied(before, change), next(iter(once.plan.changes), None))

    again = undo(change, now={"ann@x.com": record(restored)})

    assert again.plan.changes == ()
    assert again.is_back == ("ann@x.com",)


@given(HELD, WANTED)
def test_an_undo_of_an_undo_is_what_the_run_wrote(before, wanted):
    change = written(before, wanted)
    after = applied(before, change)
    once = undo(change, now={"ann@x.com": record(after)})
    restored = applied(after, next(iter(once.plan.changes), None))

    twice = undo(*once.plan.changes, now={"ann@x.com": record(restored)})

    assert are_equal(after, applied(restored, next(iter(twice.plan.changes), None)), SPECS)


@given(HELD, WANTED, TAG_VALUES)
def test_whatever_people_do_to_the_tags_their_own_options_are_never_touched(before, wanted, edited):
    change = written(before, wanted)
    now = applied(before, change) | {TAGS: edited}

    undoing = undo(change, now={"ann@x.com": record(now)})

    restored = applied(now, next(iter(undoing.plan.changes), None))
    assert set(split_options(restored[TAGS])) & set(THEIRS) == set(split_options(edited)) & set(THEIRS)


@given(HELD, WANTED)
def test_the_confirmed_state_says_what_the_record_holds_then(before, wanted):
    change = written(before, wanted)
    known = {"ann@x.com": Confirmed("1", json.dumps(wanted))}

    for made in undo(change, now={"ann@x.com": record(applied(before, change))}, known=known).plan.changes:
        payload, restored = json.loads(made.payload), applied(applied(before, change), made)
        assert set(split_options(payload[TAGS])) == set(split_options(restored[TAGS])) & set(OURS)
        assert are_equal({n: v for n, v in payload.items() if n in made.after and n != TAGS}, restored, SPECS)


def test_a_property_that_somebody_changed_is_left_and_the_others_are_put_back():
    change = written(OWNED, OWNED | {"customer_name": "Ann", "total_order_value": "5"})
    now = OWNED | {"customer_name": "By hand", "total_order_value": "5.00"}

    undoing = undo(change, now={"ann@x.com": record(now)})

    assert undoing.plan.moved == {"ann@x.com": "changed since: customer_name"}
    assert [dict(each.after) for each in undoing.plan.changes] == [{"total_order_value": ""}]


def test_a_created_contact_is_cleared():
    change = Change("ann@x.com", Action.CREATE, OWNED, OWNED | {"customer_name": "Ann", TAGS: "hfo_buy"})

    (made,) = undo(change, now={"ann@x.com": record({"customer_name": "Ann", TAGS: "hfo_buy;vip"})}).plan.changes

    assert (made.action, made.record_id) == (Action.CLEAR, "1")
    assert made.after == {"customer_name": "", TAGS: "vip"}


def test_a_contact_that_hubspot_has_no_more_is_gone():
    assert undo(written(OWNED, OWNED | {"customer_name": "Ann"}), now={}).plan.gone == ("ann@x.com",)


def test_contacts_that_are_one_record_by_now_are_written_once_for_the_one_whose_values_it_holds():
    one = written(OWNED, OWNED | {"customer_name": "Ann"}, "ann@x.com")
    other = written(OWNED, OWNED | {"customer_name": "Ben"}, "ben@x.com")
    merged = record(OWNED | {"customer_name": "Ben"})

    undoing = undo(one, other, now={"ann@x.com": merged, "ben@x.com": merged})

    assert [change.email for change in undoing.plan.changes] == ["ben@x.com"]
    assert undoing.plan.same_record == {"ann@x.com": "ben@x.com"}
    assert undoing.plan.moved == {}


@pytest.mark.parametrize("gone", ["not_hfo_buy", "vip"])
def test_an_option_that_hubspot_no_longer_has_is_not_put_back(gone):
    change = written(OWNED | {TAGS: f"{gone};expiring_soon"}, OWNED | {TAGS: "hfo_buy"})
    options = TagOptions(OPTIONS.owned, OPTIONS.available - {gone})
    now = {"ann@x.com": record(OWNED | {TAGS: change.after[TAGS]})}

    (made,) = plan_undo(
        [change], now, {}, as_of=AS_OF, config=default_config(), tag_options=options
    ).plan.changes  # fmt: skip

    assert made.after[TAGS] == "expiring_soon"
