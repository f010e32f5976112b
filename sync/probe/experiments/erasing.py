"""An erased person's address, what answers tell of the limits, and what HubSpot tells of the token."""

from collections.abc import Iterator

from sync.probe.asking import Reply
from sync.probe.bench import Bench, ProbeError, one
from sync.probe.report import Finding, Standing

LIMIT = "x-hubspot-ratelimit-"
NEEDED = (f"{LIMIT}max", f"{LIMIT}remaining", f"{LIMIT}interval-milliseconds")


def carry_out(bench: Bench) -> Iterator[Finding]:
    """The headers of an ordinary answer, what is told of the token, and an erased address again."""
    yield _limits(bench.read(bench.contact("limits")))
    reply = bench.asker.tell_scopes()
    fields = ", ".join(sorted(reply.body)) or "nothing"  # their names only: one may be the token
    yield Finding(
        question="Does HubSpot tell the scopes of this kind of token?",
        sent="POST /oauth/v2/private-apps/get/access-token-info",
        came_back=f"{reply.status}, with {fields}",
        answer=f"{'Yes' if 'scopes' in reply.body else 'No'} ({reply.reason}).",
        assumes="nothing: a 403 names the scopes that are missing",
        standing=Standing.EITHER,
    )
    yield _erased_again(bench)


def _erased_again(bench: Bench) -> Finding:
    record_id, address = bench.contact("erased"), bench.address("erased")
    bench.stays.append(f"{address} on HubSpot's list of erased people")
    erased = bench.asker.erase(address)
    if not erased.is_whole:
        raise ProbeError(f"HubSpot refuses to erase a contact: {erased.said}")
    if bench.until(lambda: None if bench.record(record_id) else True) is None:
        raise ProbeError("HubSpot erased a contact, but it is still there after ten seconds.")
    reply = bench.upsert(one(address, {"firstname": "Back"}, "erased"))
    return Finding(
        question="Is an erased person's address refused?",
        sent="gdpr-delete of a contact, then batch/upsert of its address",
        came_back=reply.said,
        answer=f"{'No: a new contact is made' if reply.results else 'Yes'} ({reply.reason}).",
        assumes="nothing: it remembers who is gone, and lists who is refused",
        standing=Standing.EITHER,
    )


def _limits(reply: Reply) -> Finding:
    told = {name: value for name, value in reply.headers.items() if name.startswith(LIMIT) or name == "retry-after"}
    return Finding(
        question="Which headers tell of the limits?",
        sent="an ordinary batch/read (a 429 is not provoked)",
        came_back=", ".join(f"{name}: {value}" for name, value in sorted(told.items())) or "none",
        answer=f"{', '.join(sorted(name.removeprefix(LIMIT) for name in told)) or 'None'}.",
        assumes="that max, remaining and interval-milliseconds are told, and learns its pace from them",
        standing=Standing.of(all(name in told for name in NEEDED)),
    )
