"""Whether a contact is found by each of its addresses."""

from collections.abc import Iterator

from sync.destinations.hubspot.answers import text
from sync.probe.bench import Bench
from sync.probe.report import Finding, Standing


def carry_out(bench: Bench) -> Iterator[Finding]:
    """By the additional address alone, then by both at once."""
    merged = bench.merged("reading")
    reply = bench.read(merged.additional, by_email=True)
    found = [text(result.get("id")) for result in reply.results]
    yield Finding(
        question="Is a contact found by its additional address?",
        sent="batch/read by email of an additional address",
        came_back=reply.said,
        answer=f"{'Yes' if found == [merged.record_id] else 'No'} ({reply.reason}).",
        assumes="that it is: else it would take the contact for a new one",
        standing=Standing.of(found == [merged.record_id]),
    )
    reply = bench.read(merged.primary, merged.additional, by_email=True)
    yield Finding(
        question="How often does it come when both of its addresses are asked for?",
        sent="batch/read by email of both addresses",
        came_back=reply.said,
        answer=f"{len(reply.results)} time{'' if len(reply.results) == 1 else 's'} ({reply.reason}).",
        assumes="nothing: it matches records by id",
        standing=Standing.EITHER,
    )
