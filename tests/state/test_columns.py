"""The contacts of a portal are read column by column, and single ones without reading the others, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from goldpan.model import Action, Change, Confirmed, Portal
from sync.state.contacts import Absence
from sync.state.store import State
from tests.state.test_state import begin, change

HERE, THERE = Portal("77"), Portal("88")
AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
SOON, LATER = timedelta(hours=12), timedelta(days=7)
MANY = 10_500
"""Addresses, more than are asked for one by one."""


def held(number: int) -> Confirmed:
    return Confirmed(str(900 + number), f'{{"name":"Zoë 100% {number}"}}', f"C{number}")


def everybody(count: int) -> dict[str, Confirmed]:
    return {f"m{number:05}@x.org": held(number) for number in range(count)}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, server):
    """Two databases with many contacts, each with somebody in another portal."""
    urls = {"sqlite": f"sqlite:///{tmp_path_factory.mktemp('crowd') / 'state.sqlite'}", "postgresql": server.database()}
    for url in urls.values():
        with State.open(url) as state:
            state.contacts_of("hubspot", HERE).confirm(everybody(MANY), run_id="r1", at=AT)
            state.contacts_of("hubspot", THERE).confirm({"other@x.org": held(0)}, run_id="r1", at=AT)
    return urls


@pytest.fixture(params=["sqlite", "postgresql"])
def contacts(request, crowd):
    with State.open(crowd[request.param]) as state:
        yield state.contacts_of("hubspot", HERE)


def rows(batches):
    return [row for batch in batches for row in zip(*(column.to_pylist() for column in batch), strict=True)]


@pytest.mark.parametrize("at_once", [1, 6_000, MANY, 50_000])
def test_everybody_of_a_portal_comes_once_in_batches_of_about_that_size(contacts, at_once):
    batches = [*contacts.batches(at_once)]

    assert sorted(rows(batches)) == [(email, one.payload, one.customer_key) for email, one in everybody(MANY).items()]
    assert all(len(emails) >= at_once for emails, _, _ in batches[:-1])
    assert len(batches) == {1: len(batches), 6_000: 2}.get(at_once, 1)


def test_a_portal_without_contacts_has_no_batch(state):
    assert [*state.contacts_of("hubspot", HERE).batches()] == []


@pytest.mark.parametrize("count", [3, 501, MANY])
def test_what_is_confirmed_of_some_is_read_alone(contacts, count):
    wanted = {email: Confirmed(one.record_id, one.payload, one.customer_key, "r1", "r1")
              for email, one in everybody(count).items()}  # fmt: skip

    assert contacts.known_of([*wanted, "nobody@x.org", "other@x.org"]) == wanted
    assert contacts.known_of([]) == {}


@pytest.mark.parametrize("count", [3, 501, MANY])
def test_records_lead_to_every_contact_that_was_confirmed_for_them(contacts, count):
    wanted = {email: one.record_id for email, one in everybody(count).items()}

    assert contacts.confirmed_on([*wanted.values(), "1"]) == wanted
    assert contacts.owners_of([*wanted.values(), "1"]) == {record: email for email, record in wanted.items()}


def test_two_contacts_that_were_confirmed_for_one_record_are_both_told(state):
    contacts = state.contacts_of("hubspot", HERE)
    contacts.confirm({"a@x.org": held(1), "b@x.org": held(1), "c@x.org": held(2)}, run_id="r1", at=AT)

    assert contacts.confirmed_on(["901"]) == {"a@x.org": "901", "b@x.org": "901"}


def absent(state: State, **checked: tuple[str, timedelta, timedelta]):
    """Contacts that HubSpot lacks: the reason, since when before ``AT``, and when it was looked at last."""
    contacts = state.contacts_of("hubspot", HERE)
    for name, (reason, since, last) in checked.items():
        for before in (since, last):
            contacts.mark_absent(reason, {f"{name}@x.org": name}, at=AT - before, record_ids={f"{name}@x.org": "5"})
    return contacts


def test_only_absences_that_still_hold_are_read(state):
    day, hour = timedelta(days=1), timedelta(hours=1)
    contacts = absent(
        state,
        new=("gone", 11 * hour, 11 * hour),
        once_new=("gone", 13 * hour, 13 * hour),  # looked for again after one night
        gone=("gone", 9 * day, 6 * day),
        long_gone=("gone", 9 * day, 8 * day),
        unwanted=("not_wanted", 13 * hour, 13 * hour),
        long_unwanted=("not_wanted", 7 * day, 7 * day),
        shared=("same_record", day, day),
    )
    state.contacts_of("hubspot", THERE).mark_absent("gone", {"other@x.org": "{}"}, at=AT)

    found = rows(contacts.fresh_absences(AT, 2, good_for=LATER, new_good_for=SOON))

    assert sorted(found) == [
        ("gone@x.org", "gone", "gone"), ("new@x.org", "new", "gone"), ("shared@x.org", "shared", "same_record"),
        ("unwanted@x.org", "unwanted", "not_wanted"),
    ]  # fmt: skip


def test_absences_of_some_are_read_alone(state):
    contacts = absent(state, ann=("gone", LATER, SOON), ben=("not_wanted", SOON, SOON))

    assert contacts.absences_of(["ann@x.org", "cleo@x.org"]) == {
        "ann@x.org": Absence("gone", "ann", AT - LATER, AT - SOON, "5")
    }


def test_a_plan_is_journalled_whole_or_not_at_all(state):
    begin(state, "r1")
    changes = [change(f"m{number}@x.org") for number in range(2_500)]
    unwritable = Change("z@x.org", Action.UPDATE, {}, {"a": object()})

    with pytest.raises(TypeError):
        state.journal.plan("r1", [*changes, unwritable])
    assert state.journal.planned("r1") == ()

    state.journal.plan("r1", changes)
    assert [*state.journal.each_planned("r1")] == sorted(changes, key=lambda each: each.email)
