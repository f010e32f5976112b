"""The exports of a run, read and put on record: every one whole, or a reason for each that can't be used."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from goldpan.conformed import Export
from goldpan.errors import DataError, GoldpanError
from sync.archive.opening import open_archive
from sync.engines import Engine
from sync.exports import Delivery, Readers, ReadExports, united
from sync.lifecycle import Work
from sync.progress import shown
from sync.record import InputRecord
from sync.settings_file import KINDS
from sync.state.inputs import StoredInput

log = structlog.get_logger()


@dataclass(frozen=True)
class _Reading:
    """One export that is being read."""

    delivery: Delivery
    noted: InputRecord
    export: "Future[Export]"


def read_chosen(
    work: Work, chosen: Mapping[str, Sequence[Delivery]], engine: Engine
) -> tuple[ReadExports, list[Delivery]]:
    """Read every export from the archive's copy of it (a dry run copies nothing); those of one kind are united.

    Args:
        work: The run.
        chosen: What it takes, by kind.
        engine: Holds those that are datasets, and works them out.

    Returns:
        An export of each kind, and the deliveries as the archive keeps them.

    Raises:
        GoldpanError: The last reason; the others are in the record's problems.
    """
    parts: dict[str, list[Export]] = {kind: [] for kind in KINDS}
    delivered: list[Delivery] = []
    problems: list[GoldpanError] = []
    with shown(work.progress, "Reading", sum(map(len, chosen.values()))), Readers(work.settings, engine) as readers:
        begun = [_begin(work, delivery, readers) for kind in KINDS for delivery in chosen[kind]]
        for reading in begun:
            of_kind = parts[reading.delivery.kind]
            try:
                of_kind.append(_finish(work, reading, position=len(of_kind)))
                delivered.append(reading.delivery)
            except GoldpanError as error:
                problems.append(error)
            work.progress.advance()
    if problems:
        work.record.problems += [str(problem) for problem in problems[:-1]]
        raise problems[-1]
    sources = {kind: [delivery.source for delivery in delivered if delivery.kind == kind] for kind in KINDS}
    read = {kind: united(exports, sources[kind], work.settings) for kind, exports in parts.items()}
    return ReadExports(read, engine), delivered


def _begin(work: Work, delivery: Delivery, readers: Readers) -> _Reading:
    """One export, on record from the moment that its content is known."""
    noted = InputRecord(delivery.kind, delivery.name, "", source=delivery.source)
    try:
        if not delivery.digest and not work.record.dry_run:
            kept = open_archive(work.settings).keep_input(delivery.path, delivery.name)
            delivery = delivery.stored_as(kept.path, kept.sha256)
        noted.sha256 = delivery.sha256()
    except GoldpanError as error:
        failed: Future[Export] = Future()
        failed.set_exception(error)
        return _Reading(delivery, noted, failed)
    work.record.inputs.append(noted)
    return _Reading(delivery, noted, readers.read(delivery))


def _finish(work: Work, reading: _Reading, *, position: int) -> Export:
    delivery, noted = reading.delivery, reading.noted
    try:
        export = reading.export.result()
    except DataError as error:
        noted.problem = str(error)
        raise
    noted.rows = export.rows_read
    log.info("export.read", kind=delivery.kind, source=delivery.source, sha256=noted.sha256, rows=noted.rows)
    if not work.record.dry_run:
        stored = StoredInput(delivery.kind, delivery.name, noted.sha256, delivery.path, delivery.source)
        work.state.inputs.add(work.record.run_id, stored, rows=noted.rows, position=position)
    return export
