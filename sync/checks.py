"""What `goldpan check` looks at, in the order in which a run needs it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import AccessError, ConfigError, GoldpanError, SchemaError
from sync.app import open_destination, open_state
from sync.destinations.hubspot import HubSpotDestination
from sync.exports import newest_in
from sync.preflight import check_portal, setup_steps
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.smart_lists import look_at_lists, own_token


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, whether it is fine, and what to know or do."""

    name: str
    is_ok: bool
    says: str
    exit_code: int = 2


def run_checks(settings: AppSettings) -> Iterator[Check]:
    """Look at everything a run needs; nothing is written, here or in HubSpot."""
    yield Check("config", True, str(settings.config_folder))
    yield _attempt("home", lambda: _home(settings))
    yield _attempt("state", lambda: _state(settings))
    yield _attempt("drop folder", lambda: _drop(settings))
    token = _attempt("token", lambda: _token(settings))
    yield token
    if token.is_ok:
        yield from _hubspot(settings)


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except GoldpanError as error:
        return Check(name, False, str(error).replace("\n", "\n" + " " * 18), error.exit_code)
    except (OSError, SQLAlchemyError) as error:
        return Check(name, False, str(error), 1)


def _home(settings: AppSettings) -> str:
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder} can't be written by this user; set GOLDPAN_HOME to a folder that can.")
    return str(settings.home) + ("" if settings.home.exists() else " (will be made)")


def _state(settings: AppSettings) -> str:
    with open_state(settings, read_only=True) as state:
        runs = state.runs.latest(1)
    return f"last run {runs[0].run_id}: {runs[0].status}" if runs else "no run yet"


def _drop(settings: AppSettings) -> str:
    if not settings.drop_folder.is_dir():
        raise ConfigError(f"{settings.drop_folder} is missing; make it, or set [drop] folder in goldpan.toml.")
    newest = newest_in(settings)
    found = ", ".join(f"{kind}: {newest[kind].name if kind in newest else 'none'}" for kind in KINDS)
    return f"{settings.drop_folder} ({found})"


def _token(settings: AppSettings) -> str:
    if settings.file.destination == "sandbox":
        return 'destination = "sandbox": the embedded stand-in is used, not HubSpot'
    settings.environment.token()
    return "set"


def _hubspot(settings: AppSettings) -> Iterator[Check]:
    with open_destination(settings) as destination:
        portal = _attempt("portal", lambda: _portal(destination, settings))
        yield portal
        if portal.is_ok:
            yield _attempt("read scope", lambda: _reads(destination))
            yield _attempt("properties", lambda: _properties(destination, settings))
    if portal.is_ok:
        yield from _lists(settings)


def _portal(destination: HubSpotDestination, settings: AppSettings) -> str:
    portal = check_portal(destination, settings)
    return f"{portal.portal_id} {portal.account_type} {portal.ui_domain}".strip()


def _reads(destination: HubSpotDestination) -> str:
    for _ in destination.read_contacts(["nobody@example.com"], []):
        pass
    return "contacts can be read (writing is tried by the first run only)"


def _properties(destination: HubSpotDestination, settings: AppSettings) -> str:
    steps, problems = setup_steps(destination, settings.config)
    if steps or problems:
        raise SchemaError("\n".join([*problems, *(f"missing: {step}" for step in steps), "Run `goldpan setup`."]))
    return "all there"


def _lists(settings: AppSettings) -> Iterator[Check]:
    """A line for each list with its size. No run needs lists: what is wrong with one leaves the exit code alone."""
    if not settings.config.lists:
        return
    token = f"with {own_token(settings)}: " if own_token(settings) else ""
    try:
        with open_destination(settings, for_setup=True) as destination:
            check_portal(destination, settings)
            report = look_at_lists(destination, settings.config)
    except GoldpanError as error:
        exit_code = 0 if isinstance(error, AccessError) else error.exit_code
        yield Check("lists", False, f"{token}{error}", exit_code)
        return
    for status in report.statuses:
        what_now = "; run `goldpan setup`" if status.is_missing else ""
        yield Check("list", not (status.is_missing or status.problem), f"{status}{what_now}", 0)
    if report.trouble:
        yield Check("lists", False, f"{token}{report.trouble} No run needs them.", 0)
