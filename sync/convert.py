"""Two exports to `hubspot.csv` and `analysis.xlsx`, without HubSpot and without state."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from goldpan.errors import ConfigError
from goldpan.report import Sending, report_tables
from sync.app import new_run_id, now, today
from sync.archive.folder import write_results
from sync.choosing import named_exports
from sync.datasets.manifest import SUFFIX
from sync.exports import Delivery, Readers, ReadExports, open_engine_of
from sync.progress import Progress, shown
from sync.record import InputRecord, RunRecord, count_rows
from sync.settings import AppSettings
from sync.sources.dataset import listed_dataset


def convert(
    settings: AppSettings,
    memberships: Path | str,
    orders: Path | str,
    output: Path,
    *,
    as_of: date | None,
    progress: Progress,
) -> RunRecord:
    """Refine a pair of exports and write the results into a folder.

    Args:
        settings: The rules and limits.
        memberships: The memberships export: a file; or the folder, pattern or URL of a dataset.
        orders: The orders export, likewise.
        output: Made if missing; `hubspot.csv`, `analysis.xlsx` and `rejects.csv` in it are replaced.
        as_of: The business date; `None` is today in the configured time zone.
        progress: Told of each stage.

    Raises:
        DataError: When an export is refused; nothing is written then.
        ConfigError: When an export is no file, or the folder can't be written.
    """
    started_at = now()
    places = {"memberships": str(memberships), "orders": str(orders)}
    record = RunRecord(new_run_id(started_at), as_of or today(settings), started_at, destination="none", status="done")
    with ExitStack() as stack, record.timed("total"):
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="goldpan-")))
        deliveries = [_delivery(kind, place, folder, settings) for kind, place in places.items()]
        engine = stack.enter_context(open_engine_of(deliveries, settings))
        with record.timed("read"), shown(progress, "Reading", len(deliveries)), Readers(settings, engine) as readers:
            exports = ReadExports({}, engine)
            for delivery, reading in [(delivery, readers.read(delivery)) for delivery in deliveries]:
                exports[delivery.kind] = reading.result()
                rows = exports[delivery.kind].rows_read
                record.inputs.append(InputRecord(delivery.kind, delivery.name, delivery.sha256(), rows))
                progress.advance()
        with record.timed("refine"), shown(progress, engine.stage):
            refined = exports.refined(record.as_of, settings.config)
            count_rows(record, exports, refined, settings.config)
            exports.let_go()
        with record.timed("archive"), shown(progress, "Writing the analysis"):
            made_at = Sending(made_at=started_at.astimezone(settings.zone))
            tables = report_tables(exports["memberships"], exports["orders"], refined, settings.config, sending=made_at)
            exports.clear()  # the workbook takes their place in memory
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


def _delivery(kind: str, place: str, folder: Path, settings: AppSettings) -> Delivery:
    """A file, or a dataset with the list of its files in a folder of ours.

    Raises:
        ConfigError: It is neither.
    """
    file = Path(place)
    dataset = None if file.is_file() else listed_dataset(place, settings, home=Path())
    if dataset is None:
        return named_exports({kind: file})[kind]
    path = folder / f"{kind}{SUFFIX}"
    dataset.write(path)
    return Delivery(kind, path, place)
