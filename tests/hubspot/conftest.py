"""A scripted HubSpot on loopback, the sandbox, and destinations that talk to them without real waits."""

import pytest

from sync import sandbox as stand_in
from sync.destinations.hubspot import HubSpotDestination, Retries
from tests.hubspot.stage import TOKEN, Clock, serving
from tests.sandbox.conftest import furnished


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


@pytest.fixture
def portal():
    """The sandbox with some properties, and a plain caller of it."""
    with furnished(burst_limit=0) as pair:
        yield pair


@pytest.fixture
def sandbox(portal):
    return portal[0]


@pytest.fixture
def hub(portal):
    return portal[1]


@pytest.fixture
def open_sandbox(sandbox, open_destination):
    """Makes destinations that talk to the sandbox."""
    return lambda **settings: open_destination(token=stand_in.TOKEN, base_url=sandbox.url, **settings)
