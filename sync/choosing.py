"""Which exports a run takes: those named, else the newest of each source, else the last accepted ones."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from goldpan.errors import ConfigError, DataError
from sync.archive.inputs import Kept
from sync.archive.opening import open_archive
from sync.exports import Delivery, delivery_of
from sync.intake.kinds import kind_by_name, kind_of, recognise
from sync.intake.snapshots import record
from sync.intake.versions import put_in_place, rank
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.sources import Found, Listing, Source, open_sources
from sync.state.deliveries import ARRIVED, Deliveries
from sync.state.inputs import StoredInput
from sync.state.store import State

log = structlog.get_logger()


def choose_exports(
    settings: AppSettings,
    state: State | None,
    named: Mapping[str, Path | None],
    *,
    delivered: Iterable[Delivery] | None = None,
    is_recorded: bool = False,
) -> dict[str, list[Delivery]]:
    """The exports of each kind that a run takes, in the order of their sources.

    Args:
        settings: The sources and their patterns.
        state: What was delivered and accepted before; `None` knows of nothing.
        named: The files given on the command line, by kind; then nothing else is looked at but what was accepted.
        delivered: What the service has taken in; `None` looks into the sources.
        is_recorded: Put snapshots of databases on record, so that none is taken again while its mark stands.

    Raises:
        ConfigError: When a kind has none, saying where one was looked for, or a named one is no file.
        TransientError: A bucket or a database can't be looked at.
        DataError: What a database gives can't be used.
    """
    given = named_exports(named)
    fresh = (
        {}
        if given
        else _by_source(_found(settings, state, is_recorded=is_recorded) if delivered is None else delivered)
    )
    chosen, problems = {}, []
    for kind in KINDS:
        if kind in given:
            chosen[kind] = [given[kind]]
            continue
        new = fresh.get(kind, {})
        accepted = _accepted(state, kind, settings, new) if state else []
        there, gone = _of_archive(accepted, settings)
        chosen[kind] = [] if gone else _united(settings, there, new)
        if not chosen[kind]:
            looked = "" if given else f"none in {_places(settings)}, "
            before = f"the last accepted one is gone from {gone[0].path.parent}" if gone else "none accepted before"
            problems.append(
                f"No {kind} export: none named, {looked}{before}. "
                f"Name it: goldpan run --{kind} FILE, or drop it into {_places(settings)}."
            )
    if problems:
        raise ConfigError.of(problems)
    return chosen


def named_exports(named: Mapping[str, Path | None]) -> dict[str, Delivery]:
    """The exports that a person named, by kind.

    Raises:
        ConfigError: When one is no file.
    """
    given = {kind: path for kind, path in named.items() if path is not None}
    if problems := [
        f"{path}: {'this is no file' if path.exists() else 'no such file'}. Check the path of the {kind} export."
        for kind, path in given.items()
        if not path.is_file()
    ]:
        raise ConfigError.of(problems)
    return {kind: Delivery(kind, path, path.name) for kind, path in given.items()}


def _accepted(state: State, kind: str, settings: AppSettings, new: Mapping[str, Delivery]) -> list[StoredInput]:
    """What was accepted last and is still needed.

    A named file stands in for all sources until one of them has something new; it erases nothing of the others.
    """
    last = state.inputs.last_accepted(kind)
    if not new and [each.source for each in last] == [""]:
        return last
    by_source = state.inputs.last_of_sources(kind)
    names = [source.name for source in settings.file.sources if source.name not in new]
    return [by_source[name] for name in names if name in by_source] or ([] if new else last)


def _of_archive(
    accepted: Iterable[StoredInput], settings: AppSettings
) -> tuple[dict[str, Delivery], list[StoredInput]]:
    """Accepted exports by source, and those that the archive has no more."""
    there, gone = {}, []
    for stored in accepted:
        delivery = delivery_of(stored, settings)
        if delivery is None:
            gone.append(stored)
        else:
            there[stored.source] = delivery
    return there, gone


def _united(settings: AppSettings, accepted: Mapping[str, Delivery], fresh: Mapping[str, Delivery]) -> list[Delivery]:
    """What is fresh of each source, else what was accepted of it; a named file only as long as no source has any."""
    by_source = {**accepted, **fresh}
    of_sources = [by_source[source.name] for source in settings.file.sources if source.name in by_source]
    return of_sources or [*accepted.values()]


def _places(settings: AppSettings) -> str:
    sources = settings.file.sources
    return ", ".join(str(settings.home / source.folder) if source.folder else source.place for source in sources)


def _by_source(deliveries: Iterable[Delivery]) -> dict[str, dict[str, Delivery]]:
    """By kind and source."""
    found: dict[str, dict[str, Delivery]] = {}
    for each in deliveries:
        found.setdefault(each.kind, {})[each.source] = each
    return found


def _found(settings: AppSettings, state: State | None, *, is_recorded: bool) -> Iterator[Delivery]:
    """The newest export of each kind and source: what the service has taken in and waits, or what lies there."""
    deliveries = Deliveries(state.engine) if state else None
    waiting = deliveries.waiting() if deliveries else []
    for each in waiting:
        delivery = delivery_of(each.as_input, settings)
        if delivery is not None:
            yield delivery
    for source in open_sources(settings):
        if source.is_snapshot:
            yield from _asked(source, settings, deliveries, is_recorded=is_recorded)
            continue
        newest = {each.kind: each for each in waiting if each.source == source.settings.name}
        looked = _in_folder(source, settings) if source.settings.folder else _in_bucket(source, settings)
        for delivery in looked:
            before = newest.get(delivery.kind)
            place = rank(delivery.name, delivery.arrived_at, settings)
            if before is None or place >= rank(before.name, before.modified_at, settings):
                yield delivery


def _in_folder(source: Source, settings: AppSettings) -> Iterator[Delivery]:
    """The newest export of each kind; nothing where there is no folder."""
    folder = settings.home / source.settings.folder
    listing = source.list_files() if folder.is_dir() else Listing()
    for refusal in listing.refused:
        log.warning("file.refused", source=source.settings.name, name=refusal.found.name, reason=refusal.code)
    newest: dict[str, Delivery] = {}
    for found in sorted(listing.files, key=lambda found: rank(found.name, found.modified_at, settings)):
        kind = kind_of(folder / found.key, source.settings, settings)
        if kind is not None:
            newest[kind] = Delivery(kind, folder / found.key, found.name, source=source.settings.name)
    yield from newest.values()


def _in_bucket(source: Source, settings: AppSettings) -> Iterator[Delivery]:
    """The newest export of each kind, kept in the archive; the others are not fetched, unless only they know."""
    missing = set(KINDS)
    files = source.list_files().files
    for found in sorted(files, key=lambda found: rank(found.name, found.modified_at, settings), reverse=True):
        by_name = kind_by_name(found.name, source.settings)
        if missing and (by_name is None or by_name in missing):
            delivery = _fetched(source, found, settings)
            if delivery is not None and delivery.kind in missing:
                missing.discard(delivery.kind)
                yield delivery


def _asked(
    source: Source, settings: AppSettings, deliveries: Deliveries | None, *, is_recorded: bool
) -> Iterator[Delivery]:
    """A fresh snapshot of each kind, unless a database's mark says that the archive has it already."""
    listing = source.list_files()
    for refusal in listing.refused:
        raise DataError(refusal.code, refusal.reason)
    latest = deliveries.latest(source.settings.name) if deliveries else {}
    for found in listing.files:
        last = latest.get(found.key)
        is_same = last is not None and last.status in ARRIVED and last.fingerprint == found.fingerprint
        kept = delivery_of(last.as_input, settings) if last is not None and is_same else None
        if kept is not None and source.settings.mark_of(kept.kind):
            yield replace(kept, arrival=found.modified_at)
        else:
            yield _snapshot(source, found, settings, deliveries if is_recorded else None)


def _snapshot(source: Source, found: Found, settings: AppSettings, deliveries: Deliveries | None) -> Delivery:
    """Fetched, and fit for a run; else it is said why, for nothing of it is kept anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / found.name
        source.fetch(found, path)
        kind = recognise(path, source.settings, settings)
        delivery = _kept(source, found, path, kind, settings)
    if deliveries is not None:
        kept, at = Kept(delivery.digest, delivery.path), found.modified_at
        put_in_place(deliveries, record(deliveries, found, at), kept, kind, settings=settings, at=at)
    return delivery


def _fetched(source: Source, found: Found, settings: AppSettings) -> Delivery | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / found.name
        source.fetch(found, path)
        kind = kind_of(path, source.settings, settings)
        return _kept(source, found, path, kind, settings) if kind else None


def _kept(source: Source, found: Found, path: Path, kind: str, settings: AppSettings) -> Delivery:
    kept = open_archive(settings).keep_input(path, found.name)
    return Delivery(
        kind, kept.path, found.name, arrival=found.modified_at, source=source.settings.name, digest=kept.sha256
    )
