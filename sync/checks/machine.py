"""This machine: folders, who can read what, free disk, and installed extras."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url

from goldpan.errors import ConfigError, FatalError
from sync.app import open_state
from sync.checks.check import Check, advice, attempt
from sync.privacy import is_open, mode_of, secret_files
from sync.settings import AppSettings
from sync.telling.disks import free_bytes

OTHERS = 0o007
"""Whoever is neither the owner nor in the group."""
WITH_EXPORTS = ("processing", "failed", "dry-runs")
"""Folders in the home that the service and dry runs make."""
MB = 1_000_000
RUNTIME = Path("/run")
"""Where container engines and systemd hand secrets over: in memory, and with modes of their own."""


def checks(settings: AppSettings) -> Iterator[Check]:
    """A line each."""
    yield Check("config", True, str(settings.config_folder))
    yield attempt("home", lambda: _home(settings))
    yield attempt("state", lambda: _state(settings))
    yield attempt("file modes", lambda: _modes(settings))
    if files := secret_files(settings.environment):
        yield _secrets(files)
    yield attempt("disk", lambda: _disk(settings))
    yield attempt("extras", lambda: _extras(settings))


def _home(settings: AppSettings) -> str:
    folder = _existing(settings.home)
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder} can't be written by this user; set GOLDPAN_HOME to a folder that can.")
    return str(settings.home) + ("" if settings.home.exists() else " (will be made)")


def _state(settings: AppSettings) -> str:
    with open_state(settings, read_only=True) as state:
        runs = state.runs.latest(1)
    return f"last run {runs[0].run_id}: {runs[0].status}" if runs else "no run yet"


def _modes(settings: AppSettings) -> str:
    """State and archive hold personal data; of the home it is enough that nobody else can change it."""
    private = [settings.archive_folder, *_state_files(settings), *(settings.home / name for name in WITH_EXPORTS)]
    problems = [
        f"{path} holds personal data, and everybody on this machine may use it (mode {mode_of(path):04o}): "
        f"chmod o= {path}"
        for path in private
        if path.exists() and mode_of(path) & OTHERS
    ]
    if settings.home.exists() and mode_of(settings.home) & 0o002:
        problems.append(f"{settings.home} can be changed by everybody on this machine: chmod o-w {settings.home}")
    if problems and os.name != "nt":
        raise ConfigError.of(problems)
    return "state, archive and exports that were taken are private"


def _secrets(files: dict[str, Path]) -> Check:
    """Not refused: an engine may hand secrets over with a mode that nobody here chose."""
    problems = [
        f"{path} ({name}) can be read by everybody on this machine (mode {mode_of(path):04o}): chmod o= {path}"
        for name, path in files.items()
        if is_open(path) and not path.resolve().is_relative_to(RUNTIME)
    ]
    return advice("secret files", "; ".join(problems), ", ".join(files))


def _disk(settings: AppSettings) -> str:
    limit, free = settings.file.alerts.disk_free_mb, free_bytes(settings)
    if low := [f"{place} has {each // MB:,} MB free" for place, each in free.items() if each < limit * MB]:
        raise FatalError(
            f"{', '.join(low)}, less than {limit:,} ([alerts] disk_free_mb). Make room, or keep runs for less long "
            "([archive] keep_days)."
        )
    return ", ".join(f"{place} has {each // MB:,} MB free" for place, each in free.items())


def _state_files(settings: AppSettings) -> list[Path]:
    """The folder and the file of a state in SQLite; none for one on a server."""
    url = make_url(settings.state_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    return [Path(url.database).parent, Path(url.database)]


def _extras(settings: AppSettings) -> str:
    file = settings.file
    needs = {
        "s3": ("boto3", bool(file.archive.s3) or any(source.s3 for source in file.sources)),
        "postgres": ("psycopg", settings.state_url.startswith("postgresql")),
        "alerts": ("apprise", bool(settings.alert_urls or file.digest.urls)),
        "duckdb": ("duckdb", file.engine == "duckdb"),
        "spark": ("pyspark", file.engine == "spark"),
    }
    wanted = [name for name, (_, is_needed) in needs.items() if is_needed]
    if missing := [name for name in wanted if find_spec(needs[name][0]) is None]:
        raise ConfigError(f"The config needs what is not installed: pip install 'goldpan[{','.join(missing)}]'")
    without = (
        "" if find_spec("prometheus_client") else "; for /metrics of goldpan serve: pip install 'goldpan[metrics]'"
    )
    return f"{', '.join(wanted) or 'none needed'}{without}"


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
