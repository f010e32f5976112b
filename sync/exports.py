"""An export as runs use it: where it is, what it is called, how it is read."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Self

from goldpan.config import Config
from goldpan.conform import conform
from goldpan.conformed import DatasetExport, Export
from goldpan.errors import ConfigError, DataError, GoldpanError
from goldpan.pipeline import Refined
from goldpan.union import unite_exports
from sync.archive.opening import input_file
from sync.datasets.manifest import is_manifest, read_manifest
from sync.engines import Engine, choose_engine, engine_settings, open_engine
from sync.intake.kinds import column_sheets_of, piece_reader, spec_of
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.state.inputs import StoredInput
from sync.state.store import State

_AT_ONCE = 2
"""As there are kinds; each export in work costs memory."""
_DATE = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")


@dataclass(frozen=True)
class Delivery:
    """One export that a run takes.

    Attributes:
        path: Where it is.
        name: As it was delivered.
        arrival: When, if that is on record.
        source: Where it came from; "" for a named file.
        digest: Its identity, if the archive has it: what is kept may have lost people since (`goldpan forget`).
        latest_name: As it was called when the same content came last.
    """

    kind: str
    path: Path
    name: str
    arrival: datetime | None = None
    source: str = ""
    digest: str = ""
    latest_name: str = ""

    @property
    def arrived_at(self) -> datetime:
        """When it came: as it was found, else when the archive's copy was made."""
        return self.arrival or datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    @property
    def named_on(self) -> date | None:
        """The first date in its name."""
        return date_in(self.latest_name or self.name)

    def stored_as(self, path: Path, sha256: str) -> "Delivery":
        """The same export as the archive keeps it."""
        return replace(self, path=path, arrival=self.arrived_at, digest=sha256)

    def sha256(self) -> str:
        """The digest of the content as it was delivered: the export's identity."""
        if self.digest:
            return self.digest
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError("unreadable_file", f"{self.name}: can't be read: {error.strerror}.") from error


def date_in(name: str) -> date | None:
    """The first date in a name: 2026-11-20, 2026_11_20 or 20261120."""
    for year, month, day in _DATE.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


class ReadExports(dict[str, Export]):
    """One export of each kind, and the engine that holds them."""

    def __init__(self, exports: Mapping[str, Export], engine: Engine) -> None:
        super().__init__(exports)
        self.engine = engine

    def refined(self, as_of: date, config: Config) -> Refined:
        """What they mean on a date (:func:`goldpan.pipeline.refine`)."""
        return self.engine.refine(self["memberships"].frame, self["orders"].frame, as_of, config)

    def let_go(self) -> None:
        """Keep of the typed rows what reports look up; they can't be refined again."""
        for kind, export in self.items():
            if not isinstance(export, DatasetExport):
                looked_up = export.frame.columns.intersection(["source_row", "email"])
                self[kind] = replace(export, frame=export.frame[looked_up])


def open_engine_of(
    deliveries: Iterable[Delivery], settings: AppSettings, name: str = ""
) -> AbstractContextManager[Engine]:
    """The engine for exports: the one named, else the one that the config or their size chooses."""
    datasets = (read_manifest(delivery.path) for delivery in deliveries if is_manifest(delivery.path))
    return open_engine(name or choose_engine(datasets, settings), engine_settings(settings))


def read_delivery(delivery: Delivery, settings: AppSettings, engine: Engine) -> Export:
    """Read one export whole, or refuse it whole; a dataset is held by the engine.

    Raises:
        DataError: Why it can't be used, and what to do.
    """
    if is_manifest(delivery.path):
        return engine.read(read_manifest(delivery.path), piece_reader(delivery.kind, settings))
    return read_export(delivery, settings)


