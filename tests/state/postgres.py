"""A PostgreSQL server for tests, from the system's package; tests are skipped with a reason where there is none."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_nobody_special() -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as its own user."""
    if getpass.getuser() != "root":
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL can't run as root, and there is no user postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@contextmanager
def postgres_url(folder: Path) -> Iterator[str]:
    """The URL of an empty database of a server of its own."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    user = _as_nobody_special()
    data = folder / "data"
    data.mkdir()
    if user:
        shutil.chown(data, "postgres", "postgres")
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)  # the server's user must get through to its data
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run = partial(subprocess.run, check=True, capture_output=True, cwd=data)
    run([*user, binaries / "initdb", "-D", data, "-U", "goldpan", "-A", "trust", "-N"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    log = data / "log"
    run([*user, binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"])
    try:
        yield f"postgresql+psycopg://goldpan@127.0.0.1:{port}/postgres"
    finally:
        run([*user, binaries / "pg_ctl", "-D", data, "-m", "fast", "stop"])
