"""An export as runs use it: where it is, what it is called, how it is read."""

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

from goldpan.conform import Export, conform
from goldpan.errors import DataError
from goldpan.union import unite_exports
from sync.archive.opening import input_file
from sync.intake.kinds import column_sheets_of, spec_of
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


def read_export(delivery: Delivery, settings: AppSettings) -> Export:
    """Read one export whole, or refuse it whole.

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
    """Reads exports side by side: the readers work outside of the interpreter's lock for the most part."""

    def __init__(self, settings: AppSettings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="read")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def read(self, delivery: Delivery) -> "Future[Export]":
        """Begin with one; its result is what :func:`read_export` gives or raises."""
        return self._pool.submit(read_export, delivery, self._settings)


def read_exports(deliveries: Iterable[Delivery], settings: AppSettings) -> Export:
    """Read all exports of one kind, as if they were one.

    Raises:
        DataError: Why one can't be used.
    """
    chosen = [*deliveries]
    with Readers(settings) as readers:
        reading = [readers.read(delivery) for delivery in chosen]
        exports = [each.result() for each in reading]
    return unite_exports(
        exports,
        sources=[delivery.source for delivery in chosen],
        match_on=settings.config.rules.match_on,
    )


def exports_of_run(run_id: str, state: State, settings: AppSettings) -> dict[str, Export] | None:
    """The exports that a run used, read again from the archive; `None` if one is gone from there.

    Raises:
        DataError: One can't be read any more.
    """
    exports = {}
    for kind in KINDS:
        deliveries = [delivery_of(stored, settings) for stored in state.inputs.of_run(run_id, kind)]
        there = [delivery for delivery in deliveries if delivery is not None]
        if not there or len(there) < len(deliveries):
            return None
        exports[kind] = read_exports(there, settings)
    return exports


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
