"""What a multi-select property makes of a leading ``;``, of nothing, of null, and of a ``;`` inside an option."""

from collections.abc import Iterator

from sync.probe.bench import OPTIONS, Bench, one
from sync.probe.report import Finding, Standing

AMBER, BIRCH, CEDAR = OPTIONS
SPLIT = "amber;dusk"  # an option value that reads as two


def carry_out(bench: Bench) -> Iterator[Finding]:
    """Appending, emptying, null, order, and a ``;`` inside an option's value."""
    came_back, held = _written(bench, "append", AMBER, f";{BIRCH}")
    yield Finding(
        question="Does a value with a leading ; add to what is there, in an upsert too?",
        sent=f"batch/upsert of ;{BIRCH} to a contact that has {AMBER}",
        came_back=came_back,
        answer=f"{'Yes' if _set(held) == {AMBER, BIRCH} else 'No'}: it holds {held or 'nothing'}.",
        assumes="nothing: no value that it sends begins with ;",
        standing=Standing.EITHER,
    )
    came_back, held = _written(bench, "empty", AMBER, "")
    yield Finding(
        question='Does "" empty a property?',
        sent=f'batch/upsert of "" to a contact that has {AMBER}',
        came_back=came_back,
        answer=f"{'No' if held else 'Yes'}: it holds {held or 'nothing'}.",
        assumes="that it does: tags of people who left are taken away so",
        standing=Standing.of(not held),
    )
    came_back, held = _written(bench, "null", AMBER, None)
    yield Finding(
        question="And null?",
        sent=f"batch/upsert of null to a contact that has {AMBER}",
        came_back=came_back,
        answer=f"{'No' if held else 'Yes'}: it holds {held or 'nothing'}.",
        assumes="nothing: it never sends null",
        standing=Standing.EITHER,
    )
    wanted = f"{CEDAR};{BIRCH}"
    came_back, held = _written(bench, "order", AMBER, wanted)
    yield Finding(
        question="Do several values replace what was there, and in which order do they come back?",
        sent=f"batch/upsert of {wanted} to a contact that has {AMBER}",
        came_back=came_back,
        answer=f"{'As written' if held == wanted else 'In another order'}: {held or 'nothing'}.",
        assumes="that exactly these values come back, in any order",
        standing=Standing.of(_set(held) == {CEDAR, BIRCH}),
    )
    yield _split_option(bench)


def _split_option(bench: Bench) -> Finding:
    """Last, because it changes the property."""
    made = bench.asker.change_property(bench.tags, {"options": bench.property_body([*OPTIONS, SPLIT])["options"]})
    came_back, held = _written(bench, "split", BIRCH, SPLIT) if made.is_whole else ("", "")
    accepted = f"accepted; written, the contact holds {held or 'nothing'}" if made.is_whole else "refused"
    return Finding(
        question="Can an option's value hold a ; ?",
        sent=f"the option {SPLIT} added to the property, then written to a contact that has {BIRCH}",
        came_back=f"{made.reason if made.is_whole else made.said}\n{came_back}".strip(),
        answer=f"The option is {accepted}.",
        assumes="nothing: it refuses such options itself",
        standing=Standing.EITHER,
    )


def _written(bench: Bench, word: str, before: str, value: str | None) -> tuple[str, str]:
    """What an upsert of this value to a contact of its own says, and what the contact holds then."""
    record_id = bench.contact(word, {"firstname": "Values", bench.tags: before})
    reply = bench.upsert(one(bench.address(word), {bench.tags: value}, word))
    held = bench.record(record_id).get(bench.tags, "")
    return f"{reply.said}\nholds: {held or 'nothing'}", held


def _set(value: str) -> set[str]:
    return set(value.split(";")) - {""}
