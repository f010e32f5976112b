"""Which exports a run takes: those named, else the newest in the drop folder, else the last accepted ones."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path

from goldpan.columns import normalised_header
from goldpan.config import Config, ExportSpec
from goldpan.conform import Export, conform
from goldpan.errors import ConfigError, DataError, GoldpanError
from goldpan.model import Sheet
from goldpan.tables import tables_of
from goldpan.union import unite_exports
from sync.readers import ReadLimits, read_sheets
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.state.inputs import StoredInput
from sync.state.store import State

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".csv")
UNFINISHED = ("~$*", ".*", "*.part", "*.tmp", "*.crdownload")
"""Names of files that somebody still writes or has open."""


_DATE = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")


@dataclass(frozen=True)
class Delivery:
    """One export that a run takes."""

    kind: str
    path: Path
    name: str
    arrival: datetime | None = None
    source: str = ""

    @property
    def arrived_at(self) -> datetime:
        """When it came: as it was found, else when the archive's copy was made."""
        return self.arrival or datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    @property
    def named_on(self) -> date | None:
        """The first date in its name: 2026-11-20, 2026_11_20 or 20261120."""
        for year, month, day in _DATE.findall(self.name):
            try:
                return date(int(year), int(month), int(day))
            except ValueError:
                continue
        return None

    def stored_as(self, path: Path) -> "Delivery":
        """The same export as the archive keeps it."""
        return replace(self, path=path, arrival=self.arrived_at)

    def sha256(self) -> str:
        """The digest of the content: the export's identity."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError("unreadable_file", f"{self.name}: can't be read: {error.strerror}.") from error


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
    """
    given = named_exports(named)
    fresh = {} if given else _fresh(settings, delivered)
    chosen, problems = {}, []
    for kind in KINDS:
        if kind in given:
            chosen[kind] = [given[kind]]
            continue
        accepted = state.inputs.last_accepted(kind) if state else []
        there = {each.source: delivery_of(each) for each in accepted}
        if gone := [each for each in accepted if each.source not in fresh.get(kind, {}) and not each.path.is_file()]:
            where = f"the last accepted one is gone from {gone[0].path.parent}"
        else:
            where = "none accepted before"
        chosen[kind] = [] if gone else _united(settings, there, fresh.get(kind, {}))
        if not chosen[kind]:
            looked = "" if given else f"none in {_places(settings)}, "
            problems.append(
                f"No {kind} export: none named, {looked}{where}. "
                f"Name it: goldpan run --{kind} FILE, or drop it into {_places(settings)}."
            )
    if problems:
        raise ConfigError.of(problems)
    return chosen


def _united(settings: AppSettings, accepted: Mapping[str, Delivery], fresh: Mapping[str, Delivery]) -> list[Delivery]:
    """What is fresh of each source, else what was accepted of it; a named file only as long as no source has any."""
    by_source = {**accepted, **fresh}
    of_sources = [by_source[source.name] for source in settings.file.sources if source.name in by_source]
    return of_sources or [*accepted.values()]


def _places(settings: AppSettings) -> str:
    sources = settings.file.sources
    return ", ".join(str(settings.home / source.folder) if source.folder else source.s3 for source in sources)


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


def _fresh(settings: AppSettings, delivered: Iterable[Delivery] | None) -> dict[str, dict[str, Delivery]]:
    """What was delivered and not accepted yet, by kind and source."""
    if delivered is None:
        return {kind: {each.source: each} for kind, each in newest_in(settings).items()}
    fresh: dict[str, dict[str, Delivery]] = {}
    for each in delivered:
        fresh.setdefault(each.kind, {})[each.source] = each
    return fresh


