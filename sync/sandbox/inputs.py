"""What a batch asks for, checked before anything is looked up."""

from collections.abc import Iterable
from typing import Any

from sync.sandbox.answers import Call, Json, RefusedError, invalid
from sync.sandbox.portal import Portal

BATCH_LIMIT = 100  # https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide, read 2026-11-20


def inputs_of(call: Call, *, needs_id: bool = True) -> list[Json]:
    """The inputs of a batch; none if the wrapper is missing.

    Raises:
        RefusedError: 400, they are too many or not what they should be.
    """
    inputs = call.body.get("inputs", [])
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise invalid("Invalid input JSON: inputs must be a list of objects")
    if len(inputs) > BATCH_LIMIT:
        raise invalid(f"The batch holds {len(inputs)} inputs; at most {BATCH_LIMIT} are allowed")
    if needs_id and not all(isinstance(item.get("id"), str) and item["id"] for item in inputs):
        raise invalid("Invalid input JSON: every input needs an id, as text")
    return inputs


def writes(call: Call, *, needs_id: bool) -> list[Json]:
    """The inputs of a writing batch, each with properties whose values are text or null."""
    inputs = inputs_of(call, needs_id=needs_id)
    for item in inputs:
        check_properties(item.get("properties"))
    return inputs


def check_properties(properties: Any) -> None:  # noqa: ANN401 - it comes straight out of the caller's JSON
    """Refuse anything but an object of texts and nulls: the specification knows no other values."""
    if not isinstance(properties, dict) or not all(isinstance(value, str | None) for value in properties.values()):
        raise invalid("Invalid input JSON: properties must be an object whose values are text")


def unique_property(portal: Portal, inputs: Iterable[Json], verb: str, but_not: str = "") -> str:
    """The one ``idProperty`` of all inputs; email if there is no input."""
    named = {str(item.get("idProperty") or "hs_object_id") for item in inputs} or {"email"}
    name = min(named)
    definition = portal.schema.definitions().get(name)
    if len(named) > 1 or definition is None or not definition.is_unique or name == but_not:
        raise invalid(f"Unable to perform {verb} by non-unique 0-1 property {', '.join(sorted(named))}")
    return name


def check_unique_ids(inputs: Iterable[Json], unique: str | None) -> None:
    """Refuse a batch that names one record twice; addresses differ only by more than case."""
    ids = [item["id"].lower() if unique == "email" else item["id"] for item in inputs]
    twice = sorted({key for key in ids if ids.count(key) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        raise invalid(
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique", context={"ids": twice}
        )


def missing(ids: list[str]) -> RefusedError:
    """Ids that no contact has; several share one entry."""
    message = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    return RefusedError(404, "OBJECT_NOT_FOUND", message, context={"ids": ids})


def is_record_id(text: str) -> bool:
    """Whether this could be the id of a contact."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


def are_traced(inputs: list[Json]) -> bool:
    """Whether every input has a trace id of its own, so that one bad record need not sink the others."""
    traces = [item.get("objectWriteTraceId") for item in inputs]
    return all(isinstance(trace, str) and trace for trace in traces) and len(set(traces)) == len(traces)
