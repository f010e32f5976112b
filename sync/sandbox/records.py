"""Endpoints for single contacts, and those that take contacts away."""

from sync.sandbox.answers import Answer, Call, invalid, not_found, now
from sync.sandbox.contacts import Contact
from sync.sandbox.inputs import check_properties, inputs_of, is_record_id
from sync.sandbox.portal import Portal
from sync.sandbox.reading import Asked, find, one, shown
from sync.sandbox.writing import Writer


def change(portal: Portal, call: Call) -> Answer:
    """``PATCH …/contacts/{id}``: changes a contact that exists, never makes one."""
    properties = call.body.get("properties")
    check_properties(properties)
    contact = one(portal, call)
    writer = Writer(portal)
    writer.check_known([properties or {}])
    writer.write(contact, properties or {})
    writer.save()
    return Answer(200, shown(portal, contact, Asked(tuple(contact.written))))


def archive(portal: Portal, call: Call) -> Answer:
    """``batch/archive``: unknown ids are no failure, and the addresses are free for new contacts."""
    numbers = [int(item["id"]) for item in inputs_of(call) if is_record_id(item["id"])]
    portal.contacts.archive(portal.contacts.by_id(numbers))
    return Answer(204)


def gdpr_delete(portal: Portal, call: Call) -> Answer:
    """Forget one person for good: the addresses are refused from now on."""
    key = call.body.get("objectId")
    if not isinstance(key, str) or not key:
        raise invalid("Invalid input JSON: objectId is missing")
    for contact in find(portal, call.body.get("idProperty"), [key]).values():
        portal.contacts.purge(contact.id)
    return Answer(204)


def merge(portal: Portal, call: Call) -> Answer:
    """Merge two contacts into one with a new id; both old ids keep standing for it.

    The primary's values win, the other fills its gaps, and all other addresses become additional ones.
    """
    keys = [call.body.get("primaryObjectId"), call.body.get("objectIdToMerge")]
    texts = [key for key in keys if isinstance(key, str) and is_record_id(key)]
    found = find(portal, None, texts)
    if len(texts) < 2 or len(found) < len(set(texts)):
        raise not_found("Object")
    primary, other = (found[key] for key in texts)
    if primary.id == other.id:
        raise invalid("A contact cannot be merged with itself")
    at = now()
    merged = _merged(portal.contacts.new(at), primary, other)
    portal.contacts.save([merged], at)
    portal.contacts.merge([primary.id, other.id], merged.id)
    return Answer(200, shown(portal, merged, Asked(("email", "hs_additional_emails"))))


def _merged(merged: Contact, primary: Contact, other: Contact) -> Contact:
    addresses = [
        address
        for contact in (primary, other)
        for name in ("email", "hs_additional_emails")
        for address in contact.properties.get(name, "").split(";")
        if address
    ]
    merged.properties = {**other.properties, **primary.properties}
    if addresses:
        merged.properties["email"] = addresses[0]
    if addresses[1:]:
        merged.properties["hs_additional_emails"] = ";".join(addresses[1:])
    merged.created_at = min(primary.created_at, other.created_at)
    return merged
