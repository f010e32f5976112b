from contextlib import contextmanager

import pytest

from sync.sandbox import Sandbox
from tests.sandbox.hub import PROPERTIES, TAGS, Hub, options


def furnish(hub):
    """The properties that the tests write to."""
    assert hub.call("POST", f"{PROPERTIES}/groups", {"name": "membership", "label": "Membership"}).status == 201
    tags = options("active", "board", "expired", "gold")
    for made in (
        hub.make_property(TAGS, "enumeration", "checkbox", options=tags),
        hub.make_property("membership_category", "enumeration", "select", options=options("active", "expired")),
        hub.make_property("total_order_value", "number", "number"),
        hub.make_property("member_since", "date", "date"),
        hub.make_property("seen_at", "datetime", "date"),
        hub.make_property("is_member", "bool", "booleancheckbox"),
        hub.make_property("customer_id", "string", "text"),
        hub.make_property("customer_key", "string", "text", hasUniqueValue=True),
    ):
        assert made.status == 201, made.data


@contextmanager
def furnished(path=None, **settings):
    """A running sandbox with the tests' properties, and a caller."""
    with Sandbox(path, **settings) as sandbox:
        hub = Hub(sandbox.url)
        burst, sandbox.limits.burst = sandbox.limits.burst, 0
        furnish(hub)
        sandbox.limits.burst = burst
        try:
            yield sandbox, hub
        finally:
            hub.pool.clear()


@pytest.fixture
def running():
    with furnished(burst_limit=0) as pair:
        yield pair


@pytest.fixture
def sandbox(running):
    return running[0]


@pytest.fixture
def hub(running):
    return running[1]
