"""batch/update, batch/create and batch/archive, and what removes or joins contacts."""

from tests.sandbox.hub import CONTACTS, TAGS, details, one, traces


def test_an_update_by_record_id_changes_the_contact(hub, sandbox):
    hub.upsert(one("ada@example.org"))

    answer = hub.batch("update", {"id": hub.id_of("ada@example.org"), "properties": {"firstname": "Ada"}})

    assert answer.status == 200
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_an_update_by_address_as_id_does_nothing_and_says_nothing(hub, sandbox):
    hub.upsert(one("ada@example.org", firstname="Ada"))

    answer = hub.batch("update", {"id": "ada@example.org", "properties": {"firstname": "X"}})

    assert (answer.status, answer.json()["results"]) == (200, [])
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_an_update_with_email_or_record_id_as_id_property_is_refused(hub):
    for name in ("email", "hs_object_id"):
        answer = hub.batch("update", {"id": "ada@example.org", "idProperty": name, "properties": {}})
        assert answer.status == 400
        assert "non-unique 0-1 property" in answer.json()["message"]


def test_an_update_by_a_custom_unique_property_works(hub, sandbox):
    hub.upsert(one("ada@example.org", customer_key="C-1"))

    hub.batch("update", {"id": "C-1", "idProperty": "customer_key", "properties": {"firstname": "Ada"}})

    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_an_update_names_ids_that_never_were(hub, sandbox):
    hub.upsert(one("ada@example.org"))

    answer = hub.batch(
        "update",
        {"id": hub.id_of("ada@example.org"), "properties": {"firstname": "Ada"}, "objectWriteTraceId": "1"},
        {"id": "12345", "properties": {"firstname": "X"}, "objectWriteTraceId": "2"},
    )

    assert answer.status == 207
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert traces(answer.json()["errors"]) == {"2"}
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_an_update_of_a_merged_away_id_is_left_out_of_the_answer(hub, sandbox):
    hub.upsert(one("ada@example.org", firstname="Ada"), one("countess@example.org"))
    old = hub.id_of("ada@example.org")
    hub.merge("ada@example.org", "countess@example.org")

    answer = hub.batch("update", {"id": old, "properties": {"firstname": "X"}, "objectWriteTraceId": "1"})

    assert (answer.status, answer.json()["results"]) == (200, [])
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def merged_pair(hub):
    """The old id and the new one of a contact that was merged."""
    hub.upsert(one("ada@example.org", firstname="Ada"), one("countess@example.org"))
    old = hub.id_of("ada@example.org")
    hub.merge("ada@example.org", "countess@example.org")
    return old, hub.id_of("ada@example.org")


def test_a_merged_away_id_may_be_set_to_be_unknown(hub, sandbox):
    sandbox.settings.merged_ids = "unknown"
    old, _ = merged_pair(hub)

    updated = hub.batch("update", {"id": old, "properties": {"firstname": "X"}, "objectWriteTraceId": "1"})
    read = hub.read(old, idProperty=None)

    for answer in (updated, read):
        assert (answer.status, answer.json()["results"]) == (207, [])
        assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_a_merged_away_id_may_be_set_to_write_to_the_contact_it_stands_for(hub, sandbox):
    sandbox.settings.merged_ids = "write"
    old, new = merged_pair(hub)

    answer = hub.batch("update", {"id": old, "properties": {"firstname": "X"}, "objectWriteTraceId": "1"})

    assert [result["id"] for result in answer.json()["results"]] == [new]
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "X"


