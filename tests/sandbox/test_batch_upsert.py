"""What an upsert of many does, and what sinks it."""

import pytest

from tests.sandbox.conftest import furnished
from tests.sandbox.hub import CONTACTS, TAGS, details, one, traces


def test_an_upsert_creates_and_then_updates(hub, sandbox):
    first = hub.upsert(one("ada@example.org", "a", firstname="Ada"))
    second = hub.upsert(one("ada@example.org", "a", lastname="Lovelace"))

    assert (first.status, first.json()["results"][0]["new"]) == (200, True)
    assert (second.status, second.json()["results"][0]["new"]) == (200, False)
    assert first.json()["results"][0]["id"] == second.json()["results"][0]["id"]
    held = sandbox.contacts()["ada@example.org"]
    assert (held["firstname"], held["lastname"]) == ("Ada", "Lovelace")


def test_a_result_has_the_trace_id_but_repeats_nothing_that_was_sent(hub):
    answer = hub.upsert(one("ada@example.org", "row-17", firstname="Ada")).json()

    assert answer["status"] == "COMPLETE"
    result = answer["results"][0]
    assert result["objectWriteTraceId"] == "row-17"
    assert result["id"].isdecimal()
    assert "Ada" not in str(answer)
    assert "ada@example.org" not in str(answer)


def test_addresses_are_stored_in_lower_case(hub, sandbox):
    hub.upsert(one("Ada@Example.ORG", firstname="Ada"))

    assert list(sandbox.contacts()) == ["ada@example.org"]
    assert hub.values("ADA@example.org", "email") == {"email": "ada@example.org"}


def test_results_come_in_another_order_than_the_inputs(hub):
    sent = [f"t{n}" for n in range(50)]

    answer = hub.upsert(*(one(f"m{n}@example.org", f"t{n}") for n in range(50))).json()

    back = [result["objectWriteTraceId"] for result in answer["results"]]
    assert back != sent
    assert sorted(back) == sorted(sent)


def test_the_same_seed_shuffles_the_same_way():
    orders = []
    for _ in range(2):
        with furnished(seed=7) as (_, hub):
            answer = hub.upsert(*(one(f"m{n}@example.org", f"t{n}") for n in range(30))).json()
            orders.append([result["objectWriteTraceId"] for result in answer["results"]])

    assert orders[0] == orders[1]


def test_with_trace_ids_good_records_are_written_and_bad_ones_named(hub, sandbox):
    answer = hub.upsert(
        one("ada@example.org", "1", firstname="Ada"),
        one("not-an-address", "2", firstname="Bob"),
        one("eve@example.org", "3", **{TAGS: "platinum"}),
    )

    body = answer.json()
    assert answer.status == 207
    assert body["status"] == "COMPLETE"
    assert [result["objectWriteTraceId"] for result in body["results"]] == ["1"]
    assert traces(body["errors"]) == {"2", "3"}
    assert list(sandbox.contacts()) == ["ada@example.org"]


def test_errors_count_entries_not_records(hub):
    answer = hub.upsert(
        one("a@example.org", "1", **{TAGS: "platinum"}),
        one("b@example.org", "2", **{TAGS: "platinum"}),
        one("c@example.org", "3", **{TAGS: "active"}),
    ).json()

    assert answer["numErrors"] == len(answer["errors"]) == 1
    assert traces(answer["errors"]) == {"1", "2"}


@pytest.mark.parametrize("given", [(None, None), ("1", None), ("same", "same"), ("1", "")])
def test_without_a_unique_trace_id_on_every_input_one_bad_record_sinks_the_batch(hub, sandbox, given):
    answer = hub.upsert(one("ada@example.org", given[0]), one("not-an-address", given[1]))

    assert answer.status == 400
    assert details(answer)[0]["error"] == "INVALID_EMAIL"
    assert sandbox.contacts() == {}


