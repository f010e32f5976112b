"""Lists: made, found, counted, and refused where HubSpot would."""

import json

import pytest
from hubspot import HubSpot

from sync.sandbox import TOKEN, Sandbox
from tests.sandbox.conftest import furnished
from tests.sandbox.hub import TAGS, Hub, one

LISTS = "/crm/v3/lists"
MEMBERS = {
    "ada@example.org": "active;gold",
    "ben@example.org": "active;board",
    "cleo@example.org": "expired",
    "dan@example.org": "",
}


def condition(operator, *values, name=TAGS, **more):
    operation = {"operationType": "ENUMERATION", "operator": operator, "values": list(values)} | more
    return {"filterType": "PROPERTY", "property": name, "operation": operation}


def matching(*conditions):
    """The root that HubSpot demands, around one AND branch."""
    inner = {"filterBranchType": "AND", "filters": list(conditions), "filterBranches": []}
    return {"filterBranchType": "OR", "filters": [], "filterBranches": [inner]}


def body(name="Active", branch=None, **more):
    asked = {"name": name, "objectTypeId": "0-1", "processingType": "DYNAMIC"}
    return asked | {"filterBranch": branch or matching(condition("IS_ANY_OF", "active"))} | more


def make(hub, *arguments, **more):
    answer = hub.call("POST", LISTS, body(*arguments, **more))
    assert answer.status == 200, answer.data
    return answer.json()["list"]["listId"]


def read(hub, list_id, **query):
    return hub.call("GET", f"{LISTS}/{list_id}", **query).json()["list"]


@pytest.fixture
def people(hub):
    """Who is in the portal, by record id."""
    assert hub.upsert(*(one(email, **{TAGS: tags}) for email, tags in MEMBERS.items())).status == 200
    return {hub.id_of(email): email.split("@")[0] for email in MEMBERS}


def on(hub, people, branch):
    """Who is on a list with this filter."""
    list_id = make(hub, branch=branch)
    found = {people[each["recordId"]] for each in hub.call("GET", f"{LISTS}/{list_id}/memberships").json()["results"]}
    assert read(hub, list_id)["size"] == len(found)
    return found


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ([condition("IS_ANY_OF", "gold", "board")], {"ada", "ben"}),
        ([condition("IS_NONE_OF", "gold", "board")], {"cleo"}),
        ([condition("IS_NONE_OF", "gold", includeObjectsWithNoValueSet=True)], {"ben", "cleo", "dan"}),
        ([condition("CONTAINS_ALL", "gold", "active")], {"ada"}),
        ([condition("DOES_NOT_CONTAIN_ALL", "gold", "active")], {"ben", "cleo"}),
        ([condition("IS_EXACTLY", "expired")], {"cleo"}),
        ([condition("IS_NOT_EXACTLY", "expired")], {"ada", "ben"}),
        ([condition("IS_ANY_OF", "active"), condition("IS_NONE_OF", "gold")], {"ben"}),
        ([condition("IS_ANY_OF", "no such option")], set()),
    ],
)
def test_who_is_on_an_active_list_follows_its_conditions(hub, people, conditions, wanted):
    assert on(hub, people, matching(*conditions)) == wanted


def test_one_of_several_branches_is_enough(hub, people):
    branches = [*matching(condition("IS_ANY_OF", "gold"))["filterBranches"],
                *matching(condition("IS_ANY_OF", "expired"))["filterBranches"]]  # fmt: skip

    assert on(hub, people, {"filterBranchType": "OR", "filterBranches": branches}) == {"ada", "cleo"}


def test_the_size_follows_the_contacts(hub, people):
    list_id = make(hub)
    hub.upsert(one("eve@example.org", **{TAGS: "active"}), one("ada@example.org", **{TAGS: "gold"}))

    assert read(hub, list_id)["size"] == 2


def test_a_list_reads_back_as_it_was_made_with_its_defaults(hub):
    list_id = make(hub)

    shown = read(hub, list_id, includeFilters="true")

    asked = condition("IS_ANY_OF", "active", includeObjectsWithNoValueSet=False)
    inner = {"filterBranchType": "AND", "filterBranchOperator": "AND", "filters": [asked], "filterBranches": []}
    assert shown["filterBranch"] == {
        "filterBranchType": "OR",
        "filterBranchOperator": "OR",
        "filters": [],
        "filterBranches": [inner],
    }
    assert (shown["name"], shown["processingType"], shown["processingStatus"]) == ("Active", "DYNAMIC", "COMPLETE")
    assert "filterBranch" not in read(hub, list_id)


def test_a_list_is_found_by_its_name_in_any_case_among_those_of_its_object(hub):
    list_id = make(hub, "Due & overdue?")
    by_name = f"{LISTS}/object-type-id/{{}}/name/due%20%26%20OVERDUE%3F"

    assert hub.call("GET", by_name.format("0-1")).json()["list"]["listId"] == list_id
    assert hub.call("GET", by_name.format("0-2")).status == 404


def test_a_name_is_given_once(hub):
    make(hub, "Active")

    again = hub.call("POST", LISTS, body("ACTIVE", objectTypeId="0-2", processingType="MANUAL"))

    assert (again.status, again.json()["category"]) == (400, "VALIDATION_ERROR")
    assert again.json()["subCategory"] == "ILS.DUPLICATE_LIST_NAMES"


