"""Whether a container is well: the image's HEALTHCHECK.

Only `goldpan serve` can run and be unwell; it is asked. Any other command is well for as long as it runs.
"""

import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from goldpan.errors import GoldpanError
from sync.settings import load_settings
from sync.settings_file import HttpSettings

FIRST_PROCESS = Path("/proc/1/cmdline")
TIMEOUT = 10.0
"""Seconds; the service answers from memory."""
ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not listened to
"""Who listens everywhere is asked on the loopback."""


def trouble(command: Sequence[str]) -> str:
    """What is wrong with a container; "" if nothing is.

    Args:
        command: What it runs, word by word.
    """
    if "serve" not in command:
        return ""
    config = command[command.index("--config") + 1] if "--config" in command[:-1] else None
    try:
        http = load_settings(Path(config) if config else None).file.http
    except GoldpanError as error:
        return str(error)
    return _asked(http) if http.port else ""


def _asked(http: HttpSettings) -> str:
    address = ANY_ADDRESS.get(http.address, http.address)
    connection = HTTPConnection(address, http.port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return (
            ""
            if answer.status == 200
            else f"/healthz answers {answer.status}: {answer.read(500).decode(errors='replace')}"
        )
    except (OSError, HTTPException) as error:
        return f"goldpan serve doesn't answer at {address}:{http.port}: {error}"
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(trouble(FIRST_PROCESS.read_text(encoding="utf-8").split("\0")) or 0)
