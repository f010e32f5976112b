"""Making what HubSpot lacks: safe to repeat, nothing of others lost."""

import pytest

from goldpan.errors import SchemaError
from goldpan.model import PropertyDefinition, PropertyOption
from sync.destinations.hubspot.properties import MARK, AddOptions, MakeGroup, MakeProperty, missing_in
from tests.hubspot.stage import PROPERTIES, Reply

ACTIVE, BOARD = PropertyOption("active", "Active"), PropertyOption("board", "Board")
TAGS = PropertyDefinition(
    "membership_status_tags", "Membership Status Tags", "enumeration", "checkbox", "membership", MARK, (ACTIVE, BOARD)
)
FOREIGN = {"label": "VIP", "value": "vip", "displayOrder": 3, "hidden": True, "description": "by hand"}


class Portal:
    """Properties and groups as HubSpot keeps them: lists replaced whole, archived names restored."""

    def __init__(self):
        self.properties, self.archived, self.groups = {}, {}, {}
        self.forget_on_patch = None

    def __call__(self, request):
        what = request.path.removeprefix(PROPERTIES).strip("/")
        if request.method == "GET":
            kept = self.groups if what == "groups" else self.properties
            if what in ("", "groups"):
                return Reply(200, {"results": list(kept.values())})
            return Reply(200, kept[what]) if what in kept else Reply(404, {"category": "OBJECT_NOT_FOUND"})
        if request.method == "PATCH":
            options = [o for o in request.body["options"] if o["value"] != self.forget_on_patch]
            self.properties[what] |= {"options": options}
            return Reply(200, self.properties[what])
        kept, name = (self.groups if what == "groups" else self.properties), request.body["name"]
        if name in kept:
            return Reply(409, {"category": "OBJECT_ALREADY_EXISTS"})
        kept[name] = self.archived.pop(name, request.body)
        return Reply(201, kept[name])


@pytest.fixture
def portal(hubspot):
    hubspot.otherwise = Portal()
    return hubspot.otherwise


def raw(**changes):
    definition = {"name": TAGS.name, "label": TAGS.label, "type": "enumeration", "fieldType": "checkbox"}
    return definition | {"groupName": "membership", "description": MARK, "options": []} | changes


def test_a_portal_that_is_set_up_lacks_nothing(portal, destination):
    for step in missing_in([TAGS], destination.properties(), frozenset()):
        destination.set_up(step)

    assert missing_in([TAGS], destination.properties(), frozenset()) == []
    assert destination.properties()[TAGS.name] == TAGS
    assert destination.groups() == {"membership": "Membership"}


def test_setting_up_twice_is_fine(portal, destination):
    for step in (MakeGroup("membership", "Membership"), MakeProperty(TAGS), AddOptions(TAGS.name, TAGS.options)) * 2:
        destination.set_up(step)

    assert destination.properties() == {TAGS.name: TAGS}


def test_options_are_added_and_those_of_others_stay_as_they_are(portal, destination):
    portal.properties[TAGS.name] = raw(options=[FOREIGN])

    destination.add_options(TAGS.name, [ACTIVE])

    assert portal.properties[TAGS.name]["options"] == [
        FOREIGN,
        {"label": "Active", "value": "active", "displayOrder": 4, "hidden": False},
    ]


def test_nothing_is_sent_when_no_option_is_missing(hubspot, portal, destination):
    portal.properties[TAGS.name] = raw(options=[FOREIGN])

    destination.add_options(TAGS.name, [PropertyOption("vip", "Renamed")])

    assert hubspot.paths() == [f"GET {PROPERTIES}/{TAGS.name}"]


def test_an_option_that_got_lost_meanwhile_is_told(hubspot, portal, destination):
    portal.properties[TAGS.name] = raw(options=[FOREIGN])
    portal.forget_on_patch = "vip"

    with pytest.raises(SchemaError, match="vip"):
        destination.add_options(TAGS.name, [ACTIVE])

    assert [path.split()[0] for path in hubspot.paths()] == ["GET", "PATCH", "GET"]


def test_a_refused_option_list_is_told(hubspot, portal, destination):
    hubspot.play(Reply(200, raw()), Reply(400, {"category": "VALIDATION_ERROR", "message": "labels must be unique"}))

    with pytest.raises(SchemaError, match="labels must be unique"):
        destination.add_options(TAGS.name, [ACTIVE])


def test_a_refused_property_is_told(hubspot, destination):
    hubspot.play(Reply(400, {"category": "VALIDATION_ERROR", "message": "no such group"}))

    with pytest.raises(SchemaError, match=r"membership_status_tags.*no such group"):
        destination.make_property(TAGS)


def test_a_property_that_is_there_already_gets_the_missing_options(portal, destination):
    portal.properties[TAGS.name] = raw(options=[FOREIGN])

    destination.make_property(TAGS)

    assert [option["value"] for option in portal.properties[TAGS.name]["options"]] == ["vip", "active", "board"]


def test_an_archived_property_that_comes_back_fitting_is_completed(portal, destination):
    portal.archived[TAGS.name] = raw(options=[FOREIGN])

    destination.make_property(TAGS)

    assert [option["value"] for option in portal.properties[TAGS.name]["options"]] == ["vip", "active", "board"]


@pytest.mark.parametrize("shelf", ["properties", "archived"])
def test_a_property_that_is_there_with_another_type_is_told(portal, destination, shelf):
    getattr(portal, shelf)[TAGS.name] = raw(fieldType="select")

    with pytest.raises(SchemaError, match="enumeration/select"):
        destination.make_property(TAGS)


def test_all_properties_come_with_one_request(hubspot, portal, destination):
    portal.properties = {f"p{number}": raw(name=f"p{number}") for number in range(300)}

    assert len(destination.properties()) == 300
    assert hubspot.paths() == [f"GET {PROPERTIES}"]


def test_a_property_list_that_is_cut_off_is_asked_for_again(hubspot, portal, destination):
    portal.properties[TAGS.name] = raw()
    hubspot.play(Reply(200, {"status": "?"}), Reply(200, b'{"results": ['))

    assert set(destination.properties()) == {TAGS.name}
    assert len(hubspot.requests) == 3
