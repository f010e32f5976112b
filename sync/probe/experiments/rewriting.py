"""Writing a value that is there already: whether HubSpot takes it for a change."""

from collections.abc import Iterator

from sync.probe.bench import LOOKS, OPTIONS, PAUSE_SECONDS, Bench, update_of
from sync.probe.report import Finding, Standing

DIFFERENCES_ONLY = "nothing: it sends only what differs"


def carry_out(bench: Bench) -> Iterator[Finding]:
    """The identical value, the same tags in another order, and what can't be tried."""
    value, turned = ";".join(OPTIONS), ";".join(reversed(OPTIONS))
    record_id = bench.contact("again", {"firstname": "Again", bench.tags: value})
    modified, history = _steady(bench, record_id), bench.history(record_id)
    reply = bench.asker.ask_update([update_of(record_id, {bench.tags: value}, "again")])
    bench.sleep(PAUSE_SECONDS)
    added, later = len(bench.history(record_id)) - len(history), bench.record(record_id).get("lastmodifieddate")
    yield Finding(
        question="Does writing the identical value add to the property's history?",
        sent="batch/update of a multi-select property with the value it holds",
        came_back=f"{reply.said}\nhistory entries before: {len(history)}, added: {added}",
        answer=f"{'Yes' if added else 'No'}: {added} more.",
        assumes=DIFFERENCES_ONLY,
        standing=Standing.EITHER,
    )
    yield Finding(
        question="Does it move lastmodifieddate?",
        sent="the same batch/update",
        came_back=f"before: {modified}, after: {later}",
        answer="No." if later == modified else "Yes (or HubSpot was still at work on the contact).",
        assumes=DIFFERENCES_ONLY,
        standing=Standing.EITHER,
    )
    before = len(bench.history(record_id))
    reply = bench.asker.ask_update([update_of(record_id, {bench.tags: turned}, "turned")])
    added = len(bench.history(record_id)) - before
    yield Finding(
        question="Do the same tags in another order count as a change?",
        sent=f"batch/update from {value} to {turned}",
        came_back=f"{reply.said}\nhistory entries added: {added}",
        answer=f"{'Yes' if added else 'No'}: {added} more history entries.",
        assumes="nothing: it compares tags as sets",
        standing=Standing.EITHER,
    )
    yield Finding(
        question="Does it enrol the contact in a workflow again?",
        sent="nothing",
        came_back="",
        answer="Not through the API. By hand: make a workflow on the property with re-enrolment, write twice.",
        assumes=DIFFERENCES_ONLY,
        standing=Standing.OPEN,
    )


def _steady(bench: Bench, record_id: str) -> str | None:
    """When the record was last modified, once that stands still: HubSpot works on a new contact for a while."""
    before = bench.record(record_id).get("lastmodifieddate")
    for _ in range(LOOKS):
        bench.sleep(PAUSE_SECONDS)
        now = bench.record(record_id).get("lastmodifieddate")
        if now == before:
            break
        before = now
    return before
