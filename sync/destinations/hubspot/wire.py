"""Payloads both ways, pure: changes as HubSpot's inputs, its answers as outcomes and records.

Shapes: HubSpot's contacts guide and OpenAPI files, developers.hubspot.com, read 2026-11-20. Its answers come in any
order and with lower-case addresses, so they are matched by the trace id that each input carries.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from goldpan.model import Change, CurrentRecord, Outcome, Verdict
from sync.destinations import ReadBatch
from sync.destinations.hubspot.answers import Answer, Json, objects, reason_of, text
from sync.destinations.hubspot.scrub import scrub

BATCH = 100  # HubSpot's maximum of inputs in one request; 101 is a 400
ADDITIONAL_EMAILS = "hs_additional_emails"
MISSING_IN_ANSWER = "missing_in_answer"
NOT_THE_RECORDS_FAULT = frozenset({"INTERNAL_ERROR", "RATE_LIMIT", "RATE_LIMITS", "TIMEOUT"})


def as_value(value: str | None) -> str:
    """A value that replaces what is there.

    A leading ``;`` would append to a multi-select property instead (properties guide, modified 2026-03-31), so none
    ever leaves; the plan joins tags without one. Nothing is ``""``, which empties the property; null is undefined.
    """
    return (value or "").lstrip(";")


def upsert_input(change: Change, trace_id: str) -> Json:
    """One contact of a batch/upsert.

    ``email`` stays out of the properties: written to a contact that is found by an additional address, it could
    replace the primary one.
    """
    return {
        "id": change.email,
        "idProperty": "email",
        "objectWriteTraceId": trace_id,
        "properties": {name: as_value(value) for name, value in change.after.items() if name != "email"},
    }


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
    unmapped = "; ".join(_words(error) for error in errors if not any(True for _ in _traces_of_error(error, sent)))

    def outcome(trace: str, email: str) -> Outcome:
        if trace in applied and trace in refused:
            return unknown(email, "contradiction", "HubSpot lists it as written and as refused", answer.correlation_id)
        if trace in applied:
            return _applied(email, applied[trace], answer.correlation_id)
        if trace in refused:
            return _refused(email, refused[trace], answer.correlation_id)
        return unknown(email, MISSING_IN_ANSWER, unmapped, answer.correlation_id)

    return [outcome(trace, change.email) for trace, change in sent.items()]


def names_nobody(sent: Mapping[str, Change], answer: Answer) -> bool:
    """Whether some error of the answer can't be told to be about one of the inputs."""
    errors = objects(answer.body.get("errors"))
    return any(next(_traces_of_error(error, sent), None) is None for error in errors)


def unknown(email: str, reason: str, message: str = "", correlation_id: str = "") -> Outcome:
    """No proof either way."""
    return Outcome(email, Verdict.UNKNOWN, reason=reason, message=scrub(message), correlation_id=correlation_id)


def read_body(emails: Collection[str], properties: Sequence[str]) -> Json:
    """A batch/read by address; ``email`` and the additional addresses say whom an answer is about."""
    return {
        "idProperty": "email",
        "properties": list(dict.fromkeys(["email", ADDITIONAL_EMAILS, *properties])),
        "propertiesWithHistory": [],
        "inputs": [{"id": email} for email in dict.fromkeys(map(key, emails))],
    }


def is_whole(body: Json) -> bool:
    """Whether a batch/read answer is complete, so that an address it doesn't hold is one HubSpot doesn't know."""
    results = body.get("results")
    return (
        body.get("status") == "COMPLETE"
        and isinstance(results, list)
        and all(isinstance(result, dict) and text(result.get("id")) for result in results)
    )