def newest_in(settings: AppSettings) -> dict[str, Delivery]:
    """The newest export of each kind in the drop folder."""
    newest: dict[str, Delivery] = {}
    for path in sorted(_finished_files(settings.drop_folder), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        kind = kind_of(path, settings)
        if kind is not None:
            newest[kind] = Delivery(kind, path, path.name, source="inbox")
    return newest


def _finished_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for entry in os.scandir(folder):
            path = Path(entry.path)
            is_finished = not any(fnmatch(entry.name, pattern) for pattern in UNFINISHED)
            if entry.is_file() and is_finished and path.suffix.lower() in SUFFIXES:
                yield path


def kind_of(path: Path, settings: AppSettings) -> str | None:
    """What an export holds: its name says, else its columns."""
    patterns = {"memberships": settings.file.drop.memberships, "orders": settings.file.drop.orders}
    by_name = [kind for kind in KINDS if any(fnmatch(path.name.lower(), pattern.lower()) for pattern in patterns[kind])]
    if len(by_name) == 1:
        return by_name[0]
    for kind in KINDS:
        spec = spec_of(kind, settings.config)
        try:
            if next(tables_of(sheets_of(path, spec, settings), spec), None) is not None:
                return kind
        except GoldpanError:
            continue
    return None


def spec_of(kind: str, config: Config) -> ExportSpec:
    """How exports of this kind are read."""
    return config.memberships if kind == "memberships" else config.orders


def sheets_of(path: Path, spec: ExportSpec, settings: AppSettings) -> Iterator[Sheet]:
    """The sheets of a file, within the configured limits."""
    limits = settings.file.limits
    return read_sheets(
        path,
        known_headers=frozenset(normalised_header(header) for column in spec.columns for header in column.headers),
        limits=ReadLimits(
            max_file_bytes=limits.max_file_mb * 2**20,
            max_unpacked_bytes=limits.max_unpacked_mb * 2**20,
            max_cells=limits.max_cells,
        ),
        sheet=spec.sheet,
    )


def read_export(delivery: Delivery, settings: AppSettings) -> Export:
    """Read one export whole, or refuse it whole.

    Raises:
        DataError: Why it can't be used, and what to do.
    """
    spec = spec_of(delivery.kind, settings.config)
    by_name = settings.config.rules.match_on == "customer_name"
    named = (
        Sheet(delivery.name, sheet.name, sheet.rows, sheet.epoch_1904)
        for sheet in sheets_of(delivery.path, spec, settings)
    )
    return conform(named, spec, name_keys_for_all=by_name)


def read_exports(deliveries: Iterable[Delivery], settings: AppSettings) -> Export:
    """Read all exports of one kind, as if they were one.

    Raises:
        DataError: Why one can't be used.
    """
    return unite_exports([read_export(delivery, settings) for delivery in deliveries])


def exports_of_run(run_id: str, state: State, settings: AppSettings) -> dict[str, Export] | None:
    """The exports that a run used, read again from the archive; `None` if one is gone from there.

    Raises:
        DataError: One can't be read any more.
    """
    exports = {}
    for kind in KINDS:
        stored = state.inputs.of_run(run_id, kind)
        if not stored or not all(each.path.is_file() for each in stored):
            return None
        exports[kind] = read_exports(map(delivery_of, stored), settings)
    return exports


def delivery_of(stored: StoredInput) -> Delivery:
    """An export as the archive keeps it."""
    return Delivery(stored.kind, stored.path, stored.name, source=stored.source)


def keep(delivery: Delivery, archive: Path) -> StoredInput:
    """Copy an export into the archive, once per content; the run reads the copy, whatever happens to the original."""
    inputs = archive / "inputs"
    inputs.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = inputs / f".{os.getpid()}.{delivery.kind}.tmp"
    try:
        shutil.copyfile(delivery.path, copy)
        copy.chmod(0o600)
        sha256 = Delivery(delivery.kind, copy, delivery.name).sha256()
        kept = inputs / sha256 / delivery.name
        if not kept.is_file():
            kept.parent.mkdir(exist_ok=True, mode=0o700)
            copy.replace(kept)
    except OSError as error:
        raise DataError(
            "unreadable_file",
            f"{delivery.name}: can't be copied into the archive {archive}: {error.strerror or error}.",
        ) from error
    finally:
        copy.unlink(missing_ok=True)
    return StoredInput(delivery.kind, delivery.name, sha256, kept, delivery.source)
