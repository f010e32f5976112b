"""``python -m bench.nightfall HOME MEMBERSHIPS ORDERS``: everybody of these exports into an empty portal, unpaced."""

import shutil
import sys
from pathlib import Path

from bench.data.sets import AS_OF
from bench.homes import furnish, silence, without_waits
from sync.approval import approve
from sync.runner import RunRequest, run


def main() -> None:
    """The first load, held and approved."""
    home, *exports = map(Path, sys.argv[1:])
    silence()
    without_waits()
    settings = furnish(home)
    for path in exports:
        shutil.copyfile(path, home / "inbox" / path.name)
    held = run(settings, RunRequest(as_of=AS_OF))
    assert held.status == "held", held.problems
    loaded = approve(settings, held.fingerprint)
    assert loaded.status in ("done", "partial"), loaded.problems


if __name__ == "__main__":
    main()
