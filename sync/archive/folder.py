"""The folder that each run leaves: `YYYY/MM/DD/<run id>/`, with all that the run read, meant and did."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain
from pathlib import Path

from goldpan.archived import archived_contacts
from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.errors import DataError, GoldpanError, TransientError
from goldpan.exports import as_csv, guarded, hubspot_csv_pieces
from goldpan.model import Outcome
from goldpan.pipeline import Refined
from goldpan.report import (
    Planned,
    Sending,
    Table,
    changes_table,
    outcomes_table,
    plan_json_text,
    plan_tables,
    rejects_workbook_tables,
    report_tables,
)
from sync.archive.files import whole_folder, write_json, write_text, write_whole
from sync.archive.inputs import InputStore
from sync.archive.names import (
    ANALYSIS,
    CHANGES,
    CONTACTS,
    CSV,
    INPUTS,
    PLAN,
    PLAN_DATA,
    RECORD,
    REJECTS,
    REJECTS_WORKBOOK,
)
from sync.archive.parquet import Origin, write_contacts
from sync.archive.workbook import write_workbook
from sync.record import InputRecord, RunRecord
from sync.settings import AppSettings

__all__ = ["ANALYSIS", "CSV", "PLAN", "PLAN_DATA", "RECORD", "REJECTS", "REJECTS_WORKBOOK"]


def archive_run(
    settings: AppSettings,
    record: RunRecord,
    *,
    exports: MutableMapping[str, Export],
    refined: Refined,
    planned: Planned,
    outcomes: Mapping[str, Outcome],
    refused_since: Mapping[str, datetime],
) -> None:
    """Write a run's folder, whole or not at all; a dry run's goes to `dry-runs` in GOLDPAN_HOME instead.

    The record's ``archive`` names the folder then. The exports are used up: the workbook takes their place in memory.
    Where they can't be read any more, the folder has plan and changes alone, and a note says why.
    """
    both = exports["memberships"], exports["orders"]
    sending = Sending(
        changes=planned.changes,
        outcomes=outcomes,
        counts=record.contacts,
        remark=remark_of(record),
        made_at=record.started_at.astimezone(settings.zone),
    )
    try:
        rejects = rejects_workbook_tables(*both, refined, settings.config, outcomes, refused_since=refused_since)
        tables = report_tables(*both, refined, settings.config, sending=sending, left_alone=planned.left_alone)
    except (DataError, TransientError) as error:  # cells of a dataset are read again: it was written anew, or is gone
        record.notes.append(without_analysis(error))
        archive_changes(settings, record, planned, outcomes)
        return
    del both
    exports.clear()
    with whole_folder(run_folder(settings, record)) as folder, writing_results(folder, refined, settings, tables):
        write_whole(
            folder / CONTACTS,
            lambda path: write_contacts(path, archived_contacts(refined), Origin.of(record, settings)),
        )
        if not record.dry_run:
            _link_inputs(folder, InputStore(settings.archive_folder), record.inputs)
        write_rejects_workbook(folder, rejects)
        write_plan(folder, planned, settings.config, is_for_people=record.dry_run or record.status == "held")
        write_record(folder, record)
    record.archive = str(run_folder(settings, record))


def without_analysis(error: GoldpanError) -> str:
    """A note on a run whose folder has no analysis."""
    return f"The run's folder has no analysis, only its plan and changes: {error}"


def archive_changes(
    settings: AppSettings, record: RunRecord, planned: Planned, outcomes: Mapping[str, Outcome]
) -> None:
    """Write the folder of a run without exports (an approval, an undo, a repair): its plan, changes and rejects."""
    rejects = outcomes_table(outcomes, planned.left_alone)
    with whole_folder(run_folder(settings, record)) as folder:
        write_plan(folder, planned, settings.config, is_for_people=True)
        if outcomes:
            write_workbook(folder / CHANGES, [changes_table(planned.changes, outcomes, settings.config), rejects])
        _write_rejects(folder, rejects)
        write_record(folder, record)
    record.archive = str(run_folder(settings, record))


def _link_inputs(folder: Path, store: InputStore, used: Sequence[InputRecord]) -> None:
    """`inputs/<name>`: links to the exports in the store; none where links can't be made (Windows, some shares)."""
    links = folder / INPUTS
    links.mkdir(mode=0o700)
    with suppress(OSError):
        for each in used:
            kept = store.find(each.sha256)
            name = Path(f"{each.source}-{each.name}" if _is_taken(each.name, used) else each.name).name
            if kept is not None and not (links / name).is_symlink():
                # From YYYY/MM/DD/<run id>/inputs up to the archive, wherever that is moved to.
                (links / name).symlink_to(Path("../../../../..", INPUTS, each.sha256, kept.name))
    with suppress(OSError):
        links.rmdir()  # there is nothing in it


def _is_taken(name: str, used: Sequence[InputRecord]) -> bool:
    return [each.name for each in used].count(name) > 1


def run_folder(settings: AppSettings, record: RunRecord) -> Path:
    """Where a run leaves its results."""
    if record.dry_run:
        return settings.home / "dry-runs" / record.run_id
    return settings.archive_folder / f"{record.started_at.astimezone(settings.zone):%Y/%m/%d}" / record.run_id


def write_results(folder: Path, refined: Refined, settings: AppSettings, tables: tuple[Table, ...]) -> None:
    """The workbook, the CSV for HubSpot's importer, and the list of rejects as CSV."""
    with writing_results(folder, refined, settings, tables):
        pass


@contextmanager
def writing_results(folder: Path, refined: Refined, settings: AppSettings, tables: tuple[Table, ...]) -> Iterator[None]:
    """The same, the workbook while the block goes on: most of its time is compression, which needs no Python."""
    with ThreadPoolExecutor(1) as aside:
        workbook = aside.submit(write_workbook, folder / ANALYSIS, tables)
        _write_pieces(folder / CSV, hubspot_csv_pieces(refined.contacts, settings.config.tags))
        _write_rejects(folder, next(table for table in tables if table.name == "Rejects and warnings"))
        yield
        workbook.result()


def _write_rejects(folder: Path, table: Table) -> None:
    rejects = table.frame
    texts = rejects.assign(**{name: guarded(rejects[name]) for name in rejects if rejects[name].dtype == "str"})
    write_text(folder / REJECTS, as_csv(texts))


def write_plan(folder: Path, planned: Planned, config: Config, *, is_for_people: bool) -> None:
    """The plan as JSON for programs, and as a workbook where a person has to look at it first."""
    if is_for_people:
        write_workbook(folder / PLAN, plan_tables(planned, config))
    _write_pieces(folder / PLAN_DATA, chain(plan_json_text(planned), "\n"))


def _write_pieces(target: Path, pieces: Iterable[str]) -> None:
    """:func:`write_text` for a text that need never be there as a whole."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(pieces)

    write_whole(target, write)


def write_rejects_workbook(folder: Path, tables: Sequence[Table]) -> None:
    """The rows for whoever owns the source; no file where nothing is to be corrected."""
    if tables:
        write_workbook(folder / REJECTS_WORKBOOK, tables)


def write_record(folder: Path, record: RunRecord) -> None:
    """The run record as JSON."""
    write_json(folder / RECORD, record.archived(), indent=2)


def remark_of(record: RunRecord) -> str:
    """A sentence about the run that must not be missed; "" for an ordinary one."""
    if record.status == "held":
        return "Held: nothing was written to HubSpot."
    if record.dry_run:
        return "A dry run: nothing was written to HubSpot. Changes lists what a run would write."
    if record.destination == "sandbox":
        return "Sent to the embedded sandbox, not to HubSpot."
    return ""