def test_an_unknown_property_sinks_the_batch_even_with_trace_ids(hub, sandbox):
    answer = hub.upsert(one("ada@example.org", "1"), one("eve@example.org", "2", shoe_size="38"))

    assert answer.status == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert [(detail["error"], detail["name"]) for detail in details(answer)] == [("PROPERTY_DOESNT_EXIST", "shoe_size")]
    assert sandbox.contacts() == {}


@pytest.mark.parametrize("twin", ["ada@example.org", "ADA@example.org"])
def test_the_same_address_twice_sinks_the_batch(hub, sandbox, twin):
    answer = hub.upsert(one("ada@example.org", "1"), one(twin, "2"), one("eve@example.org", "3"))

    assert answer.status == 400
    assert answer.json()["message"] == "Duplicate IDs found in batch input: [ada@example.org]. IDs must be unique"
    assert answer.json()["context"] == {"ids": ["ada@example.org"]}
    assert sandbox.contacts() == {}


def test_two_addresses_of_one_contact_sink_the_batch(hub, sandbox):
    hub.upsert(one("ada@example.org", firstname="Ada"), one("countess@example.org"))
    hub.merge("ada@example.org", "countess@example.org")

    answer = hub.upsert(
        one("ada@example.org", "1", firstname="X"), one("countess@example.org", "2"), one("eve@example.org", "3")
    )

    assert (answer.status, answer.json()["category"]) == (409, "CONFLICT")
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"
    assert "eve@example.org" not in sandbox.contacts()


def test_an_additional_address_reaches_the_same_contact(hub, sandbox):
    hub.upsert(one("ada@example.org"), one("countess@example.org"))
    hub.merge("ada@example.org", "countess@example.org")

    answer = hub.upsert(one("Countess@example.org", "1", firstname="Ada")).json()

    assert answer["results"][0]["new"] is False
    assert list(sandbox.contacts()) == ["ada@example.org"]
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_sending_an_additional_address_as_email_makes_it_the_primary_one(hub, sandbox):
    hub.upsert(one("ada@example.org"), one("countess@example.org"))
    hub.merge("ada@example.org", "countess@example.org")

    hub.upsert(one("countess@example.org", email="countess@example.org"))

    held = sandbox.contacts()["countess@example.org"]
    assert held["hs_additional_emails"] == "ada@example.org"
    assert hub.id_of("ada@example.org") == hub.id_of("countess@example.org")


def test_an_address_that_another_contact_holds_sinks_the_batch(hub, sandbox):
    hub.upsert(one("ada@example.org"), one("eve@example.org"))

    answer = hub.upsert(one("eve@example.org", "1", email="ada@example.org"), one("bob@example.org", "2"))

    assert answer.status == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {hub.id_of('ada@example.org')}"
    assert set(sandbox.contacts()) == {"ada@example.org", "eve@example.org"}


def test_a_new_address_frees_the_old_one(hub, sandbox):
    hub.upsert(one("ada@example.org", email="lovelace@example.org"))
    hub.upsert(one("ada@example.org", firstname="Another"))

    assert set(sandbox.contacts()) == {"ada@example.org", "lovelace@example.org"}


def test_an_address_marked_as_conflicting_sinks_the_batch_and_only_the_first_is_named(hub, sandbox):
    hub.upsert(one("one@example.org"), one("two@example.org"))
    sandbox.settings.conflicts = frozenset({"one@example.org", "two@example.org"})

    answer = hub.upsert(one("ada@example.org", "0"), one("One@example.org", "1"), one("two@example.org", "2"))

    assert (answer.status, answer.json()["category"]) == (409, "CONFLICT")
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {hub.id_of('one@example.org')}"
    assert "ada@example.org" not in sandbox.contacts()
    assert hub.upsert(one("ada@example.org", "0")).status == 200


def test_a_hundred_fit_into_a_batch_and_one_more_does_not(hub, sandbox):
    hundred = [one(f"m{n}@example.org", str(n)) for n in range(100)]

    assert hub.upsert(*hundred, one("extra@example.org", "x")).status == 400
    assert sandbox.contacts() == {}
    assert hub.upsert(*hundred).status == 200
    assert len(sandbox.contacts()) == 100


