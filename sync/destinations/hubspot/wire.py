"""Writing, both ways, pure: changes as HubSpot's inputs, its answers as outcomes.

Shapes: HubSpot's contacts guide and OpenAPI files, developers.hubspot.com, read 2026-11-20. Its answers come in any
order and with lower-case addresses, so they are matched by the trace id that each input carries.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from goldpan.errors import FatalError
from goldpan.model import Action, Change, Outcome, Verdict
from sync.destinations.hubspot.answers import Answer, Json, RefusedError, objects, reason_of, text
from sync.destinations.hubspot.scrub import scrub

BATCH = 100  # HubSpot's maximum of inputs in one request; 101 is a 400
ADDITIONAL_EMAILS = "hs_additional_emails"
MISSING_IN_ANSWER = "missing_in_answer"
NOT_FOUND = "OBJECT_NOT_FOUND"
NOT_THE_RECORDS_FAULT = frozenset({"INTERNAL_ERROR", "RATE_LIMIT", "RATE_LIMITS", "TIMEOUT"})


def kind_of(change: Change) -> Literal["upsert", "update"]:
    """Which request writes this change: a create goes by address, everything else by record id.

    Raises:
        FatalError: A contact that HubSpot has comes without its record id. By address it would be a partial upsert,
            which HubSpot doesn't support; with anything else as id HubSpot answers 200 and does nothing.
    """
    if change.action is Action.CREATE:
        return "upsert"
    if not is_record_id(change.record_id or ""):
        raise FatalError(
            f"Goldpan planned to {change.action} a contact without HubSpot's record id, which is a defect in Goldpan; "
            "please report it. Nothing of it was sent."
        )
    return "update"


def is_record_id(name: str) -> bool:
    """Whether this could be the id of a record: digits only."""
    return name.isascii() and name.isdecimal()


def as_value(value: str | None) -> str:
    """A value that replaces what is there: nothing is ``""``, which empties the property; null is undefined.

    A leading ``;`` would append to a multi-select property (properties guide, modified 2026-03-31). Plan and undo join
    the options of the tag property without one; a text may begin with it.
    """
    return value or ""


def input_of(change: Change, trace_id: str) -> Json:
    """One contact of a batch/upsert (by address) or of a batch/update (by record id).

    ``email`` stays out of the properties: written to a contact that is found by an additional address, it could
    replace the primary one.
    """
    whom = {"id": change.email, "idProperty": "email"} if kind_of(change) == "upsert" else {"id": change.record_id}
    values = {name: as_value(value) for name, value in change.after.items() if name != "email"}
    return {**whom, "objectWriteTraceId": trace_id, "properties": values}


def outcomes(sent: Mapping[str, Change], answer: Answer) -> list[Outcome]:
    """What a 200 or 207 says about each change of its request: exactly one outcome each, in the order sent.

    Args:
        sent: The request's changes by trace id.
        answer: HubSpot's answer; ``results`` and ``errors`` may be short, null or missing.
    """
    errors = objects(answer.body.get("errors"))
    refused = {trace: error for error in errors for trace in _traces_of_error(error, sent)}
    if len(sent) == 1 and errors:
        refused = dict.fromkeys(sent, errors[0])  # nobody else can be meant
    applied = {trace: result for result in objects(answer.body.get("results")) if (trace := _trace_of(result, sent))}
    unmapped = "; ".join(map(_words, nameless_errors(sent, answer)))

    def outcome(trace: str, change: Change) -> Outcome:
        if trace in applied and trace in refused:
            words = "HubSpot lists it as written and as refused"
            return unknown(change.email, "contradiction", words, answer.correlation_id)
        if trace in applied:
            return _applied(change.email, applied[trace], answer.correlation_id)
        if trace in refused:
            reason = reason_of(refused[trace]) or "REFUSED"
            return _refused(change, reason, _words(refused[trace]), answer.correlation_id)
        return unknown(change.email, MISSING_IN_ANSWER, unmapped, answer.correlation_id)

    return [outcome(trace, change) for trace, change in sent.items()]


def refused_alone(change: Change, refused: RefusedError) -> Outcome:
    """What the refusal of a whole request says about the only change in it."""
    return _refused(change, refused.reason, refused.words, refused.correlation_id)


def nameless_errors(sent: Mapping[str, Change], answer: Answer) -> list[Json]:
    """The errors of the answer that can't be told to be about one of the inputs."""
    errors = objects(answer.body.get("errors"))
    return [error for error in errors if next(_traces_of_error(error, sent), None) is None]


def unknown(email: str, reason: str, message: str = "", correlation_id: str = "") -> Outcome:
    """No proof either way."""
    return Outcome(email, Verdict.UNKNOWN, reason=reason, message=scrub(message), correlation_id=correlation_id)


def as_address(email: str) -> str:
    """An address as HubSpot keys it."""
    return email.strip().lower()


def named_in(entry: Json, *names: str) -> list[str]:
    """The texts under these names of an entry's context; ``{name: [text]}``, or a bare text."""
    context = entry.get("context")
    if not isinstance(context, dict):
        return []
    values = [context.get(name) for name in names]
    return [text(item) for value in values for item in (value if isinstance(value, list) else [value]) if text(item)]


def _applied(email: str, result: Json, correlation_id: str) -> Outcome:
    return Outcome(
        email,
        Verdict.APPLIED,
        record_id=text(result["id"]),
        is_new=result.get("new") is True,
        correlation_id=correlation_id,
    )


def _refused(change: Change, reason: str, words: str, correlation_id: str) -> Outcome:
    """A refusal, unless the record isn't to blame, or isn't there by this id: gone, or merged into another."""
    is_elsewhere = reason == NOT_FOUND and kind_of(change) == "update"
    verdict = Verdict.UNKNOWN if is_elsewhere or reason in NOT_THE_RECORDS_FAULT else Verdict.REFUSED
    return Outcome(change.email, verdict, reason=reason, message=words, correlation_id=correlation_id)


def _words(error: Json) -> str:
    details = (text(detail.get("message")) for detail in objects(error.get("errors")))
    return scrub(text(error.get("message")) or "; ".join(filter(None, details)))


def _trace_of(result: Json, sent: Mapping[str, Change]) -> str | None:
    """The trace id of one result; without one, its key tells. A result without a record id proves nothing."""
    record_id = text(result.get("id"))
    if not record_id:
        return None
    if trace := text(result.get("objectWriteTraceId")):
        return trace if trace in sent else None
    properties = result.get("properties")
    email = text(properties.get("email")) if isinstance(properties, dict) else ""
    return next(_traces_by_key([record_id, email], sent), None)


def _traces_of_error(error: Json, sent: Mapping[str, Change]) -> Iterator[str]:
    """The trace ids that one error is about: it names them, or else keys, in its context or in its details'."""
    for entry in (error, *objects(error.get("errors"))):
        traces = named_in(entry, "objectWriteTraceId")
        yield from (trace for trace in traces if trace in sent)
        if not traces:
            yield from _traces_by_key(named_in(entry, "ids", "id", "email"), sent)


def _traces_by_key(names: list[str], sent: Mapping[str, Change]) -> Iterator[str]:
    """The trace ids of the changes whose key is among these names: a record id, or the address of a create."""
    keys = {as_address(name) for name in names if name}
    for trace, change in sent.items():
        if (as_address(change.email) if kind_of(change) == "upsert" else change.record_id) in keys:
            yield trace
