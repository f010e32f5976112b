"""Two exports to `hubspot.csv` and `analysis.xlsx`, without HubSpot and without state."""

from datetime import date
from pathlib import Path

from goldpan.errors import ConfigError
from goldpan.pipeline import refine
from goldpan.report import Sending, report_tables
from sync.app import new_run_id, now, today
from sync.archive.folder import write_results
from sync.choosing import named_exports
from sync.exports import Readers
from sync.progress import Progress, shown
from sync.record import InputRecord, RunRecord, count_rows
from sync.settings import AppSettings


def convert(
    settings: AppSettings, memberships: Path, orders: Path, output: Path, *, as_of: date | None, progress: Progress
) -> RunRecord:
    """Refine a pair of exports and write the results into a folder.

    Args:
        settings: The rules and limits.
        memberships: The memberships export.
        orders: The orders export.
        output: Made if missing; `hubspot.csv`, `analysis.xlsx` and `rejects.csv` in it are replaced.
        as_of: The business date; `None` is today in the configured time zone.
        progress: Told of each stage.

    Raises:
        DataError: When an export is refused; nothing is written then.
        ConfigError: When an export is no file, or the folder can't be written.
    """
    started_at = now()
    record = RunRecord(new_run_id(started_at), as_of or today(settings), started_at, destination="none", status="done")
    deliveries = named_exports({"memberships": memberships, "orders": orders}).values()
    with record.timed("total"):
        with record.timed("read"), shown(progress, "Reading", len(deliveries)), Readers(settings) as readers:
            exports = {}
            for delivery, reading in [(delivery, readers.read(delivery)) for delivery in deliveries]:
                exports[delivery.kind] = reading.result()
                rows = exports[delivery.kind].rows_read
                record.inputs.append(InputRecord(delivery.kind, delivery.name, delivery.sha256(), rows))
                progress.advance()
        with record.timed("refine"), shown(progress, "Refining"):
            refined = refine(exports["memberships"].frame, exports["orders"].frame, record.as_of, settings.config)
            count_rows(record, exports, refined, settings.config)
        with record.timed("archive"), shown(progress, "Writing the analysis"):
            made_at = Sending(made_at=started_at.astimezone(settings.zone))
            tables = report_tables(exports["memberships"], exports["orders"], refined, settings.config, sending=made_at)
            try:
                output.mkdir(parents=True, exist_ok=True)
                write_results(output, refined, settings, tables)
            except OSError as error:
                raise ConfigError(f"{output} can't be written: {error.strerror or error}.") from error
    sendable = int(refined.contacts["email"].notna().sum())
    record.contacts["total"] = len(refined.contacts)
    record.contacts["unsendable"] = len(refined.contacts) - sendable
    record.contacts["unchanged"] = sendable
    record.check_sums()
    record.archive = str(output)
    return record
