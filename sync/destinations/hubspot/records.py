"""Reading, both ways, pure: keys as a batch/read, its answer as the record that each key leads to.

Shapes: HubSpot's contacts guide and OpenAPI files, developers.hubspot.com, read 2026-11-20. An answer doesn't say which
input a record belongs to, so a record is told by the addresses or the id that it shows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from goldpan.model import CurrentRecord
from sync.destinations import Key
from sync.destinations.hubspot.answers import Json, objects, reason_of, text
from sync.destinations.hubspot.wire import (
    ADDITIONAL_EMAILS,
    NOT_FOUND,
    NOT_THE_RECORDS_FAULT,
    as_address,
    is_record_id,
    named_in,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What one answer says about the keys it was asked for (all as HubSpot writes them).

    Attributes:
        found: The record of each key.
        unsaid: Keys that the answer says nothing about: neither a record nor "not found".
        unclear: Those of ``unsaid`` that an error names for another reason, which is no absence.
        has_strangers: Whether some record shows none of the keys: its contact was merged, say, so that a key of
            ``unsaid`` may have led to it.
    """

    found: Mapping[str, CurrentRecord]
    unsaid: tuple[str, ...]
    unclear: frozenset[str]
    has_strangers: bool


def as_key(name: str, by: Key) -> str:
    """A key as HubSpot writes it; ``""`` for one that no contact can have, so that it needn't be asked for."""
    name = name.strip()
    if by == "email":
        return as_address(name)
    return name if is_record_id(name) else ""


def read_body(keys: Collection[str], properties: Sequence[str], by: Key) -> Json:
    """A batch/read; ``email`` and the additional addresses say whom an answer is about."""
    return {
        **({"idProperty": "email"} if by == "email" else {}),
        "properties": list(dict.fromkeys(["email", ADDITIONAL_EMAILS, *properties])),
        "propertiesWithHistory": [],
        "inputs": [{"id": key} for key in keys],
    }


def is_whole(body: Json) -> bool:
    """Whether a batch/read answer has all its parts; it may leave out contacts all the same."""
    results = body.get("results")
    return (
        body.get("status") == "COMPLETE"
        and isinstance(results, list)
        and all(isinstance(result, dict) and text(result.get("id")) for result in results)
    )


def told(keys: Sequence[str], properties: Sequence[str], by: Key, body: Json) -> Told:
    """What an answer says; asked for alone, a key leads to the one record there is, whatever that shows."""
    records = [_record(result, properties) for result in objects(body.get("results"))]
    by_key = {name: record for record in records for name in _names(record, by)}
    if len(keys) == len(records) == 1:
        by_key = {keys[0]: records[0]}
    found = {key: by_key[key] for key in keys if key in by_key}
    absent, unclear = set[str](), set[str]()
    is_nameless_trouble = False
    for error in objects(body.get("errors")):
        named = {as_key(name, by) for name in named_in(error, "ids", "id")}
        (absent if is_absence(reason_of(error), by) else unclear).update(named)
        is_nameless_trouble |= not named and not is_absence(reason_of(error), by)
    unsaid = tuple(key for key in keys if key not in found and key not in absent)
    if is_nameless_trouble:
        unclear.update(unsaid)
    strangers = {record.record_id for record in records} - {record.record_id for record in found.values()}
    return Told(found, unsaid, frozenset(unclear.intersection(unsaid)), bool(strangers))


def is_absence(reason: str, by: Key) -> bool:
    """Whether HubSpot's reason for not reading a single key means that no contact has it.

    An address that HubSpot refuses is one that it can't hold. A record id came from HubSpot itself: only "not found"
    (the one error known of this call, so also one without a code) says that it is gone.
    """
    return reason in (NOT_FOUND, "") or (by == "email" and reason not in NOT_THE_RECORDS_FAULT)


def _names(record: CurrentRecord, by: Key) -> set[str]:
    if by == "record_id":
        return {record.record_id}
    return {record.email, *record.additional_emails} - {""}


def _record(result: Json, properties: Sequence[str]) -> CurrentRecord:
    held = result.get("properties")
    values = held if isinstance(held, dict) else {}
    additional = text(values.get(ADDITIONAL_EMAILS)).split(";")
    return CurrentRecord(
        record_id=text(result.get("id")),
        email=as_address(text(values.get("email"))),
        additional_emails=tuple(as_address(email) for email in additional if email.strip()),
        properties={name: text(values.get(name)) for name in properties},
    )
