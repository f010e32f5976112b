"""How much room is left where Goldpan writes."""

import shutil
from pathlib import Path

from sync.settings import AppSettings


def free_bytes(settings: AppSettings) -> dict[str, int]:
    """What is free for each place, in bytes; a place that can't be looked at is left out."""
    places = {"home": settings.home, "archive": settings.archive_folder}
    if settings.state_url.startswith("sqlite:///"):
        places["state"] = Path(settings.state_url.removeprefix("sqlite:///")).parent
    found = {}
    for name, folder in places.items():
        there = next((path for path in (folder, *folder.parents) if path.exists()), None)
        try:
            if there is not None:
                found[name] = shutil.disk_usage(there).free
        except OSError:
            continue
    return found
