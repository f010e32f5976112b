"""Folders as runs leave them, made quickly."""

import json
from datetime import date
from pathlib import Path

from sync.archive.files import whole_folder
from sync.archive.names import CSV, RECORD
from sync.archive.store import Archive

NAMES = ("memberships.csv", "orders.csv")


def run_id_of(day: date, number: int = 0) -> str:
    return f"{day:%Y%m%d}T0530{number:02}-1230abc"


def leave_night(root: Path, day: date, inputs: tuple[str, ...] = (), *, number: int = 0, is_night: bool = True) -> Path:
    """The folder of a run of that day, which used these exports."""
    folder = root / f"{day:%Y/%m/%d}" / run_id_of(day, number)
    used = [
        {"kind": name.partition(".")[0], "name": name, "sha256": sha} for name, sha in zip(NAMES, inputs, strict=False)
    ]
    with whole_folder(folder) as made:
        if is_night:
            (made / CSV).write_text("Contact Email\n")
        (made / "plan.json").write_text("{}")
        (made / RECORD).write_text(json.dumps({"run_id": folder.name, "as_of": str(day), "inputs": used}))
    return folder


def keep(archive: Archive, tmp_path: Path, content: str, name: str = "memberships.csv") -> str:
    """An export with this content in the store; its sha256."""
    delivered = tmp_path / "delivered.csv"
    delivered.write_text(content)
    return archive.keep_input(delivered, name).sha256