def read_export(delivery: Delivery, settings: AppSettings) -> Export:
    """The same for an export that is one file.

    Raises:
        DataError: Why it can't be used, and what to do.
    """
    spec = spec_of(delivery.kind, settings.config)
    by_name = settings.config.rules.match_on == "customer_name"
    named = (replace(sheet, file=delivery.name) for sheet in column_sheets_of(delivery.path, spec, settings))
    try:
        return conform(named, spec, name_keys_for_all=by_name)
    except DataError as error:
        # The archive keeps equal files once, under the name of the first.
        if not str(error).startswith(kept := delivery.path.name) or kept == delivery.name:
            raise
        raise DataError(error.reason, f"{delivery.name}{str(error).removeprefix(kept)}") from error


class Readers:
    """Reads exports side by side: the readers work outside of the interpreter's lock for the most part.

    Args:
        settings: How they are read.
        engine: Holds those that are datasets.
    """

    def __init__(self, settings: AppSettings, engine: Engine) -> None:
        self._settings, self._engine = settings, engine
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def read(self, delivery: Delivery) -> "Future[Export]":
        """Begin with one; its result is what :func:`read_delivery` gives or raises.

        A dataset is read at once: its pieces are side by side already, and an engine is asked by one thread at a time.
        """
        if is_manifest(delivery.path):
            reading: Future[Export] = Future()
            try:
                reading.set_result(read_delivery(delivery, self._settings, self._engine))
            except GoldpanError as error:
                reading.set_exception(error)
            return reading
        return self._pool.submit(read_delivery, delivery, self._settings, self._engine)


def read_exports(deliveries: Iterable[Delivery], settings: AppSettings, engine: Engine) -> Export:
    """Read all exports of one kind, as if they were one.

    Raises:
        DataError: Why one can't be used.
    """
    chosen = [*deliveries]
    with Readers(settings, engine) as readers:
        reading = [readers.read(delivery) for delivery in chosen]
        exports = [each.result() for each in reading]
    return united(exports, [delivery.source for delivery in chosen], settings)


def united(exports: Sequence[Export], sources: Sequence[str], settings: AppSettings) -> Export:
    """Exports of one kind as one (:func:`goldpan.union.unite_exports`).

    Raises:
        ConfigError: One of several is a dataset.
    """
    if len(exports) > 1 and any(isinstance(export, DatasetExport) for export in exports):
        raise ConfigError(
            f"The {exports[0].kind} come from {' and '.join(sources)}; one of them is a dataset, which can't be united "
            "with other exports. Put their files into the dataset's folder, or leave one source out of goldpan.toml."
        )
    return unite_exports(exports, sources=sources, match_on=settings.config.rules.match_on)


@contextmanager
def exports_of_run(
    run_id: str, state: State, settings: AppSettings, *, engine: str = ""
) -> Iterator[ReadExports | None]:
    """The exports that a run used, read again from the archive; `None` if one is gone from there.

    Args:
        run_id: The run.
        state: Knows them.
        settings: How they are read.
        engine: Which one holds them; "" lets their size choose.

    Raises:
        DataError: One can't be read any more.
    """
    deliveries: dict[str, list[Delivery]] = {}
    for kind in KINDS:
        found = [delivery_of(stored, settings) for stored in state.inputs.of_run(run_id, kind)]
        deliveries[kind] = [delivery for delivery in found if delivery is not None]
        if not found or len(deliveries[kind]) < len(found):
            yield None
            return
    with open_engine_of(chain(*deliveries.values()), settings, engine) as opened:
        yield ReadExports({kind: read_exports(each, settings, opened) for kind, each in deliveries.items()}, opened)


def delivery_of(stored: StoredInput, settings: AppSettings) -> Delivery | None:
    """An export as the archive keeps it, fetched if need be; `None` if it has it no more."""
    path = input_file(settings, stored)
    if path is None:
        return None
    return Delivery(
        stored.kind,
        path,
        stored.name,
        arrival=stored.arrived_at,
        source=stored.source,
        digest=stored.sha256,
        latest_name=stored.latest_name,
    )