def read_batch(asked: Sequence[str], properties: Sequence[str], body: Json) -> tuple[ReadBatch, tuple[str, ...]]:
    """The records by the addresses asked for, and the addresses to ask for again, one at a time.

    An answer doesn't say which input a record belongs to. Where a record shows none of the addresses asked for (it was
    merged, say), the ones that are neither found nor listed as not found are doubtful. Asked for alone, they aren't.
    """
    records = [_record(result, properties) for result in objects(body.get("results"))]
    by_address = {address: record for record in records for address in _addresses(record)}
    wanted = {key(email) for email in asked}
    if len(wanted) == 1 and len(records) == 1:
        by_address = dict.fromkeys(wanted, records[0])
    found = {email: by_address[key(email)] for email in asked if key(email) in by_address}
    strangers = [record for record in records if not wanted & _addresses(record)]
    missing = tuple(email for email in asked if email not in found)
    told_absent = {key(name) for error in objects(body.get("errors")) for name in _context(error, "ids", "id")}
    doubtful = tuple(email for email in missing if strangers and len(wanted) > 1 and key(email) not in told_absent)
    return ReadBatch(tuple(asked), found, tuple(email for email in missing if email not in doubtful)), doubtful


def key(email: str) -> str:
    """An address as HubSpot keys it."""
    return email.strip().lower()


def _applied(email: str, result: Json, correlation_id: str) -> Outcome:
    return Outcome(
        email,
        Verdict.APPLIED,
        record_id=text(result["id"]),
        is_new=result.get("new") is True,
        correlation_id=correlation_id,
    )


def _refused(email: str, error: Json, correlation_id: str) -> Outcome:
    reason = reason_of(error) or "REFUSED"
    verdict = Verdict.UNKNOWN if reason in NOT_THE_RECORDS_FAULT else Verdict.REFUSED
    return Outcome(email, verdict, reason=reason, message=_words(error), correlation_id=correlation_id)


def _words(error: Json) -> str:
    details = (text(detail.get("message")) for detail in objects(error.get("errors")))
    return scrub(text(error.get("message")) or "; ".join(filter(None, details)))


def _trace_of(result: Json, sent: Mapping[str, Change]) -> str | None:
    """The trace id of one result; without one, its address tells. A result without a record id proves nothing."""
    if not text(result.get("id")):
        return None
    if trace := text(result.get("objectWriteTraceId")):
        return trace if trace in sent else None
    properties = result.get("properties")
    return _by_email(text(properties.get("email")), sent) if isinstance(properties, dict) else None


def _traces_of_error(error: Json, sent: Mapping[str, Change]) -> Iterator[str]:
    """The trace ids that one error is about: it names them, or else addresses, in its context or in its details'."""
    for entry in (error, *objects(error.get("errors"))):
        traces = _context(entry, "objectWriteTraceId")
        yield from (trace for trace in traces if trace in sent)
        if not traces:
            named = (_by_email(name, sent) for name in _context(entry, "ids", "id", "email"))
            yield from (trace for trace in named if trace)


def _by_email(email: str, sent: Mapping[str, Change]) -> str | None:
    return next((trace for trace, change in sent.items() if email and key(change.email) == key(email)), None)


def _context(entry: Json, *names: str) -> list[str]:
    """The texts under these names of an entry's context; ``{name: [text]}``, or a bare text."""
    context = entry.get("context")
    if not isinstance(context, dict):
        return []
    values = [context.get(name) for name in names]
    return [text(item) for value in values for item in (value if isinstance(value, list) else [value]) if text(item)]


def _record(result: Json, properties: Sequence[str]) -> CurrentRecord:
    held = result.get("properties")
    values = held if isinstance(held, dict) else {}
    additional = text(values.get(ADDITIONAL_EMAILS)).split(";")
    return CurrentRecord(
        record_id=text(result.get("id")),
        email=key(text(values.get("email"))),
        additional_emails=tuple(key(email) for email in additional if email.strip()),
        properties={name: text(values.get(name)) for name in properties},
    )


def _addresses(record: CurrentRecord) -> set[str]:
    return {record.email, *record.additional_emails} - {""}
