"""Upserts by e-mail that name few properties, and those by an additional address."""

from collections.abc import Iterator

from sync.destinations.hubspot.answers import text
from sync.probe.bench import OPTIONS, Bench, Merged, one
from sync.probe.report import Finding, Standing


def carry_out(bench: Bench) -> Iterator[Finding]:
    """What an upsert leaves out, and whom an additional address leads to."""
    record_id = bench.contact("partial", {"firstname": "Whole", "lastname": "Probe", bench.tags: OPTIONS[0]})
    reply = bench.upsert(one(bench.address("partial"), {"firstname": "Partial"}, "partial"))
    held = bench.record(record_id)
    yield Finding(
        question="Do properties survive that an upsert by email leaves out?",
        sent="batch/upsert by email of a contact that exists, with its first name only",
        came_back=f"{reply.said}\nmulti-select property afterwards: {held.get(bench.tags) or 'empty'}",
        answer=f"{'Yes' if held.get(bench.tags) == OPTIONS[0] else 'No: they are changed'} ({reply.reason}).",
        assumes="nothing: it upserts whole contacts only",
        standing=Standing.EITHER,
    )
    merged = bench.merged("partial")
    yield _by_additional_address(bench, merged)
    reply = bench.upsert(one(merged.additional, {"email": merged.additional}, "swap"))
    primary = bench.record(merged.record_id).get("email")
    yield Finding(
        question="And with `email` among the properties: does it become the primary address?",
        sent="batch/upsert by an additional address, with the same address as the property email",
        came_back=reply.said,
        answer=f"{'No' if primary == merged.primary else 'Yes: the primary address is replaced'} ({reply.reason}).",
        assumes="nothing: it leaves email out of the properties",
        standing=Standing.EITHER,
    )


def _by_additional_address(bench: Bench, merged: Merged) -> Finding:
    reply = bench.upsert(one(merged.additional, {"firstname": "Additional"}, "additional"))
    hit = [text(result.get("id")) for result in reply.results]
    is_same, is_kept = hit == [merged.record_id], bench.record(merged.record_id).get("email") == merged.primary
    return Finding(
        question="Does an upsert by an additional address write to the contact that has it?",
        sent="batch/upsert by an additional address, with a first name",
        came_back=reply.said,
        answer=f"{'Yes' if is_same else 'No'} ({reply.reason}); its primary address is "
        f"{'untouched' if is_kept else 'replaced'}.",
        assumes="that it does, and that the primary address stays",
        standing=Standing.of(is_same and is_kept),
    )
