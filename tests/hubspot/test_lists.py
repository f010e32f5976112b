"""Smart Lists looked up, compared and made: against the sandbox, and against answers that only HubSpot might give."""

import pytest

from goldpan.errors import AccessError, SchemaError
from goldpan.lists import SmartList
from goldpan.model import PropertyDefinition, PropertyOption
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.list_status import MakeList
from sync.destinations.hubspot.properties import MakeGroup, MakeProperty
from sync.sandbox import TOKEN, Fault, Sandbox
from tests.hubspot.stage import Clock, Reply, change
from tests.sandbox.hub import Hub

TAGS = "membership_status_tags"
LISTS = "/crm/v3/lists"
BY_NAME = f"{LISTS}/object-type-id/0-1/name"
TAG_PROPERTY = PropertyDefinition(
    TAGS,
    "Tags",
    "enumeration",
    "checkbox",
    "goldpan",
    options=(PropertyOption("due", "Due"), PropertyOption("new", "New")),
)
DUE = MakeList(SmartList(name="Members: due?", any_of=("due",), none_of=("new",)), TAGS)


def there(**changes):
    """HubSpot's list as it would be after `goldpan setup`."""
    shown = {"listId": "7", "name": DUE.name, "objectTypeId": "0-1", "processingType": "DYNAMIC", "size": 3}
    return Reply(200, {"list": shown | {"processingStatus": "COMPLETE", "filterBranch": DUE.filter} | changes})


NOT_THERE = Reply(404, {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "List does not exist"})
TAKEN = Reply(400, {"category": "VALIDATION_ERROR", "subCategory": "ILS.DUPLICATE_LIST_NAMES", "message": "name taken"})


@pytest.fixture
def sandbox():
    with Sandbox(burst_limit=0) as running:
        yield running


@pytest.fixture
def hub(sandbox):
    hub = Hub(sandbox.url)
    yield hub
    hub.pool.clear()


@pytest.fixture
def lists(sandbox):
    """The lists of a portal that has the tag property and three people."""
    clock = Clock()
    with HubSpotDestination(token=TOKEN, base_url=sandbox.url, clock=clock.now, sleep=clock.sleep) as destination:
        destination.set_up(MakeGroup("goldpan", "Goldpan"))
        destination.set_up(MakeProperty(TAG_PROPERTY))
        tags = {"ada@example.org": "due", "ben@example.org": "due;new", "cleo@example.org": "new"}
        assert list(destination.write([change(email, **{TAGS: value}) for email, value in tags.items()]))
        yield destination.lists


# --- with the sandbox -------------------------------------------------------------------------------------------------


def test_a_list_that_is_missing_is_made_active_and_then_as_wanted(lists, hub):
    before = lists.status(DUE)
    lists.make(DUE)
    after = lists.status(DUE)

    assert (before.is_missing, str(before)) == (True, "Members: due?: missing")
    assert (after.is_missing, after.problem, after.note) == (False, "", "")
    assert str(after) == "Members: due?: 1 contact"
    made = hub.call("GET", f"{BY_NAME}/members%3A%20due%3F", includeFilters="true").json()["list"]
    assert (made["processingType"], made["objectTypeId"], made["filterBranch"]) == ("DYNAMIC", "0-1", DUE.filter)


def test_what_it_will_make_is_said(lists):
    assert str(DUE) == "make the active list Members: due?: any of due and none of new"


def test_a_list_with_another_filter_is_told_in_words_and_left_alone(lists, hub, sandbox):
    edited = MakeList(SmartList(name=DUE.name, any_of=("due", "new")), TAGS)
    lists.make(edited)
    asked = len(sandbox.requests)

    status = lists.status(DUE)

    assert status.problem.startswith(
        "differs: config/lists.toml says any of due and none of new; HubSpot has any of due, new."
    )
    assert not status.is_missing
    assert [request.method for request in sandbox.requests[asked:]] == ["GET"]


def test_a_list_is_recognised_in_another_case_and_its_spelling_told(lists):
    lists.make(MakeList(DUE.smart_list.model_copy(update={"name": "MEMBERS: Due?"}), TAGS))

    status = lists.status(DUE)

    assert (status.is_missing, status.problem, status.note) == (False, "", "HubSpot spells it MEMBERS: Due?")


def test_a_static_list_of_that_name_is_a_problem(lists, hub):
    body = {"name": DUE.name, "objectTypeId": "0-1", "processingType": "MANUAL"}
    assert hub.call("POST", LISTS, body).status == 200

    status = lists.status(DUE)

    assert "static list of this name (MANUAL)" in status.problem
    assert "choose another name in config/lists.toml" in status.problem
    with pytest.raises(SchemaError, match="static list"):
        lists.make(DUE)


