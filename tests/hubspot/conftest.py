"""A scripted HubSpot on loopback and destinations that talk to it without real waits."""

import pytest

from sync.destinations.hubspot import HubSpotDestination, Retries
from tests.hubspot.stage import TOKEN, Clock, serving


@pytest.fixture
def hubspot():
    with serving() as server:
        yield server


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_destination(hubspot, clock):
    """Makes destinations that are closed at the end."""
    opened = []

    def build(**settings):
        defaults = {
            "token": TOKEN,
            "base_url": hubspot.url,
            "workers": 4,
            "timeouts": (2.0, 5.0),
            "retries": Retries(attempts=3),
            "clock": clock.now,
            "sleep": clock.sleep,
        }
        opened.append(HubSpotDestination(**defaults | settings))
        return opened[-1]

    yield build
    for destination in opened:
        destination.close()


@pytest.fixture
def destination(open_destination):
    return open_destination()
