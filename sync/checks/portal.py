"""HubSpot: the token, the account behind it, its clock, and what a run needs there."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from goldpan.errors import AccessError, ConfigError, GoldpanError, SchemaError
from sync.app import open_destination
from sync.checks.check import Check, attempt
from sync.destinations.hubspot import HubSpotDestination
from sync.preflight import check_portal, setup_steps
from sync.settings import AppSettings
from sync.smart_lists import look_at_lists, own_token

MOST_SKEW = timedelta(seconds=60)
"""Dates decide tags, and S3 refuses requests whose clock is 15 minutes off."""


def checks(settings: AppSettings, clock: Callable[[], datetime]) -> Iterator[Check]:
    """A line each; without a token that works, the first ones only."""
    token = attempt("token", lambda: _token(settings))
    yield token
    if not token.is_ok:
        return
    with open_destination(settings) as destination:
        portal = attempt("portal", lambda: _portal(destination, settings))
        yield portal
        if portal.is_ok:
            yield attempt("clock", lambda: _clock(destination, clock))
            yield attempt("read scope", lambda: _reads(destination))
            yield attempt("properties", lambda: _properties(destination, settings))
    if portal.is_ok:
        yield from _lists(settings)


def _token(settings: AppSettings) -> str:
    if settings.file.destination == "sandbox":
        return 'destination = "sandbox": the embedded stand-in is used, not HubSpot'
    settings.environment.token()
    return "set"


def _portal(destination: HubSpotDestination, settings: AppSettings) -> str:
    portal = check_portal(destination, settings)
    return f"{portal.portal_id} {portal.account_type} {portal.ui_domain}".strip()


def _clock(destination: HubSpotDestination, clock: Callable[[], datetime]) -> str:
    theirs = destination.time()
    if theirs is None:
        return "HubSpot does not tell its time"
    skew = clock() - theirs
    if abs(skew) > MOST_SKEW:
        way = "ahead of" if skew > timedelta() else "behind"
        raise ConfigError(
            f"This machine's clock is {abs(skew) // timedelta(seconds=1)} s {way} HubSpot's. Set it by NTP "
            "(timedatectl set-ntp true): the date decides the tags."
        )
    return "agrees with HubSpot's"


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
