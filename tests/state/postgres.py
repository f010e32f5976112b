"""A PostgreSQL server for tests, from the system's package; tests are skipped with a reason where there is none."""

import getpass
import itertools
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
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


class PostgresServer:
    """A server that listens on loopback.

    Attributes:
        port: Where.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = itertools.count(1)

    def database(self) -> str:
        """The URL of a new, empty database, as GOLDPAN_STATE_URL takes it."""
        name = f"state_{next(self._numbers)}"
        with psycopg.connect(self._place("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://goldpan@127.0.0.1:{self.port}/{name}"

    def connect(self, url: str) -> psycopg.Connection:
        """Somebody else's connection to a database of this server."""
        return psycopg.connect(self._place(url.rpartition("/")[2]), autocommit=True)

    def _place(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=goldpan dbname={name}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server of its own."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    user = _as_nobody_special()
    # Not in pytest's folder: each session of pytest closes that to everybody else, also to the server's user.
    with TemporaryDirectory(prefix="goldpan-postgres-", ignore_cleanup_errors=True) as data:
        if user:
            shutil.chown(data, "postgres", "postgres")
        with _running(user, binaries, Path(data)) as server:
            yield server


@contextmanager
def _running(user: list[str], binaries: Path, data: Path) -> Iterator[PostgresServer]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run = partial(subprocess.run, check=True, capture_output=True, cwd=data)
    run([*user, binaries / "initdb", "-D", data, "-U", "goldpan", "-A", "trust", "-N"])
    # A zone that is not UTC: the server then answers in it, and what was written in UTC must come back the same.
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c timezone=Asia/Kolkata"
    )
    log = data / "log"
    run([*user, binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"])
    try:
        yield PostgresServer(port)
    finally:
        run([*user, binaries / "pg_ctl", "-D", data, "-m", "fast", "stop"])
