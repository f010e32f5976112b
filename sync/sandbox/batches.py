"""``batch/upsert``, ``batch/update`` and ``batch/create``: what sinks a batch, what sinks one record.

- Without a unique ``objectWriteTraceId`` on every input one bad record sinks the batch: 400, nothing written.
- With them the good ones are written and the answer is 207. Records refused for the same reason share one entry of
  ``errors[]``, so ``numErrors`` counts entries, not records.
- Duplicate ids (addresses in any case), an unknown property, more than 100 inputs: 400 in any case. Two addresses of
  one contact, or an address that another contact holds: 409 in any case.
- No ``inputs``: 200 COMPLETE, nothing done. Results come shuffled and never repeat what was sent.
"""

from collections.abc import Callable, Collection

from sync.sandbox.answers import Answer, Call, Json, RefusedError, conflict, invalid, now
from sync.sandbox.contacts import Contact
from sync.sandbox.inputs import are_traced, check_unique_ids, is_record_id, missing, unique_property, writes
from sync.sandbox.portal import Portal
from sync.sandbox.writing import Writer


def upsert(portal: Portal, call: Call) -> Answer:
    """Create or update by a unique property, ``idProperty`` of each input."""
    inputs = writes(call, needs_id=True)
    unique = unique_property(portal, inputs, "upsert")
    check_unique_ids(inputs, unique)
    writer = Writer(portal)
    writer.check_known(item["properties"] for item in inputs)
    writer.read(unique, [item["id"].lower() if unique == "email" else item["id"] for item in inputs])
    seen: set[int] = set()

    def write_one(item: Json) -> Contact:
        key = writer.key(unique, item["id"])
        contact = writer.find(unique, key)
        if unique == "email" and key in portal.settings.conflicts:
            raise conflict(contact.id if contact else 0)
        if contact is None:
            sent = {name: value for name, value in item["properties"].items() if value is not None}
            contact = writer.create({unique: key, **sent})
        elif contact.id in seen:
            raise conflict(contact.id)
        else:
            blanks = portal.settings.partial_upsert_blanks and unique == "email"
            writer.write(contact, writer.blank_custom(contact, item["properties"]) if blanks else item["properties"])
        seen.add(contact.id)
        return contact

    return _run(portal, inputs, write_one, writer)


def update(portal: Portal, call: Call) -> Answer:
    """Update by record id, or by a custom unique property.

    An e-mail address as id, and an id that was merged away, are left out of the answer without a word. Ids that never
    were come back as errors in a 207. The settings know other readings of the last two.
    """
    inputs = writes(call, needs_id=True)
    named = any("idProperty" in item for item in inputs)
    unique = unique_property(portal, inputs, "update", but_not="email") if named else None
    check_unique_ids(inputs, unique)
    writer = Writer(portal)
    writer.check_known(item["properties"] for item in inputs)

    def write_one(item: Json) -> Contact | None:
        contact = _find(portal, writer, unique, item["id"])
        if contact is None and not unique and _is_silent(portal, item["id"]):
            return None
        if contact is None:
            raise missing([item["id"]])
        writer.write(contact, item["properties"])
        return contact

    sinking = {404, 409} if portal.settings.missing_sinks_updates else {409}
    return _run(portal, inputs, write_one, writer, sinking=sinking)


def create(portal: Portal, call: Call) -> Answer:
    """Create contacts; one that exists already makes the whole batch a 409."""
    inputs = writes(call, needs_id=False)
    writer = Writer(portal)
    writer.check_known(item["properties"] for item in inputs)

    def write_one(item: Json) -> Contact:
        if not any(item["properties"].get(name) for name in ("email", "firstname", "lastname")):
            raise invalid("A contact needs at least one of email, firstname, lastname")
        return writer.create(item["properties"])

    return _run(portal, inputs, write_one, writer, status=201 if inputs else 200)


def batch_answer(portal: Portal, results: list[Json], errors: list[Json], *, at: str, status: int = 200) -> Answer:
    """The answer of a batch: shuffled results, and 207 if anything is wrong with some."""
    portal.dice.shuffle(results)
    body: Json = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": now()}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer(207 if errors else status, body)


def _find(portal: Portal, writer: Writer, unique: str | None, key: str) -> Contact | None:
    if unique:
        return writer.find(unique, writer.key(unique, key))
    if not is_record_id(key):
        return None
    stands_for = portal.contacts.standing_for(int(key)) if portal.settings.merged_ids == "write" else None
    return writer.by_id(stands_for or int(key))


def _is_silent(portal: Portal, key: str) -> bool:
    if not is_record_id(key):
        return True
    return portal.settings.merged_ids == "read" and portal.contacts.standing_for(int(key)) is not None


def _run(
    portal: Portal,
    inputs: list[Json],
    write_one: Callable[[Json], Contact | None],
    writer: Writer,
    *,
    status: int = 200,
    sinking: Collection[int] = (409,),
) -> Answer:
    """Write each input; a refusal of a ``sinking`` status sinks the batch, trace ids or not."""
    written: list[tuple[Json, Contact]] = []
    refused: list[tuple[Json, RefusedError]] = []
    for item in inputs:
        try:
            contact = write_one(item)
        except RefusedError as error:
            if error.status in sinking:
                raise
            refused.append((item, error))
        else:
            written += [(item, contact)] if contact else []
    invalid_ones = [error for _, error in refused if error.status == 400]
    if invalid_ones and not are_traced(inputs):
        raise invalid_ones[0]
    writer.save()
    return batch_answer(
        portal, [_result(item, contact) for item, contact in written], _entries(refused), at=writer.at, status=status
    )


def _result(item: Json, contact: Contact) -> Json:
    result: Json = {
        "id": str(contact.id),
        "new": contact.is_new,
        "properties": {},
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "archived": False,
    }
    return result | ({"objectWriteTraceId": item["objectWriteTraceId"]} if "objectWriteTraceId" in item else {})


def _entries(refused: list[tuple[Json, RefusedError]]) -> list[Json]:
    groups: dict[str, tuple[RefusedError, dict[str, list[str]]]] = {}
    for item, error in refused:
        _, context = groups.setdefault(str(error), (error, {}))
        name = "objectWriteTraceId" if "objectWriteTraceId" in item else "ids"
        context.setdefault(name, []).append(str(item.get("objectWriteTraceId", item.get("id"))))
    return [error.entry(context) for error, context in groups.values()]
