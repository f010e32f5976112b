"""What some rows start from and what takes long to make; kept in the data folder while the code behind it stays."""

import hashlib
import shutil
from pathlib import Path

from bench.table.measuring import Bench, tell

ROOT = Path(__file__).parents[2]


def code_of(*patterns: str) -> str:
    """A digest of these files of the checkout."""
    files = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def is_made(folder: Path, by: str) -> bool:
    """Whether a folder was made by this code; an older one is emptied."""
    mark = folder / "made_by"
    if mark.is_file() and mark.read_text(encoding="utf-8") == by:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return False


def made(folder: Path, by: str) -> None:
    """A folder is complete."""
    (folder / "made_by").write_text(by, encoding="utf-8")


def provide_state(bench: Bench, state: Path) -> None:
    """The confirmed state of a million contacts."""
    by = code_of(
        "sync/state/**/*.py",
        "goldpan/desired*.py",
        "goldpan/payloads.py",
        "config/**/*.toml",
        "bench/cases/*.py",
        "bench/data/*.py",
    )
    if not is_made(state.parent, by):
        tell("  the confirmed state is made")
        bench.side("ours:make_state")()
        made(state.parent, by)
