"""What a run could not use or send, from the folder it left; personal values are masked."""

import csv
from pathlib import Path

from goldpan.errors import ConfigError
from goldpan.report import mask
from sync.archive.names import REJECTS
from sync.settings import AppSettings
from sync.state.runs import StoredRun

SHOWN = ("Kind", "File", "Sheet", "Row", "Column", "Reason", "Value", "What to Do")


def rejects_of(run: StoredRun, settings: AppSettings) -> list[dict[str, str]]:
    """The rows and contacts of a run that a person should look at, values masked; fetched from S3 if need be.

    Raises:
        ConfigError: When the run left no folder, or it is gone.
        TransientError: S3 can't be reached.
    """
    path = Path(run.record.get("archive") or "") / REJECTS
    if run.record.get("archive") and not path.is_file() and settings.file.archive.s3:
        from sync.archive.opening import open_archive  # noqa: PLC0415 - mostly the folder is here

        archive = open_archive(settings)
        path = archive.folder_of(archive.find(run.run_id)) / REJECTS
    if not path.is_file():
        raise ConfigError(
            f"Run {run.run_id} ({run.status}) left no list of rejects"
            + (f" at {path}." if run.record.get("archive") else ".")
            + f" See: goldpan show {run.run_id}"
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: mask(row[name], row["Reason"]) if name == "Value" else row[name] for name in SHOWN} for row in rows]
