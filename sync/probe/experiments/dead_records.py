"""Record ids that lead nowhere any more: merged away, deleted, or never given."""

from collections.abc import Iterator

from sync.destinations.hubspot.answers import text
from sync.probe.bench import Bench, ProbeError, names, update_of
from sync.probe.report import Finding, Standing

NEVER_GIVEN = "9007199254740991"  # 2^53 - 1; it is read before it is written to


def carry_out(bench: Bench) -> Iterator[Finding]:
    """Each of the three kinds, read and updated."""
    merged = bench.merged("dead")
    reply = bench.read(merged.gone_id)
    shown = [text(result.get("id")) for result in reply.results]
    yield Finding(
        question="Does the id of a record that was merged away lead to the one that lives on?",
        sent="batch/read by the id of a merged-away record",
        came_back=reply.said,
        answer=_shown(shown, merged.record_id, reply.reason),
        assumes="that it does, and that the record shows its own id",
        standing=Standing.of(shown == [merged.record_id]),
    )
    deleted = bench.contact("deleted")
    bench.asker.archive([deleted])
    reply = bench.read(deleted)
    yield Finding(
        question="Is a deleted record found by its id?",
        sent="batch/archive, then batch/read by record id",
        came_back=reply.said,
        answer=f"{'Yes' if reply.results else 'No'} ({reply.reason}).",
        assumes="that it isn't: so it knows who is gone",
        standing=Standing.of(reply.status in (200, 207) and not reply.results),
    )
    if bench.read(NEVER_GIVEN).results:
        raise ProbeError(f"There is a record {NEVER_GIVEN}, so unknown ids can't be tried.")
    yield _updated(bench, "merged away", merged.gone_id)
    yield _updated(bench, "deleted", deleted)
    yield _updated(bench, "that never was", NEVER_GIVEN)


def _updated(bench: Bench, which: str, dead: str) -> Finding:
    """An update of a dead record beside one that lives."""
    words = which.replace(" ", "-")
    living = bench.contact(f"beside-{words}")
    inputs = [update_of(living, {"firstname": words}, "living"), update_of(dead, {"firstname": words}, "dead")]
    reply = bench.asker.ask_update(inputs)
    is_written, is_reached = (bench.record(each).get("firstname") == words for each in (living, dead))
    other = "written" if is_written else "not written"
    if any(names(entry, "dead") for entry in reply.errors):
        fate = "an error of its own"
    elif any(text(result.get("objectWriteTraceId")) == "dead" for result in reply.results):
        fate = "a result, as if it was written"
    else:
        fate = "no word"
    return Finding(
        question=f"What becomes of an update of a record {which}?",
        sent="batch/update of it and of a living record, with trace ids",
        came_back=reply.said,
        answer=f"{reply.reason}: {fate}, {'something' if is_reached else 'nothing'} is written; the other: {other}.",
        assumes="that it doesn't sink the others of its batch",
        standing=Standing.of(is_written),
    )


def _shown(shown: list[str], record_id: str, reason: str) -> str:
    if not shown:
        return f"No: nothing is found ({reason})."
    return f"Yes, it shows {'its own' if shown == [record_id] else 'another'} id ({reason})."
