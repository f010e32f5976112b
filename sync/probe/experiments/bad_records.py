"""A good record and two bad ones in one batch: what is written, and who is named."""

from collections.abc import Iterator

from sync.destinations.hubspot.answers import Json
from sync.probe.asking import Reply
from sync.probe.bench import OPTIONS, Bench, names, one, update_of
from sync.probe.report import Finding, Standing

BAD = ("bad-email", "bad-option")


def carry_out(bench: Bench) -> Iterator[Finding]:
    """Without trace ids, with them, and with them by record id."""
    reply, is_written = _upsert(bench, "plain", is_traced=False)
    yield Finding(
        question="Does one bad record sink its batch when no input has a trace id?",
        sent="batch/upsert by email: a good record, one with a bad address, one with an unknown option; no trace ids",
        came_back=reply.said,
        answer=_fate(reply, is_written),
        assumes="nothing: each of its inputs has a trace id",
        standing=Standing.EITHER,
    )
    reply, is_written = _upsert(bench, "traced", is_traced=True)
    are_named = all(any(names(entry, bad) for entry in reply.errors) for bad in BAD)
    yield Finding(
        question="And when each input has its own trace id?",
        sent="the same batch/upsert with an objectWriteTraceId on each input",
        came_back=reply.said,
        answer=f"{_fate(reply, is_written)} The bad ones are {'named' if are_named else 'not named'} by trace id.",
        assumes="that trace ids let good records through, also with email as key (else it halves the batch: slower)",
        standing=Standing.of(reply.status == 207 and is_written and are_named),
    )
    yield _by_record_id(bench)


def _upsert(bench: Bench, word: str, *, is_traced: bool) -> tuple[Reply, bool]:
    """A batch of three, and whether its good record was written."""
    good = bench.address(f"{word}-good")
    inputs: dict[str, tuple[str, dict[str, str]]] = {
        "good": (good, {"firstname": "Good"}),
        "bad-email": (f"{bench.name}-{word}-without-an-at-sign", {"firstname": "Bad"}),
        "bad-option": (bench.address(f"{word}-option"), {bench.tags: "no_such_option"}),
    }
    sent: list[Json] = [one(key, values, trace if is_traced else "") for trace, (key, values) in inputs.items()]
    reply = bench.upsert(*sent)
    return reply, bool(bench.found([good], by_email=True))


def _by_record_id(bench: Bench) -> Finding:
    good, bad = bench.contact("update-good"), bench.contact("update-bad")
    reply = bench.asker.ask_update(
        [update_of(good, {bench.tags: OPTIONS[0]}, "good"), update_of(bad, {bench.tags: "no_such_option"}, "bad")]
    )
    is_written = bench.record(good).get(bench.tags) == OPTIONS[0]
    is_named = any(names(entry, "bad") for entry in reply.errors)
    return Finding(
        question="And in an update by record id?",
        sent="batch/update: a good record and one with an unknown option, each with a trace id",
        came_back=reply.said,
        answer=f"{_fate(reply, is_written)} The bad one is {'named' if is_named else 'not named'} by trace id.",
        assumes="that trace ids let good records through there, too (else it halves the batch: slower)",
        standing=Standing.of(reply.status == 207 and is_written and is_named),
    )


def _fate(reply: Reply, is_written: bool) -> str:
    return f"{reply.reason}: the good record is {'' if is_written else 'not '}written."
