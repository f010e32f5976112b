"""The lists API: active lists, and static ones that stay empty.

Readings chosen where HubSpot's is unknown: a new list is ``PROCESSING`` in the answer that made it and counted from the
next request on; the search sees it at once (HubSpot's lags). SNAPSHOT lists are refused: the sandbox doesn't keep them.
"""

from sync.sandbox.answers import Answer, Call, Json, RefusedError, invalid, not_found, now
from sync.sandbox.contacts import Contact
from sync.sandbox.list_filters import checked_filter, lets_in
from sync.sandbox.portal import Portal

CONTACTS = "0-1"
ACTIVE, STATIC = "DYNAMIC", "MANUAL"
SEARCH = (20, 500)  # lists in one answer if nothing else is asked for, and at most; reference of the v3 lists API
MEMBERS = (100, 250)  # contacts in one answer of the memberships, likewise


def create(portal: Portal, call: Call) -> Answer:
    """Make a list; a name that is taken, by a list of whatever object and in whatever case, is a 400."""
    asked = {key: call.body.get(key) for key in ("name", "objectTypeId", "processingType")}
    if not all(isinstance(value, str) and value.strip() for value in asked.values()):
        raise invalid("Invalid input JSON: a list needs name, objectTypeId and processingType")
    if asked["processingType"] not in (ACTIVE, STATIC):
        raise invalid(f"The sandbox keeps lists of the types {ACTIVE} and {STATIC} only")
    name = str(asked["name"])
    if portal.lists.by_name(name):
        message = f"A list with the name {name} already exists"
        raise RefusedError(400, "VALIDATION_ERROR", message, sub_category="ILS.DUPLICATE_LIST_NAMES")
    body: Json = {**asked, "listVersion": 1, "createdAt": now(), "updatedAt": now(), "filtersUpdatedAt": now()}
    if asked["processingType"] == ACTIVE:
        body["filterBranch"] = checked_filter(call.body.get("filterBranch"), portal.schema.definitions())
    return Answer(200, {"list": {**portal.lists.add(body), "processingStatus": "PROCESSING"}})


def read(portal: Portal, call: Call) -> Answer:
    """One list by its id."""
    return _shown(portal, portal.lists.by_id(call.params["id"]), call)


def read_by_name(portal: Portal, call: Call) -> Answer:
    """One list by its name, upper and lower case alike, among those of one object."""
    found = portal.lists.by_name(call.params["name"])
    return _shown(portal, found if found and found["objectTypeId"] == call.params["object"] else None, call)


def search(portal: Portal, call: Call) -> Answer:
    """The lists with this text in their names, of these types and with these ids, as far as they were named."""
    query, ids = str(call.body.get("query") or "").casefold(), call.body.get("listIds") or []
    kinds = call.body.get("processingTypes") or (ACTIVE, STATIC)
    found = [
        each for each in portal.lists.all() if query in each["name"].casefold() and each["processingType"] in kinds
    ]
    found = [each for each in found if not ids or each["listId"] in ids]
    first = _whole(call.body.get("offset"), 0)
    page = found[first : first + _at_most(call.body.get("count"), SEARCH)]
    lists = [
        {
            **{key: value for key, value in each.items() if key != "filterBranch"},
            "processingStatus": "COMPLETE",
            "additionalProperties": {"hs_list_size": str(len(members(portal, each)))},
        }
        for each in page
    ]
    end = first + len(page)
    return Answer(200, {"lists": lists, "offset": end, "hasMore": end < len(found), "total": len(found)})


def memberships(portal: Portal, call: Call) -> Answer:
    """Who is on a list, by record id."""
    found = _existing(portal.lists.by_id(call.params["id"]))
    after = _whole(call.asked("after"), 0)
    rest = [contact for contact in sorted(members(portal, found), key=lambda each: each.id) if contact.id > after]
    page = rest[: _at_most(call.asked("limit"), MEMBERS)]
    body: Json = {"results": [{"recordId": str(each.id), "membershipTimestamp": each.updated_at} for each in page]}
    if len(rest) > len(page):
        body["paging"] = {"next": {"after": str(page[-1].id)}}
    return Answer(200, body)


def members(portal: Portal, found: Json) -> list[Contact]:
    """The contacts on a list at this moment."""
    if found["objectTypeId"] != CONTACTS or "filterBranch" not in found:
        return []
    return [contact for contact in portal.contacts.all() if lets_in(found["filterBranch"], contact.properties)]


def _shown(portal: Portal, found: Json | None, call: Call) -> Answer:
    body = {**_existing(found), "processingStatus": "COMPLETE"}
    body["size"] = len(members(portal, body))
    if call.asked("includeFilters").lower() != "true":
        body.pop("filterBranch", None)
    return Answer(200, {"list": body})


def _existing(found: Json | None) -> Json:
    if found is None:
        raise not_found("List", sub_category="ILS.LIST_NOT_FOUND")
    return found


def _whole(value: object, default: int) -> int:
    return int(str(value)) if str(value).isdecimal() else default


def _at_most(value: object, bounds: tuple[int, int]) -> int:
    default, most = bounds
    return min(_whole(value, default), most)
