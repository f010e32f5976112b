"""Who is told to stop says so, at whatever moment it hears of it: that is no trouble with HubSpot."""

import pytest

from goldpan.errors import StoppedError
from sync.destinations.hubspot import HubSpotDestination
from sync.stopping import Stop
from tests.hubspot.stage import Reply, throttled

NO_ANSWER = {
    "connection lost": Reply(drop=True),
    "throttled": throttled(),
    "server error": Reply(503),
    "incomplete": Reply(body=b"{"),
}
CALLS = {
    "portal": HubSpotDestination.portal,
    "time": HubSpotDestination.time,
    "properties": HubSpotDestination.properties,
    "groups": HubSpotDestination.groups,
    "contacts": lambda destination: [*destination.read_contacts(["m0@example.org"], ["email"])],
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("reply", NO_ANSWER.values(), ids=NO_ANSWER)
def test_a_stop_while_a_request_waits_for_its_answer_is_told_as_such(hubspot, open_destination, reply, call):
    stop = Stop()
    hubspot.play(lambda _: stop.set() or reply)

    with pytest.raises(StoppedError, match="told to stop"):
        call(open_destination(stop=stop))

    assert len(hubspot.requests) == 1


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_stop_before_a_request_leaves_is_told_as_such(hubspot, open_destination, call):
    stop = Stop()
    stop.set()

    with pytest.raises(StoppedError, match="told to stop"):
        call(open_destination(stop=stop))

    assert hubspot.requests == []


def test_a_stop_between_two_batches_of_a_reading_is_told_as_such(hubspot, open_destination):
    """The second worker has its batch already, and waits for its moment."""
    stop = Stop()
    hubspot.play(throttled(), lambda _: stop.set() or throttled())

    with pytest.raises(StoppedError, match="told to stop"):
        list(open_destination(stop=stop, workers=2).read_contacts([f"m{n}@example.org" for n in range(300)], ["email"]))