def test_an_update_of_an_id_that_never_was_may_be_set_to_sink_the_batch(hub, sandbox):
    sandbox.settings.missing_sinks_updates = True
    hub.upsert(one("ada@example.org", firstname="Ada"))

    answer = hub.batch(
        "update",
        {"id": hub.id_of("ada@example.org"), "properties": {"firstname": "X"}, "objectWriteTraceId": "1"},
        {"id": "12345", "properties": {"firstname": "X"}, "objectWriteTraceId": "2"},
    )

    assert (answer.status, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"


def test_a_create_makes_contacts(hub, sandbox):
    answer = hub.batch("create", {"properties": {"email": "Ada@example.org"}}, {"properties": {"firstname": "Bob"}})

    assert answer.status == 201
    assert len(answer.json()["results"]) == len(sandbox.contacts()) == 2


def test_a_create_of_a_contact_that_exists_sinks_the_batch(hub, sandbox):
    hub.upsert(one("ada@example.org"), one("eve@example.org"))

    answer = hub.batch(
        "create",
        {"properties": {"email": "new@example.org"}, "objectWriteTraceId": "1"},
        {"properties": {"email": "ada@example.org"}, "objectWriteTraceId": "2"},
        {"properties": {"email": "eve@example.org"}, "objectWriteTraceId": "3"},
    )

    assert answer.status == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {hub.id_of('ada@example.org')}"
    assert set(sandbox.contacts()) == {"ada@example.org", "eve@example.org"}


def test_a_create_needs_a_name_or_an_address(hub):
    assert hub.batch("create", {"properties": {"phone": "1"}}).status == 400


def test_a_create_with_trace_ids_names_the_bad_ones(hub, sandbox):
    answer = hub.batch(
        "create",
        {"properties": {"email": "ada@example.org"}, "objectWriteTraceId": "1"},
        {"properties": {"email": "ada@example.con"}, "objectWriteTraceId": "2"},
    )

    assert answer.status == 207
    assert traces(answer.json()["errors"]) == {"2"}
    assert list(sandbox.contacts()) == ["ada@example.org"]


def test_an_archived_contact_is_gone_and_its_address_makes_a_new_one(hub, sandbox):
    hub.upsert(one("ada@example.org", firstname="Ada"))
    old = hub.id_of("ada@example.org")

    assert hub.batch("archive", {"id": old}, {"id": "12345"}).status == 204
    assert sandbox.contacts() == {}
    assert hub.upsert(one("ada@example.org", "1")).json()["results"][0]["new"] is True
    assert hub.id_of("ada@example.org") != old
    assert hub.values("ada@example.org", "firstname") == {"firstname": None}


def test_an_address_deleted_under_the_gdpr_is_refused_from_then_on(hub, sandbox):
    hub.upsert(one("ada@example.org"))

    deleted = hub.call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": "ada@example.org", "idProperty": "email"})
    answer = hub.upsert(one("ada@example.org"))

    assert (deleted.status, answer.status) == (204, 400)
    assert details(answer)[0]["error"] == "GDPR_BLACKLISTED_EMAIL"
    assert sandbox.contacts() == {}


def test_a_merge_makes_a_new_id_keeps_the_primarys_values_and_fills_its_gaps(hub, sandbox):
    hub.upsert(
        one("ada@example.org", firstname="Ada", **{TAGS: "gold"}), one("countess@example.org", firstname="X", zip="1")
    )
    old = {hub.id_of("ada@example.org"), hub.id_of("countess@example.org")}

    answer = hub.merge("ada@example.org", "countess@example.org")

    assert answer.status == 200
    assert answer.json()["id"] not in old
    held = sandbox.contacts()["ada@example.org"]
    assert (held["firstname"], held["zip"], held[TAGS]) == ("Ada", "1", "gold")
    assert held["hs_additional_emails"] == "countess@example.org"
    assert {hub.call("GET", f"{CONTACTS}/{contact}").json()["id"] for contact in old} == {answer.json()["id"]}


def test_merges_follow_each_other(hub, sandbox):
    hub.upsert(*(one(f"m{n}@example.org") for n in range(3)))
    first = hub.id_of("m0@example.org")
    hub.merge("m0@example.org", "m1@example.org")
    hub.merge("m2@example.org", "m1@example.org")

    assert list(sandbox.contacts()) == ["m2@example.org"]
    assert set(sandbox.contacts()["m2@example.org"]["hs_additional_emails"].split(";")) == {
        "m0@example.org",
        "m1@example.org",
    }
    assert hub.call("GET", f"{CONTACTS}/{first}").json()["id"] == hub.id_of("m1@example.org")


def test_a_contact_cannot_be_merged_with_itself_or_with_nobody(hub):
    hub.upsert(one("ada@example.org"))
    ada = hub.id_of("ada@example.org")

    same = hub.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": ada, "objectIdToMerge": ada})
    nobody = hub.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": ada, "objectIdToMerge": "1"})

    assert (same.status, nobody.status) == (400, 404)