def test_a_list_that_is_not_there_is_not_found(hub):
    for path in ("/7", "/x", "/object-type-id/0-1/name/Nobody", "/7/memberships"):
        answer = hub.call("GET", LISTS + path)
        assert (answer.status, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND"), path


def test_a_static_list_has_no_filter_and_stays_empty(hub, people):
    list_id = make(hub, processingType="MANUAL")

    assert read(hub, list_id, includeFilters="true")["size"] == 0
    assert "filterBranch" not in read(hub, list_id, includeFilters="true")
    assert hub.call("GET", f"{LISTS}/{list_id}/memberships").json()["results"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"objectTypeId": None},
        {"processingType": "SNAPSHOT"},
        {"filterBranch": None},
        {"filterBranch": {"filterBranchType": "OR"}},
        {"filterBranch": {"filterBranchType": "NOT_ANY"}},
        {"filterBranch": {"filterBranchType": "OR", "filters": "x"}},
        {"filterBranch": matching()["filterBranches"][0]},
        {"filterBranch": matching() | {"filters": [condition("IS_ANY_OF", "active")]}},
        {"filterBranch": {"filterBranchType": "OR", "filterBranches": [matching()]}},
        {"filterBranch": matching({"filterType": "FORM_SUBMISSION"})},
        {"filterBranch": matching(condition("IS_ANY_OF", "active", name="shoe_size"))},
        {"filterBranch": matching(condition("IS_ANY_OF", "Ada", name="firstname"))},
        {"filterBranch": matching(condition("IS_ANY_OF", "active", operationType="MULTISTRING"))},
        {"filterBranch": matching(condition("HAS_EVER_BEEN_ANY_OF", "active"))},
        {"filterBranch": matching(condition("IS_ANY_OF"))},
        {"filterBranch": matching(condition("IS_ANY_OF", 7))},
    ],
    ids=json.dumps,
)
def test_a_list_that_makes_no_sense_is_refused(hub, wrong):
    answer = hub.call("POST", LISTS, body() | wrong)

    assert (answer.status, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert hub.call("POST", f"{LISTS}/search", {}).json()["total"] == 0


def test_the_search_pages_through_names_types_and_ids(hub, people):
    ids = [make(hub, f"List {number}") for number in range(3)]
    static = make(hub, "Another", processingType="MANUAL")

    def search(**asked):
        answer = hub.call("POST", f"{LISTS}/search", asked).json()
        return [each["listId"] for each in answer["lists"]], answer["hasMore"], answer["total"]

    assert search(query="LIST") == (ids, False, 3)
    assert search(query="list", count=2) == (ids[:2], True, 3)
    assert search(query="list", count=2, offset=2) == (ids[2:], False, 3)
    assert search(processingTypes=["MANUAL"]) == ([static], False, 1)
    assert search(listIds=[ids[1]]) == ([ids[1]], False, 1)
    found = hub.call("POST", f"{LISTS}/search", {"listIds": ids[:1]}).json()["lists"][0]
    assert found["additionalProperties"] == {"hs_list_size": "2"}
    assert "filterBranch" not in found


def test_the_members_come_in_pages(hub, people):
    list_id = make(hub)
    path = f"{LISTS}/{list_id}/memberships"

    first = hub.call("GET", path, limit=1).json()
    last = hub.call("GET", path, limit=1, after=first["paging"]["next"]["after"]).json()

    assert {people[page["results"][0]["recordId"]] for page in (first, last)} == {"ada", "ben"}
    assert "paging" not in last


@pytest.mark.parametrize("scope", ["crm.lists.read", "crm.lists.write"])
def test_each_call_needs_its_scope(scope):
    with Sandbox(burst_limit=0, tokens={TOKEN: frozenset({scope})}) as sandbox:
        hub = Hub(sandbox.url)
        made, found = hub.call("POST", LISTS, {}), hub.call("GET", f"{LISTS}/1")
        searched = hub.call("POST", f"{LISTS}/search", {})
        hub.pool.clear()

    wanted = (403, 404, 200) if scope == "crm.lists.read" else (400, 403, 403)
    assert (made.status, found.status, searched.status) == wanted


def test_lists_stay_with_the_file_and_go_with_a_reset(tmp_path):
    with furnished(tmp_path / "portal.sqlite", burst_limit=0) as (_, hub):
        make(hub)
    with Sandbox(tmp_path / "portal.sqlite", burst_limit=0) as sandbox:
        hub = Hub(sandbox.url)
        assert hub.call("POST", f"{LISTS}/search", {}).json()["total"] == 1

        hub.call("POST", "/sandbox/reset")

        assert hub.call("POST", f"{LISTS}/search", {}).json()["total"] == 0
        hub.pool.clear()


def test_the_official_client_gets_along(hub, sandbox, people):
    api = HubSpot(access_token=TOKEN, host=sandbox.url).crm.lists.lists_api

    made = api.create(body("Gold & silver", matching(condition("IS_ANY_OF", "gold")))).list
    found = api.get_by_name("gold & SILVER", "0-1", include_filters=True).list

    assert (made.processing_status, found.processing_status) == ("PROCESSING", "COMPLETE")
    assert (found.list_id, found.size) == (made.list_id, 1)
    assert found.filter_branch is not None
    assert api.do_search({"query": "gold"}).lists[0].additional_properties == {"hs_list_size": "1"}
    api.api_client.rest_client.pool_manager.clear()
    api.api_client.close()
