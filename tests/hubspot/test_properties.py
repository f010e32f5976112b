"""What HubSpot lacks and what doesn't fit, as steps and sentences a person can read."""

from dataclasses import replace

from goldpan.model import PropertyDefinition, PropertyOption
from sync.destinations.hubspot.properties import (
    MARK,
    AddOptions,
    MakeGroup,
    MakeProperty,
    creation_body,
    definition_of,
    lost_options,
    missing_in,
    problems_in,
    with_options,
)

ACTIVE, BOARD = PropertyOption("active", "Active"), PropertyOption("board", "Board")
TAGS = PropertyDefinition(
    "membership_status_tags",
    "Membership Status Tags",
    "enumeration",
    "checkbox",
    "membership",
    f"{MARK}; edits are overwritten",
    (ACTIVE, BOARD),
)
NAME = PropertyDefinition("customer_name", "Customer Name", "string", "text", "membership", MARK)
NOBODY = frozenset()


def found(*definitions):
    return {definition.name: definition for definition in definitions}


def test_an_empty_portal_needs_group_then_properties():
    steps = missing_in([TAGS, NAME], {}, NOBODY)

    assert steps == [MakeGroup("membership", "Membership"), MakeProperty(TAGS), MakeProperty(NAME)]
    assert [str(step) for step in steps] == [
        "make the property group Membership (membership)",
        "make the property Membership Status Tags (membership_status_tags, enumeration/checkbox) with 2 options",
        "make the property Customer Name (customer_name, string/text)",
    ]


def test_a_complete_portal_needs_nothing():
    assert missing_in([TAGS, NAME], found(TAGS, NAME), NOBODY) == []
    assert problems_in([TAGS, NAME], found(TAGS, NAME), NOBODY) == []


def test_a_group_that_is_there_is_not_made():
    assert missing_in([TAGS, NAME], found(NAME), NOBODY) == [MakeProperty(TAGS)]
    assert missing_in([NAME], {}, NOBODY, groups=["membership"]) == [MakeProperty(NAME)]


def test_a_group_may_be_given_its_label():
    assert missing_in([NAME], {}, NOBODY, group_labels={"membership": "Our Members"})[0].label == "Our Members"


def test_only_the_missing_options_are_added():
    more = PropertyOption("foreign", "Somebody's own")
    there = replace(TAGS, options=(more, ACTIVE))

    steps = missing_in([TAGS], found(there), NOBODY)

    assert steps == [AddOptions("membership_status_tags", (BOARD,))]
    assert str(steps[0]) == "add to the property membership_status_tags the options Board (board)"


def test_an_option_in_another_case_is_another_option():
    there = replace(TAGS, options=(PropertyOption("Active", "Active"), BOARD))

    assert missing_in([TAGS], found(there), NOBODY) == [AddOptions("membership_status_tags", (ACTIVE,))]


def test_a_property_of_somebody_else_is_used_only_if_adopted():
    there = replace(TAGS, description="Sales: don't touch", options=())

    assert missing_in([TAGS], found(there), NOBODY) == []
    assert "adopt = true" in problems_in([TAGS], found(there), NOBODY)[0]
    assert missing_in([TAGS], found(there), frozenset({TAGS.name})) == [AddOptions(TAGS.name, (ACTIVE, BOARD))]
    assert problems_in([TAGS], found(there), frozenset({TAGS.name})) == []


def test_a_property_of_another_type_is_never_used():
    for there in (replace(TAGS, field_type="select"), replace(TAGS, type="string", field_type="text")):
        assert missing_in([TAGS], found(there), frozenset({TAGS.name})) == []
        assert f"{there.type}/{there.field_type}" in problems_in([TAGS], found(there), frozenset({TAGS.name}))[0]


def test_how_a_text_is_shown_does_not_matter_but_a_calculated_one_cannot_be_written():
    assert problems_in([NAME], found(replace(NAME, field_type="textarea")), NOBODY) == []
    assert problems_in([NAME], found(replace(NAME, field_type="calculation_equation")), NOBODY) != []


def test_all_problems_are_told_at_once():
    there = found(replace(TAGS, field_type="select"), replace(NAME, description=""))

    assert len(problems_in([TAGS, NAME], there, NOBODY)) == 2


def test_what_is_made_carries_the_mark():
    body = creation_body(replace(TAGS, description="Tags of the members."))

    assert body == {
        "name": "membership_status_tags",
        "label": "Membership Status Tags",
        "groupName": "membership",
        "type": "enumeration",
        "fieldType": "checkbox",
        "description": f"Tags of the members. {MARK}; edits are overwritten.",
        "formField": False,
        "options": [
            {"label": "Active", "value": "active", "displayOrder": 0, "hidden": False},
            {"label": "Board", "value": "board", "displayOrder": 1, "hidden": False},
        ],
    }
    assert "options" not in creation_body(NAME)
    assert creation_body(NAME)["description"] == MARK


def test_a_definition_survives_hubspots_form():
    assert definition_of(creation_body(TAGS)) == TAGS


def test_options_go_back_as_they_came_with_the_missing_ones_at_the_end():
    foreign = {"label": "Old", "value": "old", "displayOrder": 7, "hidden": True, "description": "retired"}

    assert with_options({"options": [foreign]}, [BOARD]) == [
        foreign,
        {"label": "Board", "value": "board", "displayOrder": 8, "hidden": False},
    ]
    assert with_options({"options": [foreign]}, [PropertyOption("old", "Another label")]) is None


def test_an_option_that_is_gone_or_changed_afterwards_is_lost():
    before = [{"label": name.title(), "value": name, "hidden": False} for name in ("same", "gone", "renamed", "hidden")]
    same, _, renamed, hidden = before
    after = {"options": [same | {"displayOrder": 3}, renamed | {"label": "New"}, hidden | {"hidden": True}]}

    assert lost_options(before, after) == ["gone", "renamed", "hidden"]
