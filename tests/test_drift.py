"""Drift is what HubSpot holds against what it confirmed: of Goldpan's own values, and of nothing else."""

import json
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.drift import Drift, find_drift, lines_of
from goldpan.model import Confirmed, CurrentRecord
from goldpan.plan import Current, DesiredContact, TagOptions, plan_changes
from tests.builders import AS_OF, default_config

TAGS = "membership_status_tags"
OURS, THEIRS = ("hfo_buy", "not_hfo_buy", "expiring_soon"), ("vip", "board")
OPTIONS = TagOptions(frozenset(OURS), frozenset({*OURS, *THEIRS}))
VALUES = dict.fromkeys((spec.name for spec in default_config().properties.properties), "") | {
    TAGS: "hfo_buy;expiring_soon",
    "customer_name": "Ann Lee",
    "total_order_value": "5.00",
    "member_since": "2026-01-01",
}
CONFIRMED = Confirmed("1", json.dumps(VALUES))


def record(record_id: str = "1", email: str = "ann@x.com", **values: str) -> CurrentRecord:
    return CurrentRecord(record_id, email, (), VALUES | values)


def drift(*records: CurrentRecord, known: Mapping[str, Confirmed] | None = None, **by: CurrentRecord) -> Drift:
    """What is found where Ann was confirmed and her record is the one given, or none."""
    read = {f"{name}@x.com": each for name, each in by.items()}
    if records:
        (read["ann@x.com"],) = records
    return find_drift(known or {"ann@x.com": CONFIRMED}, read, default_config(), OPTIONS)


def test_the_same_values_are_fine_in_any_spelling():
    found = drift(record(total_order_value="5", member_since="1767225600000", **{TAGS: "expiring_soon;vip;hfo_buy"}))

    assert (found.fine, found.drifted, [*lines_of(found)]) == (1, [], [])


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"customer_name": "Ann"}, ("property edited", "customer_name", 1)),
        ({"customer_name": " "}, ("property cleared", "customer_name", 1)),
        ({"customer_id": "7"}, ("property edited", "customer_id", 1)),
    ],
)
def test_an_edit_and_a_clearing_are_told_apart(values, line):
    found = drift(record(**values))

    assert [*lines_of(found)] == [line]
    assert [contact.email for contact in found.drifted] == ["ann@x.com"]


def test_tags_of_ours_are_counted_one_by_one():
    found = drift(record(**{TAGS: "not_hfo_buy;vip"}))

    assert (found.tags_lost, found.tags_gained) == (Counter(OURS[::2]), Counter({"not_hfo_buy": 1}))


def test_a_deleted_contact_is_deleted_and_nothing_else():
    found = drift()

    assert (found.deleted, found.drifted, found.fine) == (["ann@x.com"], [], 0)


def test_a_merged_record_and_a_changed_address_are_told_though_the_values_are_fine():
    found = drift(record("9", "ann.lee@x.com"))

    assert [*lines_of(found)] == [("record merged", "", 1), ("address changed", "", 1)]
    assert found.fine == 1


def test_of_contacts_on_one_record_nobody_is_repaired():
    ben = Confirmed("2", json.dumps(VALUES | {"customer_name": "Ben"}))
    merged = record()

    found = drift(known={"ann@x.com": CONFIRMED, "ben@x.com": ben}, ann=merged, ben=merged)

    assert (found.fine, found.same_record, found.drifted, found.edited) == (1, ["ben@x.com"], [], Counter())


def test_a_property_that_was_never_confirmed_can_not_drift():
    confirmed = Confirmed("1", json.dumps({"customer_name": "Ann Lee", "fill_blank:lastname": "Lee", "gone": "x"}))

    assert drift(record(total_order_value="7"), known={"ann@x.com": confirmed}).fine == 1


@given(
    st.lists(st.sampled_from([*OURS, *THEIRS, "no_option_any_more"]), unique=True),
    st.sampled_from(["", "Ann", "Ann Lee"]),
    st.sampled_from(["", "5", "7"]),
)
def test_what_a_repair_writes_leaves_no_drift(tags, name, value):
    held = record(customer_name=name, total_order_value=value, **{TAGS: ";".join(tags)})
    found = drift(held)

    changes = _repair(found.drifted, held)

    after = dict(held.properties) | {key: text for change in changes for key, text in change.after.items()}
    repaired = drift(CurrentRecord("1", "ann@x.com", (), after))
    assert (repaired.fine, repaired.drifted) == (1, [])
    assert bool(found.drifted) == bool(changes)


@given(st.lists(st.sampled_from(THEIRS), unique=True))
def test_an_applied_plan_does_not_drift_whatever_people_add(added):
    wanted = DesiredContact("ann@x.com", VALUES, json.dumps(VALUES), 0)
    before = CurrentRecord("1", "ann@x.com", (), {TAGS: ";".join(added)})

    after = dict(before.properties) | {
        key: text for change in _repair([wanted], before) for key, text in change.after.items()
    }

    assert drift(CurrentRecord("1", "ann@x.com", (), after)).fine == 1


def _repair(drifted, held):
    return plan_changes(
        drifted, Current({"ann@x.com": held}), as_of=AS_OF, config=default_config(), tag_options=OPTIONS
    ).changes
