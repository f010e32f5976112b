"""Threads and runs keep the burst limit together, and wait no longer than it makes them."""

import threading

import pytest

from sync.destinations.hubspot.pace import Pace
from sync.sandbox.access import Limits
from tests.hubspot.network import DAY, busiest, told
from tests.hubspot.stage import READ, Clock, Reply, changes, drained, echo, tally, verdicts


def test_a_limit_that_lets_nothing_through_is_refused():
    with pytest.raises(ValueError, match="lets nothing through"):
        Pace(0)


def test_threads_share_one_limit():
    clock = Clock()
    pace = Pace(20, clock=clock.now, sleep=clock.sleep)
    times = []

    def send():
        for _ in range(15):
            place = pace.take(threading.Event())
            times.append(place.left_at)
            pace.answered(place, told(20))

    in_threads(send, 8)

    assert len(times) == 120
    assert busiest(times) <= 20


def test_who_waits_for_an_answer_to_make_room_goes_when_it_comes():
    pace = Pace(1, clock=(clock := Clock()).now, sleep=clock.sleep)
    first = pace.take(threading.Event())
    second = []
    waiting = threading.Thread(target=lambda: second.append(pace.take(threading.Event())))
    waiting.start()

    pace.answered(first, {})
    waiting.join(timeout=10)

    assert second[0].left_at >= first.left_at + 10


@pytest.mark.parametrize("limit", [1, 20])
def test_a_stop_ends_every_wait_at_once(limit):
    """Whether they wait for a moment that is far away, or for an answer."""
    pace = Pace(limit, sleep=threading.Event().wait)
    stop = threading.Event()
    pace.throttled(first := pace.take(stop), 0.0 if limit == 1 else 1000.0)
    got = [first]
    threads = [threading.Thread(target=lambda: got.append(pace.take(stop))) for _ in range(5)]
    for thread in threads:
        thread.start()

    stop.set()
    for thread in threads:
        thread.join(timeout=10)

    assert got[1:] == [None] * 5


def in_threads(work, number):
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counting(limits, clock, otherwise=echo):
    """A scripted HubSpot that counts by the test's clock."""
    peak = []

    def answer(request):
        headers, refusal = limits.admit(clock.now(), DAY)
        if refusal is not None:
            return Reply(refusal.status, refusal.body, headers)
        peak.append(clock.now())
        reply = otherwise(request)
        return Reply(reply.status, reply.body, headers)

    return answer, peak


@pytest.mark.parametrize(("tier", "configured"), [(100, 250), (190, 190), (250, 100)])
def test_a_run_on_any_tier_keeps_the_limit_and_nearly_reaches_it(hubspot, open_destination, clock, tier, configured):
    hubspot.otherwise, arrived = counting(Limits(burst=tier, daily=0), clock)
    destination = open_destination(burst_limit=configured)

    batches, failure = drained(destination.write(changes(40_000)))

    assert failure is None
    assert tally(verdicts(batches))["applied"] == 40_000
    assert destination.requests.throttled == 0
    assert busiest(arrived) <= min(tier, configured)
    assert clock.seconds - 1000 <= 1.10 * (399 // min(tier, configured) + 1) * 10


def test_reading_and_writing_share_the_limit(hubspot, open_destination, clock):
    def both(request):
        if request.path == READ:
            return Reply(200, {"status": "COMPLETE", "results": []})
        return echo(request)

    hubspot.otherwise, arrived = counting(Limits(burst=40, daily=0), clock, both)
    destination = open_destination()

    list(destination.read_contacts([f"m{number}@example.org" for number in range(3000)], []))
    list(destination.write(changes(3000)))

    assert destination.requests.throttled == 0
    assert busiest(arrived) <= 40


def test_a_run_that_the_window_holds_does_not_wait(hubspot, open_destination, clock):
    hubspot.otherwise, arrived = counting(Limits(burst=190, daily=0), clock)
    destination = open_destination()

    batches, _ = drained(destination.write(changes(9000)))

    assert tally(verdicts(batches))["applied"] == 9000
    assert (len(arrived), clock.slept) == (90, [])
