"""Reading, both ways: which record each key leads to, and what an answer leaves open."""

import pytest

from sync.destinations.hubspot.records import as_key, is_whole, read_body, told


def record(record_id, email="", *, also=""):
    return {"id": record_id, "properties": {"email": email, "hs_additional_emails": also}}


def not_found(*keys, **more):
    return {"category": "OBJECT_NOT_FOUND", "context": {"ids": list(keys)}} | more


def test_a_read_by_address_asks_for_what_tells_the_contacts_apart():
    assert read_body(["ada@example.org"], ["customer_id", "email"], "email") == {
        "idProperty": "email",
        "properties": ["email", "hs_additional_emails", "customer_id"],
        "propertiesWithHistory": [],
        "inputs": [{"id": "ada@example.org"}],
    }


def test_a_read_by_record_id_names_no_id_property():
    assert read_body(["101"], ["customer_id"], "record_id") == {
        "properties": ["email", "hs_additional_emails", "customer_id"],
        "propertiesWithHistory": [],
        "inputs": [{"id": "101"}],
    }


@pytest.mark.parametrize(
    ("name", "by", "key"),
    [
        (" Ada@Example.org ", "email", "ada@example.org"),
        (" ", "email", ""),
        (" 101 ", "record_id", "101"),
        ("ada@example.org", "record_id", ""),
        ("", "record_id", ""),
        ("１０１", "record_id", ""),
    ],
)
def test_a_key_is_asked_for_as_hubspot_writes_it_or_not_at_all(name, by, key):
    assert as_key(name, by) == key


def test_a_read_answer_is_whole_only_with_all_its_parts():
    assert is_whole({"status": "COMPLETE", "results": [{"id": "1"}]})
    for body in (
        {},
        {"status": "COMPLETE"},
        {"status": "COMPLETE", "results": None},
        {"status": "COMPLETE", "results": [{"id": None}]},
        {"status": "COMPLETE", "results": ["x"]},
        {"status": "PENDING", "results": []},
    ):
        assert not is_whole(body)


def test_a_record_is_found_by_any_of_its_addresses_and_null_is_empty():
    one = {
        "id": "7",
        "properties": {"email": "Ada@Example.org", "hs_additional_emails": "Old@x.org; older@x.org", "tags": None},
    }

    said = told(["old@x.org", "bob@x.org"], ["tags", "start"], "email", {"results": [one]})

    assert said.found["old@x.org"].email == "ada@example.org"
    assert said.found["old@x.org"].additional_emails == ("old@x.org", "older@x.org")
    assert said.found["old@x.org"].properties == {"tags": "", "start": ""}
    assert (said.unsaid, said.unclear, said.has_strangers) == (("bob@x.org",), frozenset(), False)


def test_a_record_is_found_by_its_id_and_by_nothing_else():
    one = record("101", "102@example.org", also="102")

    said = told(["101", "102"], [], "record_id", {"results": [one]})

    assert set(said.found) == {"101"}
    assert (said.unsaid, said.has_strangers) == (("102",), False)


@pytest.mark.parametrize(
    ("by", "keys", "stranger"),
    [
        ("email", ("ada@x.org", "cy@x.org"), record("7", "new@x.org")),
        ("record_id", ("101", "103"), record("900", "ada@x.org")),
    ],
)
def test_a_record_that_shows_none_of_the_keys_is_a_stranger_and_the_unlisted_ones_are_open(by, keys, stranger):
    said = told(keys, [], by, {"results": [stranger], "errors": [not_found(keys[1])]})

    assert (said.found, said.unsaid, said.has_strangers) == ({}, keys[:1], True)


def test_a_record_that_came_twice_is_no_stranger():
    one = record("101")

    assert told(["101", "102"], [], "record_id", {"results": [one, one]}).has_strangers is False


@pytest.mark.parametrize(("by", "key"), [("email", "ada@x.org"), ("record_id", "101")])
def test_asked_for_alone_the_one_record_is_the_one(by, key):
    said = told([key], [], by, {"results": [record("900", "new@x.org")]})

    assert said.found[key].record_id == "900"
    assert (said.unsaid, said.has_strangers) == ((), False)


@pytest.mark.parametrize(
    ("by", "key", "category", "is_open"),
    [
        ("email", "ada@x.org", "OBJECT_NOT_FOUND", False),
        ("email", "ada@x.org", "VALIDATION_ERROR", False),
        ("email", "ada@x.org", "INTERNAL_ERROR", True),
        ("record_id", "101", "OBJECT_NOT_FOUND", False),
        ("record_id", "101", None, False),
        ("record_id", "101", "VALIDATION_ERROR", True),
        ("record_id", "101", "INTERNAL_ERROR", True),
    ],
)
def test_only_some_errors_say_that_a_contact_is_not_there(by, key, category, is_open):
    said = told([key], [], by, {"results": [], "errors": [not_found(key, category=category)]})

    assert said.unsaid == ((key,) if is_open else ())
    assert said.unclear == ({key} if is_open else set())


def test_a_record_beats_an_error_that_says_it_is_not_there():
    said = told(["101", "102"], [], "record_id", {"results": [record("101")], "errors": [not_found("101", "102")]})

    assert set(said.found) == {"101"}
    assert said.unsaid == ()
