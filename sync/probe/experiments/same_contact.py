"""One contact twice: an address in two spellings, and the two addresses of one contact."""

from collections.abc import Iterator

from sync.destinations.hubspot.wire import ADDITIONAL_EMAILS
from sync.probe.bench import Bench, one
from sync.probe.report import Finding, Standing


def carry_out(bench: Bench) -> Iterator[Finding]:
    """Two spellings, in two requests and in one; two addresses, as they are read and in one batch."""
    address = bench.address("case")
    first, second = (
        bench.upsert(one(address, {"firstname": "One"})),
        bench.upsert(one(_cased(address), {"firstname": "Two"})),
    )
    count = len(_records(bench, address))
    yield Finding(
        question="Do two spellings of an address (Ada@…, ada@…) lead to one contact?",
        sent="two batch/upserts by email, the second with capital letters",
        came_back=f"{first.said}\n{second.said}",
        answer=f"{_are(count)}.",
        assumes="that they do: it keys people by the lower-case address",
        standing=Standing.of(count == 1),
    )
    address = bench.address("case-batch")
    reply = bench.upsert(one(address, {"firstname": "One"}, "one"), one(_cased(address), {"firstname": "Two"}, "two"))
    count = len(_records(bench, address))
    yield Finding(
        question="And in one batch?",
        sent="batch/upsert by email of both spellings, with trace ids",
        came_back=reply.said,
        answer=f"{reply.reason}: {_are(count)} there afterwards.",
        assumes="nothing: it never sends both",
        standing=Standing.EITHER,
    )
    yield from _two_addresses(bench)


def _two_addresses(bench: Bench) -> Iterator[Finding]:
    merged = bench.merged("same")
    told = bench.record(merged.record_id).get(ADDITIONAL_EMAILS, "")
    yield Finding(
        question="Does a contact made by merging two show the second address?",
        sent=f"merge, then batch/read of {ADDITIONAL_EMAILS}",
        came_back=f"additional addresses: {len(told.split(';')) if told else 0}",
        answer="Yes." if merged.additional in told.lower().split(";") else "No.",
        assumes=f"that {ADDITIONAL_EMAILS} lists every additional address",
        standing=Standing.of(merged.additional in told.lower().split(";")),
    )
    reply = bench.upsert(
        one(merged.primary, {"firstname": "Main"}, "main"), one(merged.additional, {"firstname": "Other"}, "other")
    )
    yield Finding(
        question="What becomes of a batch that holds both addresses of one contact?",
        sent="batch/upsert by email of the primary and the additional address, with trace ids",
        came_back=reply.said,
        answer=f"{reply.reason}: {len(reply.results)} results; first name now: "
        f"{bench.record(merged.record_id).get('firstname') or 'empty'}.",
        assumes="nothing: it reads first, and sends one record once",
        standing=Standing.EITHER,
    )


def _records(bench: Bench, address: str) -> set[str]:
    """The records under both spellings, each asked for alone."""
    return {*bench.found([address], by_email=True), *bench.found([_cased(address)], by_email=True)}


def _cased(address: str) -> str:
    return address.replace("goldpan", "GoldPan", 1)


def _are(count: int) -> str:
    return f"{count} contact{'' if count == 1 else 's'}"
