"""The folder that each run leaves: `YYYY/MM/DD/<run id>/` with the workbook, the CSV, the rejects and the record."""

import json
from collections.abc import Mapping
from pathlib import Path

from goldpan.conform import Export
from goldpan.exports import guarded, hubspot_csv
from goldpan.model import Outcome
from goldpan.pipeline import Refined
from goldpan.plan import Plan
from goldpan.report import Sending, Table, report_tables
from sync.archive.files import whole_folder, write_whole
from sync.archive.workbook import write_workbook
from sync.record import RunRecord
from sync.settings import AppSettings

ANALYSIS, CSV, REJECTS, RECORD = "analysis.xlsx", "hubspot.csv", "rejects.csv", "run.json"


def archive_run(
    settings: AppSettings,
    record: RunRecord,
    *,
    exports: Mapping[str, Export],
    refined: Refined,
    plan: Plan,
    outcomes: Mapping[str, Outcome],
) -> None:
    """Write a run's folder, whole or not at all; a dry run's goes to `dry-runs` in GOLDPAN_HOME instead.

    The record's ``archive`` names the folder then.
    """
    sending = Sending(
        changes=plan.changes,
        outcomes=outcomes,
        counts=record.contacts,
        remark=_remark(record),
        made_at=record.started_at.astimezone(settings.zone),
    )
    tables = report_tables(exports["memberships"], exports["orders"], refined, settings.config, sending=sending)
    target = run_folder(settings, record)
    with whole_folder(target) as folder:
        write_results(folder, refined, settings, tables)
        write_record(folder, record)
    record.archive = str(target)


def run_folder(settings: AppSettings, record: RunRecord) -> Path:
    """Where a run leaves its results."""
    if record.dry_run:
        return settings.home / "dry-runs" / record.run_id
    return settings.archive_folder / f"{record.started_at.astimezone(settings.zone):%Y/%m/%d}" / record.run_id


def write_results(folder: Path, refined: Refined, settings: AppSettings, tables: tuple[Table, ...]) -> None:
    """The workbook, the CSV for HubSpot's importer, and the list of rejects as CSV."""
    config = settings.config
    write_workbook(folder / ANALYSIS, tables)
    csv = hubspot_csv(refined.contacts, config.tags)
    write_whole(folder / CSV, lambda path: _write_text(path, csv))
    rejects = next(table for table in tables if table.name == "Rejects and warnings").frame
    texts = rejects.assign(**{name: guarded(rejects[name]) for name in rejects if rejects[name].dtype == "str"})
    write_whole(folder / REJECTS, lambda path: _write_text(path, texts.to_csv(index=False, lineterminator="\n")))


def write_record(folder: Path, record: RunRecord) -> None:
    """The run record as JSON."""
    text = json.dumps(record.as_json(), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / RECORD, lambda path: _write_text(path, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="")


def _remark(record: RunRecord) -> str:
    if record.status == "held":
        return "Held: nothing was written to HubSpot."
    if record.dry_run:
        return "A dry run: nothing was written to HubSpot. Changes lists what a run would write."
    if record.destination == "sandbox":
        return "Sent to the embedded sandbox, not to HubSpot."
    return ""
