"""Which exports a run takes: those named, else the newest of each source, else the last accepted ones."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from goldpan.errors import ConfigError
from sync.archive.opening import open_archive
from sync.exports import Delivery, delivery_of
from sync.intake.kinds import kind_by_name, kind_of
from sync.intake.versions import rank
from sync.settings import AppSettings
from sync.settings_file import KINDS, SourceSettings
from sync.sources import Found, Source, open_sources
from sync.sources.names import is_export
from sync.state.deliveries import Deliveries
from sync.state.inputs import StoredInput
from sync.state.store import State


def choose_exports(
    settings: AppSettings,
    state: State | None,
    named: Mapping[str, Path | None],
    *,
    delivered: Iterable[Delivery] | None = None,
) -> dict[str, list[Delivery]]:
    """The exports of each kind that a run takes, in the order of their sources.

    Args:
        settings: The sources and their patterns.
        state: What was delivered and accepted before; `None` knows of nothing.
        named: The files given on the command line, by kind; then nothing else is looked at but what was accepted.
        delivered: What the service has taken in; `None` looks into the sources.

    Raises:
        ConfigError: When a kind has none, saying where one was looked for, or a named one is no file.
        TransientError: A bucket can't be looked at.
    """
    given = named_exports(named)
    fresh = {} if given else _by_source(_found(settings, state) if delivered is None else delivered)
    chosen, problems = {}, []
    for kind in KINDS:
        if kind in given:
            chosen[kind] = [given[kind]]
            continue
        accepted = state.inputs.last_accepted(kind) if state else []
        there, gone = _of_archive(accepted, settings, besides=fresh.get(kind, {}))
        chosen[kind] = [] if gone else _united(settings, there, fresh.get(kind, {}))
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


def _of_archive(
    accepted: Iterable[StoredInput], settings: AppSettings, *, besides: Mapping[str, Delivery]
) -> tuple[dict[str, Delivery], list[StoredInput]]:
    """The last accepted exports that are needed, by source, and those that the archive has no more."""
    there, gone = {}, []
    for stored in accepted:
        if stored.source in besides:
            continue
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
    return ", ".join(str(settings.home / source.folder) if source.folder else source.s3 for source in sources)


def _by_source(deliveries: Iterable[Delivery]) -> dict[str, dict[str, Delivery]]:
    """By kind and source."""
    found: dict[str, dict[str, Delivery]] = {}
    for each in deliveries:
        found.setdefault(each.kind, {})[each.source] = each
    return found


def _found(settings: AppSettings, state: State | None) -> Iterator[Delivery]:
    """The newest export of each kind and source: what the service has taken in and waits, or what lies there."""
    waiting = Deliveries(state.engine).waiting() if state else []
    for each in waiting:
        yield Delivery(each.kind, Path(each.path), each.name, arrival=each.modified_at, source=each.source)
    for source in open_sources(settings):
        newest = {each.kind: each for each in waiting if each.source == source.settings.name}
        looked = _in_folder(source.settings, settings) if source.settings.folder else _in_bucket(source, settings)
        for delivery in looked:
            before = newest.get(delivery.kind)
            place = rank(delivery.name, delivery.arrived_at, settings)
            if before is None or place >= rank(before.name, before.modified_at, settings):
                yield delivery


def newest_in_folder(source: SourceSettings, settings: AppSettings) -> dict[str, Delivery]:
    """The newest export of each kind in a folder."""
    return {each.kind: each for each in _in_folder(source, settings)}


def _in_folder(source: SourceSettings, settings: AppSettings) -> Iterator[Delivery]:
    """The newest export of each kind last; nothing where there is no folder."""
    folder = settings.home / source.folder
    paths = [path for path in folder.iterdir() if path.is_file() and is_export(path.name)] if folder.is_dir() else []

    def place(path: Path) -> tuple[object, ...]:
        return rank(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC), settings)

    newest: dict[str, Delivery] = {}
    for path in sorted(paths, key=place):
        kind = kind_of(path, source, settings)
        if kind is not None:
            newest[kind] = Delivery(kind, path, path.name, source=source.name)
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


def _fetched(source: Source, found: Found, settings: AppSettings) -> Delivery | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / found.name
        source.fetch(found, path)
        kind = kind_of(path, source.settings, settings)
        if kind is None:
            return None
        kept = open_archive(settings).keep_input(path, found.name)
    return Delivery(kind, kept.path, found.name, arrival=found.modified_at, source=source.settings.name)
