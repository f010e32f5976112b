"""Taking away what a probe made; only records under its own addresses are touched."""

from collections.abc import Callable

from sync.destinations.hubspot.answers import objects, text
from sync.probe.asking import Reply
from sync.probe.bench import GROUP, Bench, in_words

ROUNDS = 2  # a request that was cut off may still be carried out after the first look


def clean(bench: Bench) -> list[str]:
    """Take everything away; what could not be, by name."""
    every_contact = [f"contact {address} (unless it is gone)" for address in bench.addresses]
    return [
        *_attempt(bench, _contacts, every_contact),
        *_attempt(bench, _property, [f"property {bench.tags}"]),
        *_attempt(bench, _group, [f"property group {GROUP}"]),
    ]


def everything(bench: Bench) -> list[str]:
    """What may be there if nobody took it away."""
    return [*(f"contact {address}" for address in bench.addresses), f"property {bench.tags}", f"property group {GROUP}"]


def _attempt(bench: Bench, take_away: Callable[[Bench], list[str]], names: list[str]) -> list[str]:
    """One kind of thing; all of its names if that fails, so that the other kinds are still taken away."""
    try:
        return take_away(bench)
    except Exception as error:  # noqa: BLE001 - whatever happened, people need the names
        return [f"{name}: {in_words(error)}" for name in names]


def _contacts(bench: Bench) -> list[str]:
    """Records under other people's addresses are nobody's business here; one without any may be the probe's."""
    for _ in range(ROUNDS):
        if ours := [record_id for record_id, email in _standing(bench).items() if _is_ours(bench, email)]:
            bench.asker.archive(ours)
    standing = _standing(bench).items()
    return [f"contact {email or record_id}" for record_id, email in standing if not email or _is_ours(bench, email)]


def _standing(bench: Bench) -> dict[str, str]:
    """The records that are there, with their addresses."""
    by_email = bench.found(list(bench.addresses), by_email=True)
    return by_email | bench.found(list(bench.record_ids))


def _is_ours(bench: Bench, email: str) -> bool:
    return email.lower().startswith(bench.name)


def _property(bench: Bench) -> list[str]:
    return _unless_gone(bench.asker.archive_property(bench.tags), f"property {bench.tags}")


def _group(bench: Bench) -> list[str]:
    """The group goes too, unless another probe has a property in it."""
    held = [
        text(each.get("name"))
        for each in objects(bench.asker.properties().get("results"))
        if each.get("groupName") == GROUP
    ]
    if others := [name for name in held if name != bench.tags]:
        return [f"property {name} (of another probe)" for name in others]
    return _unless_gone(bench.asker.archive_group(GROUP), f"property group {GROUP}")


def _unless_gone(reply: Reply, name: str) -> list[str]:
    return [] if reply.is_whole or reply.status == 404 else [f"{name} ({reply.said})"]
