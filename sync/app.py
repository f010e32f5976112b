"""The one place that builds the adapters: state, destination and clock from the settings."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from sync.settings import AppSettings
from sync.state.store import State
from sync.stopping import Stop

if TYPE_CHECKING:
    from sync.destinations.hubspot import HubSpotDestination


def now() -> datetime:
    """The time, aware, in UTC: the only clock of a run."""
    return datetime.now(UTC)


def today(settings: AppSettings, at: datetime | None = None) -> date:
    """The business date in the configured time zone: today, or what it is at another time."""
    return (at or now()).astimezone(settings.zone).date()


def version() -> str:
    """Goldpan's own version."""
    return installed_version("goldpan")


def new_run_id(at: datetime, after: str = "") -> str:
    """A run's id; ids sort by start.

    Args:
        at: When it starts, in UTC.
        after: The newest id so far: this one is later also where the clock was set back, or is another machine's.
    """
    run_id = _run_id(at)
    if run_id > after:
        return run_id
    newest = datetime.strptime(after[:19], "%Y%m%dT%H%M%S-%f").replace(tzinfo=UTC)
    return _run_id(newest + timedelta(milliseconds=1))


def _run_id(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}-{at.microsecond // 1000:03}{secrets.token_hex(2)}"


@contextmanager
def open_access(settings: AppSettings, *, for_setup: bool = False) -> Iterator[tuple[str, str]]:
    """Token and address of HubSpot; or of the embedded sandbox where the config asks for it, and nowhere else.

    Args:
        settings: Where it is.
        for_setup: Use HUBSPOT_SETUP_TOKEN, if there is one.
    """
    if settings.file.destination == "sandbox":
        from sync.sandbox import TOKEN, Sandbox  # noqa: PLC0415 - few installations write to it

        with Sandbox(sandbox_file(settings), burst_limit=settings.file.hubspot.burst_limit) as sandbox:
            yield TOKEN, sandbox.url
    else:
        environment = settings.environment
        token = environment.setup_token() if for_setup else environment.token()
        yield token, str(environment.hubspot_base_url).rstrip("/")


@contextmanager
def open_destination(
    settings: AppSettings, *, for_setup: bool = False, stop: Stop | None = None
) -> "Iterator[HubSpotDestination]":
    """HubSpot, or the embedded sandbox, as :func:`open_access` finds it; nothing more leaves once `stop` is set."""
    from sync.destinations.hubspot import HubSpotDestination  # noqa: PLC0415 - heavy, and half of the commands stay here

    with (
        open_access(settings, for_setup=for_setup) as (token, base_url),
        HubSpotDestination(
            token=token,
            base_url=base_url,
            burst_limit=settings.file.hubspot.burst_limit,
            workers=settings.file.hubspot.workers,
            stop=stop,
        ) as destination,
    ):
        yield destination


def sandbox_file(settings: AppSettings) -> Path:
    """Where the embedded sandbox keeps its contacts."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings.home / "sandbox.sqlite"


@contextmanager
def open_state(settings: AppSettings, *, read_only: bool = False) -> Iterator[State]:
    """The state; for reading only, a state that doesn't exist yet is an empty one that leaves no file."""
    url = settings.state_url
    is_missing = url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()
    with State.empty() if read_only and is_missing else State.open(url) as state:
        yield state
