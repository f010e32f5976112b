"""Groups, properties and options."""

import pytest

from tests.sandbox.hub import PROPERTIES, TAGS, details, one, options


def test_a_property_reads_back_as_it_was_made(hub):
    made = hub.make_property("colour", "enumeration", "select", options=options("red", "blue"), description="Kept")

    assert made.status == 201
    body = hub.call("GET", f"{PROPERTIES}/colour").json()
    assert body == made.json()
    assert (body["type"], body["fieldType"], body["description"]) == ("enumeration", "select", "Kept")
    assert [(option["value"], option["displayOrder"]) for option in body["options"]] == [("red", 0), ("blue", 1)]
    assert "colour" in [listed["name"] for listed in hub.call("GET", PROPERTIES).json()["results"]]


def test_a_new_portal_has_hubspots_own_properties(hub):
    listed = {body["name"]: body for body in hub.call("GET", PROPERTIES).json()["results"]}

    assert {"email", "firstname", "lastname", "hs_object_id", "createdate", "lastmodifieddate"} <= listed.keys()
    assert listed["email"]["hubspotDefined"] is True
    assert listed[TAGS]["hubspotDefined"] is False


def test_an_unknown_property_or_group_is_not_found(hub):
    for path in (f"{PROPERTIES}/shoe_size", f"{PROPERTIES}/groups/shoes"):
        answer = hub.call("GET", path)
        assert (answer.status, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(hub):
    before = hub.call("GET", f"{PROPERTIES}/{TAGS}").json()

    answer = hub.make_property(TAGS, "string", "text")

    assert answer.status == 409
    assert answer.json()["category"] == "OBJECT_ALREADY_EXISTS"
    assert answer.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert hub.call("GET", f"{PROPERTIES}/{TAGS}").json() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"label": ""},
        {"groupName": "no_such_group"},
        {"name": "Membership"},
        {"name": "1st"},
        {"name": "a.b"},
        {"name": "x" * 101},
        {"type": "text"},
        {"fieldType": "number"},
        {"options": []},
        {"options": [{"label": "Red", "value": "red"}]},
        {"options": [{"label": "Red", "value": "", "hidden": False}]},
        {"options": [*options("red"), *options("red")]},
        {"options": [{"label": "x" * 3_000, "value": "red", "hidden": False}]},
        {"options": [{"label": f"o{n}", "value": f"o{n}", "hidden": False} for n in range(5_001)]},
    ],
)
def test_a_property_that_hubspot_would_not_make_is_refused(hub, wrong):
    body = {"name": "colour", "label": "Colour", "type": "enumeration", "fieldType": "select"}
    body |= {"groupName": "membership", "options": options("red")}

    answer = hub.call("POST", PROPERTIES, body | wrong)

    assert (answer.status, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_only_ten_properties_can_be_unique(hub):
    made = [hub.make_property(f"key_{n}", "string", "text", hasUniqueValue=True).status for n in range(10)]

    assert made == [201] * 9 + [400]  # the tests' own customer_key is the first of ten


def test_options_are_replaced_whole(hub):
    hub.upsert(one("ada@example.org", **{TAGS: "gold"}))

    changed = hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"options": options("active", "new")})

    assert [option["value"] for option in changed.json()["options"]] == ["active", "new"]
    assert hub.upsert(one("ada@example.org", **{TAGS: "new"})).status == 200
    assert details(hub.upsert(one("ada@example.org", **{TAGS: "gold"})))[0]["error"] == "INVALID_OPTION"


def test_a_contact_keeps_a_value_whose_option_is_gone(hub, sandbox):
    hub.upsert(one("ada@example.org", **{TAGS: "gold"}))
    hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"options": options("active")})
    hub.upsert(one("ada@example.org", **{TAGS: ";active"}))

    assert sandbox.contacts()["ada@example.org"][TAGS] == "active;gold"
    assert sandbox.tag_counts(TAGS) == {"active": 1, "gold": 1}


def test_a_change_without_options_keeps_them(hub):
    changed = hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"label": "Tags"}).json()

    assert changed["label"] == "Tags"
    assert len(changed["options"]) == 4


def test_name_and_uniqueness_are_never_changed(hub):
    changed = hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"name": "other", "hasUniqueValue": True}).json()

    assert (changed["name"], changed["hasUniqueValue"]) == (TAGS, False)


@pytest.mark.parametrize("wrong", [{"fieldType": "text"}, {"groupName": "nowhere"}, {"options": [{"value": "x"}]}])
def test_a_change_that_does_not_fit_is_refused(hub, wrong):
    assert hub.call("PATCH", f"{PROPERTIES}/{TAGS}", wrong).status == 400


def test_hubspots_own_properties_are_never_changed(hub):
    assert hub.call("PATCH", f"{PROPERTIES}/email", {"label": "X"}).status == 400
    assert hub.call("DELETE", f"{PROPERTIES}/email").status == 400


def test_an_archived_property_takes_no_values_and_comes_back_as_it_was(hub, sandbox):
    hub.upsert(one("ada@example.org", **{TAGS: "gold"}))

    assert hub.call("DELETE", f"{PROPERTIES}/{TAGS}").status == 204
    assert hub.call("GET", f"{PROPERTIES}/{TAGS}").status == 404
    assert hub.call("GET", f"{PROPERTIES}/{TAGS}", archived="true").status == 200
    assert details(hub.upsert(one("ada@example.org", **{TAGS: "gold"})))[0]["error"] == "PROPERTY_DOESNT_EXIST"
    again = hub.make_property(TAGS, "string", "text")
    assert (again.status, again.json()["type"], again.json()["archived"]) == (201, "enumeration", False)
    assert hub.values("ada@example.org", TAGS) == {TAGS: "gold"}


def test_an_option_with_a_semicolon_can_be_made_but_never_written(hub):
    made = hub.make_property("colour", "enumeration", "checkbox", options=options("red;blue"))

    assert made.status == 201
    assert hub.upsert(one("ada@example.org", colour="red;blue")).status == 400


def test_groups_are_made_once(hub):
    again = hub.call("POST", f"{PROPERTIES}/groups", {"name": "membership", "label": "Again"})

    assert (again.status, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert hub.call("GET", f"{PROPERTIES}/groups/membership").json()["label"] == "Membership"
    names = [group["name"] for group in hub.call("GET", f"{PROPERTIES}/groups").json()["results"]]
    assert names == ["contactinformation", "membership"]
    assert hub.call("POST", f"{PROPERTIES}/groups", {"name": "x"}).status == 400
