"""How contacts read back."""

from tests.sandbox.hub import CONTACTS, TAGS, one


def test_only_the_properties_asked_for_come_back_and_three_that_always_do(hub):
    hub.upsert(one("ada@example.org", firstname="Ada", lastname="Lovelace"))

    result = hub.read("ada@example.org", properties=["firstname"]).json()["results"][0]

    assert set(result["properties"]) == {"firstname", "hs_object_id", "createdate", "lastmodifieddate"}
    assert result["properties"]["hs_object_id"] == result["id"]


def test_an_empty_property_reads_as_null(hub):
    hub.upsert(one("ada@example.org", firstname="Ada"))
    hub.upsert(one("ada@example.org", firstname=""))

    assert hub.values("ada@example.org", "firstname", "lastname") == {"firstname": None, "lastname": None}


def test_properties_that_do_not_exist_are_left_out(hub):
    hub.upsert(one("ada@example.org"))

    properties = hub.read("ada@example.org", properties=["shoe_size"]).json()["results"][0]["properties"]

    assert "shoe_size" not in properties


def test_all_addresses_that_nobody_has_share_one_error(hub):
    hub.upsert(one("ada@example.org"))

    answer = hub.read("ada@example.org", "eve@example.org", "bob@example.org")

    body = answer.json()
    assert answer.status == 207
    assert len(body["results"]) == 1
    assert body["numErrors"] == len(body["errors"]) == 1
    assert body["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert set(body["errors"][0]["context"]["ids"]) == {"eve@example.org", "bob@example.org"}


def test_a_contact_is_found_by_an_additional_address_in_any_case(hub):
    hub.upsert(one("ada@example.org"), one("countess@example.org"))
    hub.merge("ada@example.org", "countess@example.org")

    answer = hub.read("COUNTESS@example.org", properties=["email", "hs_additional_emails"])

    properties = answer.json()["results"][0]["properties"]
    assert answer.status == 200
    assert (properties["email"], properties["hs_additional_emails"]) == ("ada@example.org", "countess@example.org")


def test_a_contact_asked_for_by_two_addresses_comes_once(hub):
    hub.upsert(one("ada@example.org"), one("countess@example.org"))
    hub.merge("ada@example.org", "countess@example.org")

    assert len(hub.read("ada@example.org", "countess@example.org").json()["results"]) == 1


def test_contacts_read_back_in_any_order(hub):
    addresses = [f"m{n}@example.org" for n in range(40)]
    hub.upsert(*(one(address) for address in addresses))

    results = hub.read(*addresses, properties=["email"]).json()["results"]

    back = [result["properties"]["email"] for result in results]
    assert sorted(back) == sorted(addresses)
    assert back != addresses


def test_multiple_choices_read_back_in_any_order(hub):
    hub.upsert(one("ada@example.org", **{TAGS: "active;board;expired;gold"}))

    orders = {hub.values("ada@example.org", TAGS)[TAGS] for _ in range(20)}

    assert len(orders) > 1
    assert {frozenset(order.split(";")) for order in orders} == {frozenset(["active", "board", "expired", "gold"])}


def test_reading_by_a_property_that_is_not_unique_is_refused(hub):
    assert hub.read("007", idProperty="customer_id").status == 400


def test_reading_by_record_id_and_by_a_custom_unique_property(hub):
    hub.upsert(one("ada@example.org", customer_key="C-1"))
    ada = hub.id_of("ada@example.org")

    assert hub.batch("read", {"id": ada}).json()["results"][0]["id"] == ada
    assert hub.read("C-1", idProperty="customer_key").json()["results"][0]["id"] == ada


def test_history_comes_newest_first(hub):
    for value in ("1", "2", ""):
        hub.upsert(one("ada@example.org", customer_id=value))

    result = hub.read("ada@example.org", propertiesWithHistory=["customer_id"]).json()["results"][0]

    assert [entry["value"] for entry in result["propertiesWithHistory"]["customer_id"]] == ["", "2", "1"]


def test_more_than_a_hundred_reads_are_refused(hub):
    assert hub.read(*(f"m{n}@example.org" for n in range(101))).status == 400


def test_one_contact_by_id_or_address(hub):
    hub.upsert(one("ada@example.org", firstname="Ada", lastname="Lovelace"))
    ada = hub.id_of("ada@example.org")

    by_id = hub.call("GET", f"{CONTACTS}/{ada}", properties="firstname,lastname")
    by_address = hub.call("GET", f"{CONTACTS}/ADA%40example.org", idProperty="email", properties="firstname")

    assert by_id.json()["properties"]["lastname"] == "Lovelace"
    assert (by_address.json()["id"], by_address.json()["properties"]["firstname"]) == (ada, "Ada")
    assert hub.call("GET", f"{CONTACTS}/12345").status == 404
    assert hub.call("GET", f"{CONTACTS}/ada@example.org").json()["category"] == "OBJECT_NOT_FOUND"


def test_one_contact_is_changed_but_never_made(hub, sandbox):
    hub.upsert(one("ada@example.org"))

    changed = hub.call("PATCH", f"{CONTACTS}/ada@example.org", {"properties": {"firstname": "Ada"}}, idProperty="email")
    made = hub.call("PATCH", f"{CONTACTS}/eve@example.org", {"properties": {"firstname": "Eve"}}, idProperty="email")
    unknown = hub.call("PATCH", f"{CONTACTS}/ada@example.org", {"properties": {"shoe_size": "1"}}, idProperty="email")

    assert (changed.status, made.status, unknown.status) == (200, 404, 400)
    assert list(sandbox.contacts()) == ["ada@example.org"]
    assert sandbox.contacts()["ada@example.org"]["firstname"] == "Ada"
