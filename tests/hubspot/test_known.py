"""Contacts that HubSpot has are read and written by record id, which survives edited addresses and mergers."""

import pytest

from goldpan.model import Action, CurrentRecord, Verdict
from sync.sandbox import Fault
from tests.hubspot.stage import READ, UPDATE, UPSERT, change, changes, drained, tally, update, verdicts
from tests.sandbox.hub import TAGS, one


def fill(hub, count=5, **properties):
    """That many contacts; their record ids by address."""
    addresses = [f"u{number}@example.org" for number in range(count)]
    hub.upsert(*(one(address, **properties) for address in addresses))
    results = hub.read(*addresses, properties=["email"]).json()["results"]
    ids = {result["properties"]["email"]: result["id"] for result in results}
    return {address: ids[address] for address in addresses}


def read(destination, keys, by="record_id"):
    found, absent = {}, []
    for batch in destination.read_contacts(keys, [TAGS], by=by):
        found |= batch.found
        absent += batch.absent
    return found, absent


def settled(destination, wanted):
    batches, failure = drained(destination.write(wanted))
    assert failure is None
    return verdicts(batches)


def asked(sandbox, path):
    return [request for request in sandbox.requests if request.path == path]


@pytest.fixture
def merged(hub):
    """The address, the old id and the new one of a contact that was merged."""
    ids = fill(hub, 2, **{TAGS: "gold"})
    hub.merge("u0@example.org", "u1@example.org")
    return "u0@example.org", ids["u0@example.org"], hub.id_of("u0@example.org")


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_contact_is_found_by_its_record_id_under_its_new_address(hub, open_sandbox):
    ids = fill(hub, 3, **{TAGS: "gold"})
    edited = ids["u0@example.org"]
    hub.batch("update", {"id": edited, "properties": {"email": "new@example.org"}})

    found, absent = read(open_sandbox(), list(ids.values()))

    assert absent == []
    assert (found[edited].email, found[edited].properties) == ("new@example.org", {TAGS: "gold"})
    assert all(record.record_id == key for key, record in found.items())


def test_a_contact_that_was_removed_is_absent(hub, sandbox, open_sandbox):
    ids = fill(hub, 3)
    hub.batch("archive", {"id": ids["u1@example.org"]})
    before = len(asked(sandbox, READ))

    found, absent = read(open_sandbox(), [*ids.values(), "12345"])

    assert set(found) == {ids["u0@example.org"], ids["u2@example.org"]}
    assert set(absent) == {ids["u1@example.org"], "12345"}
    assert len(asked(sandbox, READ)) - before == 1


@pytest.mark.parametrize("others", [0, 3])
def test_a_merged_away_id_leads_to_the_contact_it_became(hub, open_sandbox, merged, others):
    address, old, new = merged
    hub.upsert(*(one(f"o{number}@example.org") for number in range(others)))
    known = [hub.id_of(f"o{number}@example.org") for number in range(others)]

    found, absent = read(open_sandbox(), [*known, old, "12345"])

    assert absent == ["12345"]
    assert all(found[key].record_id == key for key in known)
    assert found[old] == CurrentRecord(new, address, ("u1@example.org",), {TAGS: "gold"})


def test_a_merged_away_id_that_hubspot_no_longer_knows_is_absent(sandbox, open_sandbox, merged):
    """The other reading of HubSpot's "old ids keep resolving"."""
    _, old, new = merged
    sandbox.settings.merged_ids = "unknown"

    found, absent = read(open_sandbox(), [old, new])

    assert (list(found), absent) == ([new], [old])


def test_all_ids_that_became_one_contact_lead_to_it(hub, open_sandbox):
    ids = fill(hub, 3)
    hub.merge("u0@example.org", "u1@example.org")
    new = hub.id_of("u0@example.org")

    found, absent = read(open_sandbox(), [*ids.values(), new])

    assert absent == []
    assert {key: record.record_id for key, record in found.items()} == {
        ids["u0@example.org"]: new,
        ids["u1@example.org"]: new,
        ids["u2@example.org"]: ids["u2@example.org"],
        new: new,
    }


@pytest.mark.parametrize("by", ["email", "record_id"])
def test_contacts_that_one_answer_leaves_out_are_found_by_the_next(hub, sandbox, open_sandbox, by):
    ids = fill(hub, 20)
    keys = list(ids if by == "email" else ids.values())
    sandbox.faults.replace([Fault("omit", path=READ, times=1, count=7)])
    before = len(asked(sandbox, READ))

    found, absent = read(open_sandbox(), keys, by)

    assert (set(found), absent) == (set(keys), [])
    assert [request.inputs for request in asked(sandbox, READ)[before:]] == [20, 7]


# --- writing ----------------------------------------------------------------------------------------------------------


def test_an_update_changes_what_it_names_and_nothing_else(hub, sandbox, open_sandbox):
    ids = fill(hub, 3, **{TAGS: "gold", "firstname": "Jo"})

    outcomes = settled(
        open_sandbox(),
        [
            update(ids["u0@example.org"], "u0@example.org", **{TAGS: "board"}),
            update(ids["u1@example.org"], "u1@example.org", Action.CLEAR, **{TAGS: ""}),
        ],
    )

    assert {email: (o.verdict, o.record_id, o.is_new) for email, o in outcomes.items()} == {
        email: (Verdict.APPLIED, ids[email], False) for email in ("u0@example.org", "u1@example.org")
    }
    held = sandbox.contacts()
    assert [held[email].get(TAGS) for email in ids] == ["board", None, "gold"]
    assert {contact["firstname"] for contact in held.values()} == {"Jo"}
    assert asked(sandbox, UPSERT)[1:] == []


