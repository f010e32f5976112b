"""Who is behind an address: the customers, and the other addresses that are theirs alone."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from goldpan.person import Person, shared_addresses, traces_of
from sync.archive.files import make_folder, write_json
from sync.archive.raw_search import may_hold, pattern_of
from sync.archive.store import Archive
from sync.forgetting.reading import Reader
from sync.progress import Progress, shown
from sync.state.inputs import StoredInput
from sync.state.people import People


def identify(email: str, archive: Archive, people: People, reader: Reader, progress: Progress) -> tuple[Person, int]:
    """Find out who is meant, from the kept exports and from the state.

    Returns:
        The person, and how many of their customers' addresses are somebody else's, too: these stay.
    """
    inputs = sorted(archive.all_inputs())
    customer_keys, addresses, name_keys = people.customers_of({email}), {email}, set[str]()
    with shown(progress, "Looking for the customer", len(inputs)):
        for path in _files(archive, inputs):
            if reader.is_by_name or may_hold(path, pattern_of([email])):
                for export, match_on in reader.exports(path):
                    if export.kind == "memberships":
                        traces = traces_of(email, export, match_on=match_on)
                        customer_keys |= traces.customer_keys
                        addresses |= traces.addresses
                        name_keys |= traces.name_keys
            progress.advance()
    before = unfinished(archive.root, email)
    if before is not None:
        customer_keys, name_keys = customer_keys | before.customer_keys, name_keys | before.name_keys
    addresses |= people.addresses_of(customer_keys)
    known = Person(frozenset(addresses), frozenset(customer_keys), frozenset(name_keys))
    shared = _shared(known, email, archive, people, reader)
    alone = known.addresses - shared | (before.addresses if before is not None else set())
    return Person(alone, known.customer_keys, known.name_keys), len(known.addresses - alone)


def _shared(person: Person, email: str, archive: Archive, people: People, reader: Reader) -> set[str]:
    """Which of a customer's further addresses are those of other customers as well."""
    others = person.addresses - {email}
    shared = {address for address in others if people.customers_of({address}) - person.customer_keys}
    for path in _files(archive, sorted(archive.all_inputs())) if others else ():
        if may_hold(path, pattern_of(others)):
            for export, match_on in reader.exports(path):
                if export.kind == "memberships":
                    shared |= shared_addresses(others, export, person, match_on=match_on)
    return shared


def _files(archive: Archive, inputs: list[str]) -> Iterator[Path]:
    """Every copy of the kept exports, fetched where need be."""
    for sha256 in inputs:
        archive.input_file(StoredInput("", "", sha256, Path()))
        yield from archive.inputs.files(sha256)


def begin(root: Path, email: str, person: Person) -> None:
    """Put on record who is being taken out: whoever repeats it after a kill finds all that is left of them."""
    make_folder(root)
    write_json(
        _note(root, email),
        {
            "addresses": sorted(person.addresses),
            "customer_keys": sorted(person.customer_keys),
            "name_keys": sorted(person.name_keys),
        },
    )


def unfinished(root: Path, email: str) -> Person | None:
    """Who was being taken out when that was cut short."""
    try:
        noted = json.loads(_note(root, email).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Person(*(frozenset(noted[name]) for name in ("addresses", "customer_keys", "name_keys")))


def end(root: Path, email: str) -> None:
    """All is done."""
    _note(root, email).unlink(missing_ok=True)


def _note(root: Path, email: str) -> Path:
    return root / f".forgetting.{hashlib.sha256(email.encode()).hexdigest()[:16]}.json"
