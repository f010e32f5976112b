"""Property definitions: how the sandbox keeps them, and those that every portal has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.sandbox.answers import Json


@dataclass(frozen=True, slots=True)
class Definition:
    """One property of contacts.

    Attributes:
        options: Option value to its place.
        body: The property as HubSpot's API shows it.
    """

    name: str
    type: str
    field_type: str
    options: Mapping[str, int]
    is_unique: bool
    is_read_only: bool
    is_custom: bool
    body: Json

    @classmethod
    def of(cls, body: Json) -> "Definition":
        """The definition behind a property as the API shows it."""
        return cls(
            name=body["name"],
            type=body["type"],
            field_type=body["fieldType"],
            options={option["value"]: place for place, option in enumerate(body["options"])},
            is_unique=body["hasUniqueValue"],
            is_read_only=body["modificationMetadata"]["readOnlyValue"],
            is_custom=not body["hubspotDefined"],
            body=body,
        )


def property_body(asked: Mapping[str, Any], at: str, *, is_built_in: bool = False, is_read_only: bool = False) -> Json:
    """A property as the API shows it, from the checked body of a create request."""
    return {
        "updatedAt": at,
        "createdAt": at,
        "name": asked["name"],
        "label": asked["label"],
        "type": asked["type"],
        "fieldType": asked["fieldType"],
        "description": asked.get("description") or "",
        "groupName": asked["groupName"],
        "options": numbered(asked.get("options") or ()),
        "displayOrder": asked.get("displayOrder", -1),
        "calculated": False,
        "externalOptions": False,
        "archived": False,
        "hasUniqueValue": bool(asked.get("hasUniqueValue", False)),
        "hidden": bool(asked.get("hidden", False)),
        "hubspotDefined": is_built_in,
        "modificationMetadata": {
            "archivable": not is_built_in,
            "readOnlyDefinition": is_built_in,
            "readOnlyOptions": is_built_in,
            "readOnlyValue": is_read_only,
        },
        "formField": bool(asked.get("formField", False)),
    }


def numbered(options: Iterable[Mapping[str, Any]]) -> list[Json]:
    """The options as stored: with a description and a display order each."""
    return [
        {
            "label": option["label"],
            "value": option["value"],
            "description": option.get("description") or "",
            "displayOrder": option.get("displayOrder", place),
            "hidden": option["hidden"],
        }
        for place, option in enumerate(options)
    ]


CONTACT_INFORMATION: Json = {
    "name": "contactinformation",
    "label": "Contact information",
    "displayOrder": 0,
    "archived": False,
}
TEXTS = {
    "email": "Email",
    "firstname": "First Name",
    "lastname": "Last Name",
    "phone": "Phone Number",
    "mobilephone": "Mobile Phone Number",
    "company": "Company Name",
    "jobtitle": "Job Title",
    "address": "Street Address",
    "city": "City",
    "state": "State/Region",
    "zip": "Postal Code",
    "country": "Country/Region",
}
READ_ONLY = {
    "hs_object_id": ("Record ID", "number", "number"),
    "createdate": ("Create Date", "datetime", "date"),
    "lastmodifieddate": ("Last Modified Date", "datetime", "date"),
    "hs_additional_emails": ("Additional email addresses", "enumeration", "checkbox"),
}


def built_in(at: str) -> list[Json]:
    """The properties every portal has, as far as the sandbox keeps them."""
    writable = [
        {"name": name, "label": label, "type": "string", "fieldType": "text", "hasUniqueValue": name == "email"}
        for name, label in TEXTS.items()
    ]
    fixed = [
        {"name": name, "label": label, "type": kind, "fieldType": field_type}
        for name, (label, kind, field_type) in READ_ONLY.items()
    ]
    group = {"groupName": CONTACT_INFORMATION["name"]}
    return [property_body({**asked, **group}, at, is_built_in=True) for asked in writable] + [
        property_body({**asked, **group}, at, is_built_in=True, is_read_only=True) for asked in fixed
    ]
