"""How contacts read back: only what was asked for, empty as ``null``, multiple choices in any order."""

from collections.abc import Iterable
from dataclasses import dataclass

from sync.sandbox.answers import Answer, Call, Json, invalid, not_found, now
from sync.sandbox.batches import batch_answer
from sync.sandbox.contacts import Contact
from sync.sandbox.inputs import inputs_of, is_record_id, missing
from sync.sandbox.portal import Portal


def read(portal: Portal, call: Call) -> Answer:
    """``batch/read``: 207 when some are not found, all of them in one entry.

    A contact asked for twice, by two addresses say, comes once. Nothing tells which input found it.
    """
    inputs = inputs_of(call)
    at = now()
    keys = [item["id"] for item in inputs]
    found = find(portal, call.body.get("idProperty"), keys)
    contacts = {contact.id: contact for contact in found.values()}.values()
    asked = Asked(names_in(call.body.get("properties")), names_in(call.body.get("propertiesWithHistory")))
    absent = [key for key in dict.fromkeys(keys) if key not in found]
    errors = [missing(absent).entry({"ids": absent})] if absent else []
    return batch_answer(portal, [shown(portal, contact, asked) for contact in contacts], errors, at=at)


def read_one(portal: Portal, call: Call) -> Answer:
    """``GET …/contacts/{id}``, by record id or, with ``idProperty``, by a unique property."""
    contact = one(portal, call)
    asked = Asked(_listed(call, "properties"), _listed(call, "propertiesWithHistory"))
    return Answer(200, shown(portal, contact, asked))


def one(portal: Portal, call: Call) -> Contact:
    """The contact that the path names.

    Raises:
        RefusedError: 404 OBJECT_NOT_FOUND.
    """
    key = call.params["id"]
    found = find(portal, call.asked("idProperty"), [key])
    if key not in found:
        raise not_found("Object")
    return found[key]


def find(portal: Portal, unique: str | None, keys: Iterable[str]) -> dict[str, Contact]:
    """Contacts by what was asked: record ids (also merged-away ones, by setting) or values of a unique property.

    Raises:
        RefusedError: 400, the property is not unique.
    """
    if unique and unique != "hs_object_id":
        definition = portal.schema.definitions().get(unique)
        if definition is None or not definition.is_unique:
            raise invalid(f"Unable to perform read by non-unique 0-1 property {unique}")
        stored = {key: key.lower() if unique == "email" else key for key in keys}
        ids = portal.contacts.holders(unique, dict.fromkeys(stored.values()))
        wanted = {key: ids[value] for key, value in stored.items() if value in ids}
    else:
        numbers = {key: int(key) for key in keys if is_record_id(key)}
        is_known = portal.settings.merged_ids != "unknown"
        wanted = {key: (is_known and portal.contacts.standing_for(number)) or number for key, number in numbers.items()}
    contacts = portal.contacts.by_id(dict.fromkeys(wanted.values()))
    return {key: contacts[contact_id] for key, contact_id in wanted.items() if contact_id in contacts}


@dataclass(frozen=True, slots=True)
class Asked:
    """The properties that a caller wants to see, and those with their history."""

    properties: tuple[str, ...] = ()
    with_history: tuple[str, ...] = ()


def shown(portal: Portal, contact: Contact, asked: Asked) -> Json:
    """A contact as the API shows it; properties that do not exist are left out without a word."""
    definitions = portal.schema.definitions()
    values: dict[str, str | None] = {}
    for name in asked.properties:
        if name in definitions:
            value = contact.properties.get(name)
            is_multiple = definitions[name].field_type == "checkbox"
            values[name] = _shuffled(portal, value) if value and is_multiple else value
    body: Json = {
        "id": str(contact.id),
        "properties": values
        | {"hs_object_id": str(contact.id), "createdate": contact.created_at, "lastmodifieddate": contact.updated_at},
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "archived": False,
    }
    if asked.with_history:
        body["propertiesWithHistory"] = _history(portal, contact, asked.with_history)
    return body


def names_in(value: object) -> tuple[str, ...]:
    """A list of property names out of the caller's JSON; anything else is no names."""
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def _listed(call: Call, name: str) -> tuple[str, ...]:
    return tuple(part for value in call.query.get(name, ()) for part in value.split(",") if part)


def _shuffled(portal: Portal, value: str) -> str:
    parts = value.split(";")
    portal.dice.shuffle(parts)
    return ";".join(parts)


def _history(portal: Portal, contact: Contact, names: Iterable[str]) -> dict[str, list[Json]]:
    entries = portal.contacts.history(contact.id)[::-1]
    return {
        name: [
            {"value": written[name], "timestamp": at, "sourceType": "INTEGRATION"}
            for at, written in entries
            if name in written
        ]
        for name in names
    }