def test_a_name_that_a_list_of_companies_has_is_told_when_it_is_made(lists, hub):
    body = {"name": DUE.name, "objectTypeId": "0-2", "processingType": "MANUAL"}
    assert hub.call("POST", LISTS, body).status == 200

    assert lists.status(DUE).is_missing
    with pytest.raises(SchemaError, match=r"DUPLICATE_LIST_NAMES.*no list of contacts.*choose another one"):
        lists.make(DUE)


def test_a_list_whose_answer_got_lost_is_made_once(lists, hub, sandbox):
    sandbox.faults.replace([Fault("drop", when="after", method="POST", path=f"{LISTS}/", times=1)])

    lists.make(DUE)

    assert hub.call("POST", f"{LISTS}/search", {}).json()["total"] == 1
    assert [r.status for r in sandbox.requests if (r.method, r.path) == ("POST", LISTS)] == [0, 400]


def test_a_property_that_is_missing_is_named(lists):
    with pytest.raises(SchemaError, match="goldpan setup"):
        lists.make(MakeList(DUE.smart_list, "no_such_property"))


@pytest.mark.parametrize(
    ("held", "missing"), [("crm.lists.write", "crm.lists.read"), ("crm.lists.read", "crm.lists.write")]
)
def test_a_scope_that_is_missing_is_named(held, missing, clock):
    with (
        Sandbox(burst_limit=0, tokens={TOKEN: frozenset({held})}) as sandbox,
        HubSpotDestination(token=TOKEN, base_url=sandbox.url, clock=clock.now, sleep=clock.sleep) as destination,
        pytest.raises(AccessError, match=missing),
    ):
        (destination.lists.status if missing == "crm.lists.read" else destination.lists.make)(DUE)


# --- answers that only HubSpot might give -----------------------------------------------------------------------------


def test_a_list_that_is_there_costs_one_request(hubspot, destination):
    hubspot.play(there())

    assert str(destination.lists.status(DUE)) == "Members: due?: 3 contacts"
    assert hubspot.paths() == [f"GET {BY_NAME}/Members%3A%20due%3F?includeFilters=true"]


@pytest.mark.parametrize(
    "absent",
    [
        NOT_THERE,
        Reply(404, b"<html>"),
        Reply(200, {}),
        Reply(200, {"list": None}),
        there(deletedAt="2026-01-01T00:00:00Z"),
    ],
    ids=["404", "404 without JSON", "nothing", "null", "deleted"],
)
def test_a_list_that_is_not_there_is_missing_however_hubspot_says_so(hubspot, destination, absent):
    hubspot.play(absent)

    assert destination.lists.status(DUE).is_missing


def test_a_list_that_is_still_counted_says_so(hubspot, destination):
    hubspot.play(there(processingStatus="PROCESSING", size=1_234))

    assert str(destination.lists.status(DUE)) == "Members: due?: 1,234 contacts, HubSpot is still counting"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([{"listId": "7", "additionalProperties": {"hs_list_size": "59"}}], "59 contacts"),
        ([{"listId": "8", "additionalProperties": {"hs_list_size": "59"}}], "size unknown"),
        ([{"listId": "7"}], "size unknown"),
        ([], "size unknown"),
    ],
)
def test_a_size_that_is_left_out_is_looked_up_in_the_search(hubspot, destination, more, said):
    answer = there()
    del answer.body["list"]["size"]
    hubspot.play(answer, Reply(200, {"lists": more, "total": len(more)}))

    assert str(destination.lists.status(DUE)) == f"Members: due?: {said}"
    assert hubspot.requests[1].body == {"listIds": ["7"], "count": 1}


@pytest.mark.parametrize(
    ("branch", "what"),
    [
        ({"filterBranchType": "RESTRICTED", "filters": []}, "a RESTRICTED branch"),
        ({"filterBranchType": "AND", "filters": [{"filterType": "PRIVACY"}]}, "privacy"),
        (None, "a nameless branch"),
    ],
)
def test_a_filter_that_goldpan_does_not_understand_is_not_called_different(hubspot, destination, branch, what):
    hubspot.play(there(filterBranch=branch))

    status = destination.lists.status(DUE)

    assert status.problem == ""
    assert "can't be compared" in status.note
    assert what in status.note


def test_a_list_that_somebody_made_meanwhile_as_wanted_is_fine(hubspot, destination):
    hubspot.play(TAKEN, there())

    destination.lists.make(DUE)

    assert [path.split()[0] for path in hubspot.paths()] == ["POST", "GET"]


def test_what_hubspot_has_against_a_list_is_told(hubspot, destination):
    hubspot.play(Reply(400, {"category": "VALIDATION_ERROR", "message": "You have too many active lists"}), NOT_THERE)

    with pytest.raises(SchemaError, match=r"Members: due\?.*You have too many active lists$"):
        destination.lists.make(DUE)
