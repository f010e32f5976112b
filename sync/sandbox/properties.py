"""The properties API: groups, properties and their options.

Readings chosen where HubSpot's is unknown: making a property whose name was archived brings the *old* one back,
whatever was asked for; a PATCH of ``name`` or ``hasUniqueValue`` is passed over in silence; a group that properties
are in can't be archived. A PATCH with ``options`` replaces them all; contacts keep values whose option is gone.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sync.sandbox.answers import Answer, Call, Json, RefusedError, invalid, not_found, now
from sync.sandbox.definitions import numbered, property_body
from sync.sandbox.portal import Portal

FIELD_TYPES = {
    "string": {"text", "textarea", "html", "file", "phonenumber"},
    "number": {"number"},
    "date": {"date"},
    "datetime": {"date"},
    "bool": {"booleancheckbox"},
    "enumeration": {"checkbox", "radio", "select", "booleancheckbox"},
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
OPTIONS_LIMIT = 5_000  # HubSpot KB, August 2023
OPTION_LENGTH = 3_000  # characters of label, value and description together, same page
UNIQUE_LIMIT = 10  # unique properties per object, properties guide

# What a caller may set; HubSpot keeps name and hasUniqueValue as they were made.
PATCHABLE = frozenset(
    {"label", "type", "fieldType", "groupName", "description", "options", "displayOrder", "hidden", "formField"}
)


def list_properties(portal: Portal, call: Call) -> Answer:
    """All properties, or the archived ones."""
    return Answer(200, {"results": portal.schema.properties(archived=call.asked("archived") == "true")})


def read_property(portal: Portal, call: Call) -> Answer:
    """One property."""
    return Answer(200, _found(portal, call.params["name"], archived=call.asked("archived") == "true"))


def create_property(portal: Portal, call: Call) -> Answer:
    """Make a property: 409 if the name is taken, the old one if it was archived."""
    check_property(call.body, [group["name"] for group in portal.schema.groups()])
    name = call.body["name"]
    definitions = portal.schema.definitions()
    if name in definitions:
        raise _taken(f'A property named "{name}" already exists.', "Properties.PROPERTY_WITH_NAME_EXISTS")
    if call.body.get("hasUniqueValue"):
        unique = [held for held in definitions.values() if held.is_unique and held.is_custom]
        if len(unique) >= UNIQUE_LIMIT:
            raise invalid(f"Only {UNIQUE_LIMIT} unique properties are allowed per object")
    archived = [body for body in portal.schema.properties(archived=True) if body["name"] == name]
    body = archived[0] | {"archived": False} if archived else property_body(call.body, now())
    body.pop("archivedAt", None)
    portal.schema.save(body)
    return Answer(201, body)


def change_property(portal: Portal, call: Call) -> Answer:
    """Change what the request names; options are replaced whole."""
    body = _found(portal, call.params["name"])
    _check_is_custom(body)
    asked: dict[str, Any] = {key: value for key, value in call.body.items() if key in PATCHABLE and value is not None}
    if "options" in asked:
        check_options(asked["options"])
        asked["options"] = numbered(asked["options"])
    changed = body | asked | {"updatedAt": now()}
    check_property(changed, [group["name"] for group in portal.schema.groups()])
    portal.schema.save(changed)
    return Answer(200, changed)


def archive_property(portal: Portal, call: Call) -> Answer:
    """Take a property out of use; its values come back with it."""
    body = _found(portal, call.params["name"])
    _check_is_custom(body)
    portal.schema.save(body | {"archived": True, "archivedAt": now()})
    return Answer(204)


def list_groups(portal: Portal, _call: Call) -> Answer:
    """All property groups."""
    return Answer(200, {"results": portal.schema.groups()})


def read_group(portal: Portal, call: Call) -> Answer:
    """One property group."""
    for group in portal.schema.groups():
        if group["name"] == call.params["name"]:
            return Answer(200, group)
    raise not_found(f"Property group {call.params['name']}", sub_category="Properties.GROUP_NOT_FOUND")


def create_group(portal: Portal, call: Call) -> Answer:
    """Make a property group; 409 if the name is taken."""
    name, label = call.body.get("name"), call.body.get("label")
    if not (isinstance(name, str) and name and isinstance(label, str) and label):
        raise invalid("Invalid input JSON: a property group needs name and label")
    if any(group["name"] == name for group in portal.schema.groups()):
        raise _taken(f'A property group named "{name}" already exists.', "Properties.PROPERTY_GROUP_WITH_NAME_EXISTS")
    body = {"name": name, "label": label, "displayOrder": call.body.get("displayOrder", -1), "archived": False}
    portal.schema.save_group(body)
    return Answer(201, body)


def archive_group(portal: Portal, call: Call) -> Answer:
    """Take a property group away; one that properties are in stays."""
    read_group(portal, call)  # 404 where there is none
    name = call.params["name"]
    if any(body["groupName"] == name for body in portal.schema.properties()):
        raise invalid(f"Property group {name} holds properties and cannot be deleted")
    portal.schema.remove_group(name)
    return Answer(204)


def check_property(asked: Mapping[str, Any], groups: Iterable[str]) -> None:
    """Refuse a property that HubSpot would not make.

    Raises:
        RefusedError: 400, naming the first thing wrong.
    """
    for key in ("name", "label", "type", "fieldType", "groupName"):
        if not isinstance(asked.get(key), str) or not asked[key]:
            raise invalid(f"Invalid input JSON: required field {key} is missing or not text")
    if not NAME.fullmatch(asked["name"]):
        raise invalid(f"Property name {asked['name']} must be lowercase letters, digits and _, and start with a letter")
    if asked["fieldType"] not in FIELD_TYPES.get(asked["type"], ()):
        raise invalid(f"Property type {asked['type']} does not support field type {asked['fieldType']}")
    if asked["groupName"] not in groups:
        raise invalid(f"Property group {asked['groupName']} does not exist", code="PROPERTY_GROUP_NOT_FOUND")
    if asked["type"] == "enumeration" and not asked.get("options"):
        raise invalid(f"Property {asked['name']} is an enumeration and needs options")
    check_options(asked.get("options") or ())


def check_options(options: Any) -> None:  # noqa: ANN401 - it comes straight out of the caller's JSON
    """Refuse options without label, value or hidden, doubled ones, and too many or too long ones.

    An option value with a ``;`` is accepted, though it can never be written (hubspot.md leaves it open).

    Raises:
        RefusedError: 400.
    """
    if not isinstance(options, list | tuple) or len(options) > OPTIONS_LIMIT:
        raise invalid(f"options must be a list of at most {OPTIONS_LIMIT}")
    for option in options:
        fits = (
            isinstance(option, dict)
            and isinstance(option.get("label"), str)
            and isinstance(option.get("value"), str)
            and isinstance(option.get("hidden"), bool)
            and option["label"]
            and option["value"]
        )
        if not fits:
            raise invalid("Every option needs label, value and hidden")
        if sum(len(option.get(key) or "") for key in ("label", "value", "description")) > OPTION_LENGTH:
            raise invalid(f"An option takes {OPTION_LENGTH} characters at most")
    for key in ("value", "label"):
        if len({option[key] for option in options}) < len(options):
            raise invalid(f"Property options must have unique {key}s", code="DUPLICATE_OPTION")


def _found(portal: Portal, name: str, *, archived: bool = False) -> Json:
    for body in portal.schema.properties(archived=archived):
        if body["name"] == name:
            return body
    raise not_found(f"Property {name}", sub_category="Properties.PROPERTY_NOT_FOUND")


def _check_is_custom(body: Json) -> None:
    if body["hubspotDefined"]:
        raise invalid(
            f"Property {body['name']} is defined by HubSpot and cannot be changed", code="READ_ONLY_DEFINITION"
        )


def _taken(message: str, sub_category: str) -> RefusedError:
    return RefusedError(409, "OBJECT_ALREADY_EXISTS", message, sub_category=sub_category)
