"""`goldpan replay RUN`: the contacts of a past night once more, from what its archive keeps."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from goldpan.archived import Comparison, archived_contacts, compare_contacts
from goldpan.config import Config
from goldpan.errors import ConfigError
from goldpan.exports import hubspot_csv
from goldpan.pipeline import Refined
from sync.app import open_state, version
from sync.archive.names import CONTACTS, CSV
from sync.archive.opening import open_archive
from sync.archive.parquet import Origin, read_contacts
from sync.archive.store import Archive, ArchivedRun
from sync.exports import Delivery, ReadExports, open_engine_of, read_exports
from sync.progress import NoProgress, Progress, shown
from sync.settings import AppSettings, config_of
from sync.settings_file import KINDS
from sync.state import tables as t
from sync.state.inputs import StoredInput

_ADDRESS = "Contact Email"  # of hubspot.csv: who a row is about

_PLACES = ("source_row", "email_from_row")


@dataclass(frozen=True)
class Replayed:
    """What came of it.

    Attributes:
        compared_with: The file that the contacts were compared with.
        made_by: The version of Goldpan that made it; "" where that was not kept.
        forgotten: From how many files of this night somebody was taken out since.
    """

    run_id: str
    as_of: date
    compared_with: str
    made_by: str
    forgotten: int
    comparison: Comparison

    @property
    def exit_code(self) -> int:
        """0 if the night is the same."""
        return 0 if self.comparison.is_same else 1

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        found = self.comparison
        return {
            "run_id": self.run_id,
            "as_of": self.as_of.isoformat(),
            "is_same": found.is_same,
            "compared_with": self.compared_with,
            "made_by": self.made_by,
            "version": version(),
            "forgotten": self.forgotten,
            "contacts": {
                "archived": found.before,
                "replayed": found.after,
                "only_archived": found.only_before,
                "only_replayed": found.only_after,
            },
            "columns": dict(found.columns),
            "missing_columns": list(found.missing),
            "problems": [],
        }


def replay(settings: AppSettings, run: str, *, progress: Progress | None = None) -> Replayed:
    """Compute a past night's contacts again, with its config, and compare them with those that were kept.

    The list of suppressed contacts is not needed: it decides who is written, not what a contact is.

    Args:
        settings: Where the archive is; the state is asked only for what the archive of an older run lacks.
        run: The run, or a unique beginning of its id, or ``latest``.
        progress: Shows how far it is.

    Raises:
        ConfigError: No such run, or it kept too little to be replayed.
        DataError: One of its exports can't be read.
        TransientError: The archive is in S3, and can't be reached.
    """
    progress, archive = progress or NoProgress(), open_archive(settings)
    with shown(progress, "Finding the run"):
        found = archive.find(run, holding=CSV)
        if CSV not in found.files:
            raise ConfigError(f"Run {found.run_id} read no exports: there are no contacts to compute again.")
        folder = archive.folder_of(found)
        record = archive.record_of(found)
        kept, origin = read_contacts(folder / CONTACTS) if CONTACTS in found.files else (None, None)
        config, made_by = _config(settings, found, origin)
    with shown(progress, "Refining"):
        deliveries = _deliveries(archive, found, record)
        as_of = date.fromisoformat(record["as_of"])
        refined = _refined(deliveries, as_of, replace(settings, config=config))
    forgotten = _count_forgotten(archive, record, origin)
    if kept is not None:
        # Rows at the end of an export that became blank are no rows any more: those of a further file count on.
        left_out = _PLACES if forgotten else ()
        both = (kept, archived_contacts(refined))
        comparison = compare_contacts(*(_comparable(table, origin, left_out) for table in both))
    else:
        comparison = compare_contacts(
            _rows((folder / CSV).read_text(encoding="utf-8")),
            _rows(hubspot_csv(refined.contacts, config.tags)),
            _ADDRESS,
        )
    return Replayed(
        run_id=found.run_id,
        as_of=as_of,
        compared_with=CONTACTS if kept is not None else CSV,
        made_by=made_by,
        forgotten=forgotten,
        comparison=comparison,
    )


def _config(settings: AppSettings, run: ArchivedRun, origin: Origin | None) -> tuple[Config, str]:
    """The config of a run and the version that made it, from its archive, else from the state."""
    if origin is not None:
        return config_of(origin.config), origin.version
    with open_state(settings, read_only=True) as state:
        known = state.runs.find(t.runs.c.run_id == run.run_id)
        files = state.runs.config_files(known[0].config_id) if known else None
        is_ours = bool(state.runs.find(t.runs.c.run_id == run.run_id, t.runs.c.goldpan_version == version()))
    if files is None:
        raise ConfigError(f"The config of run {run.run_id} was not kept, so its contacts can't be computed again.")
    return config_of(json.loads(files)), version() if is_ours else ""


def _refined(deliveries: Mapping[str, Sequence[Delivery]], as_of: date, settings: AppSettings) -> Refined:
    with open_engine_of(chain(*deliveries.values()), settings) as engine:
        read = {kind: read_exports(each, settings, engine) for kind, each in deliveries.items()}
        return ReadExports(read, engine).refined(as_of, settings.config)


def _deliveries(archive: Archive, run: ArchivedRun, record: Mapping[str, Any]) -> dict[str, list[Delivery]]:
    deliveries: dict[str, list[Delivery]] = {kind: [] for kind in KINDS}
    for used in record["inputs"]:
        stored = StoredInput(used["kind"], used["name"], used["sha256"], Path(), used.get("source", ""))
        path = archive.input_file(stored)
        if path is None:
            noted = archive.inputs.forgotten(stored.sha256)
            why = noted.reason if noted else f"it is gone from {archive.url}"
            raise ConfigError(f"Run {run.run_id} can't be replayed without its export {stored.name}: {why}.")
        deliveries[stored.kind].append(Delivery(stored.kind, path, stored.name, source=stored.source))
    return deliveries


def _comparable(table: pa.Table, origin: Origin | None, left_out: tuple[str, ...]) -> pa.Table:
    """Without those who were part of one contact with somebody who was taken out."""
    touched = pa.array(origin.touched if origin else (), pa.string())
    table = table.filter(pc.invert(pc.is_in(table.column("contact_key"), touched)))
    return table.drop_columns([name for name in left_out if name in table.column_names])


def _rows(text: str) -> pa.Table:
    header, *rows = csv.reader(StringIO(text, newline=""))
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(header, columns, strict=True)})


def _count_forgotten(archive: Archive, record: Mapping[str, Any], origin: Origin | None) -> int:
    noted = [archive.inputs.forgotten(used["sha256"]) for used in record["inputs"]]
    return sum(each is not None for each in noted) + bool(origin and origin.forgotten)