@pytest.mark.parametrize("verb", ["upsert", "update", "create", "read"])
def test_a_body_without_inputs_is_a_silent_nothing(hub, sandbox, verb):
    answer = hub.call("POST", f"{CONTACTS}/batch/{verb}", one("ada@example.org"))

    assert answer.status == 200
    assert (answer.json()["status"], answer.json()["results"]) == ("COMPLETE", [])
    assert sandbox.contacts() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{not json",
        b"[]",
        b"",
        {"inputs": {"id": "ada@example.org"}},
        {"inputs": ["ada@example.org"]},
        {"inputs": [{"idProperty": "email", "properties": {}}]},
        {"inputs": [{"id": "ada@example.org", "idProperty": "email"}]},
        {"inputs": [{"id": "ada@example.org", "idProperty": "email", "properties": {"total_order_value": 12}}]},
    ],
)
def test_a_malformed_body_is_refused(hub, sandbox, body):
    answer = hub.call("POST", f"{CONTACTS}/batch/upsert", body)

    assert (answer.status, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert sandbox.contacts() == {}


@pytest.mark.parametrize("name", ["hs_object_id", "customer_id", "no_such_property", None])
def test_a_property_that_is_not_unique_is_no_key(hub, name):
    answer = hub.upsert({"id": "1", "idProperty": name, "properties": {}})

    assert answer.status == 400
    assert "non-unique 0-1 property" in answer.json()["message"]


def test_a_custom_unique_property_is_a_key(hub, sandbox):
    item = {"id": "C-1", "idProperty": "customer_key", "properties": {"email": "ada@example.org"}}

    assert hub.upsert(item).json()["results"][0]["new"] is True
    assert hub.upsert({**item, "properties": {"firstname": "Ada"}}).json()["results"][0]["new"] is False
    held = sandbox.contacts()["ada@example.org"]
    assert (held["customer_key"], held["firstname"]) == ("C-1", "Ada")


def test_a_unique_value_that_another_contact_holds_refuses_the_record(hub, sandbox):
    hub.upsert(one("ada@example.org", customer_key="C-1"))

    answer = hub.upsert(one("eve@example.org", "1", customer_key="C-1"), one("bob@example.org", "2"))

    assert answer.status == 207
    assert answer.json()["errors"][0]["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    assert set(sandbox.contacts()) == {"ada@example.org", "bob@example.org"}


def test_a_property_left_out_stays(hub):
    hub.upsert(one("ada@example.org", firstname="Ada", **{TAGS: "gold"}))
    hub.upsert(one("ada@example.org", lastname="Lovelace"))

    assert hub.values("ada@example.org", "firstname", TAGS) == {"firstname": "Ada", TAGS: "gold"}


def test_when_asked_to_a_partial_upsert_blanks_the_custom_properties_left_out(hub, sandbox):
    sandbox.settings.partial_upsert_blanks = True
    hub.upsert(one("ada@example.org", firstname="Ada", customer_id="007", **{TAGS: "gold"}))

    hub.upsert(one("ada@example.org", customer_id="007"))

    assert hub.values("ada@example.org", "firstname", "customer_id", TAGS) == {
        "firstname": "Ada",
        "customer_id": "007",
        TAGS: None,
    }


def test_writing_the_same_value_again_counts_as_a_write(hub, sandbox):
    for _ in range(3):
        hub.upsert(one("ada@example.org", customer_id="007"))

    assert sandbox.writes_of("Ada@example.org") == [
        {"email": "ada@example.org", "customer_id": "007"},
        {"customer_id": "007"},
        {"customer_id": "007"},
    ]


def test_a_refused_batch_leaves_no_write_behind(hub, sandbox):
    hub.upsert(one("ada@example.org", customer_id="007"))
    hub.upsert(one("ada@example.org", customer_id="008"), one("not-an-address"))

    assert [values["customer_id"] for values in sandbox.writes_of("ada@example.org")] == ["007"]