def test_an_update_of_a_contact_whose_address_was_edited_keeps_the_new_address(hub, sandbox, open_sandbox):
    ids = fill(hub, 1)
    hub.batch("update", {"id": ids["u0@example.org"], "properties": {"email": "new@example.org"}})

    outcomes = settled(open_sandbox(), [update(ids["u0@example.org"], "u0@example.org", **{TAGS: "board"})])

    assert outcomes["u0@example.org"].verdict is Verdict.APPLIED
    assert sandbox.contacts()["new@example.org"][TAGS] == "board"
    assert set(sandbox.contacts()) == {"new@example.org"}


@pytest.mark.parametrize(("merged_ids", "reason"), [("read", "missing_in_answer"), ("unknown", "OBJECT_NOT_FOUND")])
def test_an_update_of_a_merged_away_id_that_hubspot_drops_is_unknown(sandbox, open_sandbox, merged, merged_ids, reason):
    address, old, _ = merged
    sandbox.settings.merged_ids = merged_ids

    said = settled(open_sandbox(), [update(old, address, **{TAGS: "board"})])[address]

    assert (said.verdict, said.reason, said.record_id) == (Verdict.UNKNOWN, reason, None)
    assert sandbox.contacts()[address][TAGS] == "gold"


def test_an_update_of_a_merged_away_id_that_hubspot_follows_tells_the_new_id(sandbox, open_sandbox, merged):
    address, old, new = merged
    sandbox.settings.merged_ids = "write"

    said = settled(open_sandbox(), [update(old, address, **{TAGS: "board"})])[address]

    assert (said.verdict, said.record_id) == (Verdict.APPLIED, new)
    assert sandbox.contacts()[address][TAGS] == "board"


@pytest.mark.parametrize("sinks", [False, True])
def test_a_contact_that_is_gone_is_told_and_the_other_ninety_nine_are_written(hub, sandbox, open_sandbox, sinks):
    sandbox.settings.missing_sinks_updates = sinks
    ids = fill(hub, 100)
    hub.batch("archive", {"id": ids["u41@example.org"]})

    outcomes = settled(open_sandbox(), [update(key, email, **{TAGS: "gold"}) for email, key in ids.items()])

    assert tally(outcomes) == {"applied": 99, "refused": 0, "unknown": 1}
    assert outcomes["u41@example.org"].reason == "OBJECT_NOT_FOUND"
    assert sandbox.tag_counts(TAGS)["gold"] == 99
    assert len(asked(sandbox, UPDATE)) - 1 <= (14 if sinks else 0)


def test_creates_and_updates_of_one_plan_all_arrive_once(hub, sandbox, open_sandbox):
    ids = fill(hub, 90)
    known = [update(key, email, **{TAGS: "gold"}) for email, key in ids.items()]
    mixed = [one for pair in zip(known, changes(90), strict=True) for one in pair]

    outcomes = settled(open_sandbox(), mixed)

    assert tally(outcomes) == {"applied": 180, "refused": 0, "unknown": 0}
    assert {email for email, outcome in outcomes.items() if outcome.is_new} == {one.email for one in changes(90)}
    assert sandbox.tag_counts(TAGS) == {"active": 90, "board": 0, "expired": 0, "gold": 90}
    assert all(len(sandbox.writes_of(one.email)) == 1 for one in changes(90))


def test_updates_left_out_of_the_answer_are_unknown(hub, sandbox, open_sandbox):
    ids = fill(hub, 10)
    sandbox.faults.replace([Fault("omit", path=UPDATE, count=3)])

    outcomes = settled(open_sandbox(), [update(key, email, **{TAGS: "gold"}) for email, key in ids.items()])

    assert tally(outcomes) == {"applied": 7, "refused": 0, "unknown": 3}
    assert {outcome.reason for outcome in outcomes.values()} == {"", "missing_in_answer"}


@pytest.mark.parametrize("is_named", [True, False])
def test_a_refused_update_is_told_by_trace_id_or_told_apart(hub, sandbox, open_sandbox, is_named):
    ids = fill(hub, 10)
    sandbox.faults.replace([] if is_named else [Fault("strip_context", path=UPDATE)])
    bad = {"u3@example.org", "u7@example.org"}
    wanted = [update(key, email, **{TAGS: "nope" if email in bad else "gold"}) for email, key in ids.items()]

    outcomes = settled(open_sandbox(), wanted)

    assert {email: o.reason for email, o in outcomes.items() if o.verdict is Verdict.REFUSED} == dict.fromkeys(
        bad, "INVALID_OPTION"
    )
    assert tally(outcomes) == {"applied": 8, "refused": 2, "unknown": 0}


def test_a_create_by_an_additional_address_lands_on_the_contact_and_leaves_its_primary_one(
    sandbox, open_sandbox, merged
):
    address, _, new = merged

    said = settled(open_sandbox(), [change("u1@example.org", **{TAGS: "board"})])["u1@example.org"]

    assert (said.verdict, said.record_id, said.is_new) == (Verdict.APPLIED, new, False)
    assert set(sandbox.contacts()) == {address}
