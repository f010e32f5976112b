"""Goldpan's folders and portals as measurements need them; imports all of Goldpan."""

from functools import partial
from pathlib import Path

import structlog

import sync.app
from bench.stage import NoPace
from goldpan.config import Config
from goldpan.desired import property_definitions
from sync.destinations import hubspot
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.properties import missing_in
from sync.init import set_up_folder
from sync.settings import AppSettings, load_settings


def silence() -> None:
    """From here on this process logs nothing."""
    structlog.configure(processors=[_say_nothing])


def _say_nothing(_logger: object, _method: str, _event: structlog.types.EventDict) -> structlog.types.EventDict:
    raise structlog.DropEvent


def furnish(home: Path, changes: dict[str, str] | None = None) -> AppSettings:
    """A home with the default config, and the portal behind HUBSPOT_BASE_URL with the properties that it needs.

    Args:
        home: Made if missing.
        changes: Lines of goldpan.toml, each with the one that stands in its place.
    """
    for _ in set_up_folder(home):
        pass
    file = home / "config" / "goldpan.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in (changes or {}).items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    settings = load_settings(home / "config")
    with sync.app.open_destination(settings) as destination:
        set_up(destination, settings.config)
    return settings


def set_up(destination: HubSpotDestination, config: Config) -> None:
    """Make the properties in HubSpot that a run needs."""
    for step in missing_in(property_definitions(config), destination.properties(), frozenset()):
        destination.set_up(step)


def without_waits() -> None:
    """From here on no run of this process waits for HubSpot's pace."""
    clock = NoPace()
    waitless = partial(HubSpotDestination, clock=clock.now, sleep=clock.sleep)
    setattr(hubspot, "HubSpotDestination", waitless)  # noqa: B010 - a replaced name, which mypy refuses otherwise
