"""The burst limit holds in every window, for any callers, answers and delays; it is learnt, and costs little."""

import heapq
import threading
from bisect import bisect_left
from datetime import date
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.destinations.hubspot.pace import Allowance, Pace, Recent
from sync.sandbox.access import Limits
from tests.hubspot.stage import READ, Clock, Reply, changes, drained, echo, tally, verdicts

DAY = date(2026, 11, 20)
MAX, REMAINING = "X-HubSpot-RateLimit-Max", "X-HubSpot-RateLimit-Remaining"
INTERVAL = "X-HubSpot-RateLimit-Interval-Milliseconds"


def told(most, remaining=None, interval=10_000):
    """The headers of an answer as Goldpan sees them."""
    names = {MAX: most, REMAINING: remaining, INTERVAL: interval}
    return {name.lower(): str(value) for name, value in names.items() if value is not None}


def busiest(times, seconds=10.0):
    """The most requests in any window of that length that ends before its end point (half open)."""
    times = sorted(times)
    return max((at + 1 - bisect_left(times, times[at] - seconds + 1e-6) for at in range(len(times))), default=0)


class Network:
    """Requests on their way to HubSpot and answers on theirs back, in the order of a clock of its own.

    ``serve`` gives the headers of the answer, and whether it is a 429, when a request arrives.
    """

    def __init__(self, allowance, serve):
        self.allowance, self.serve = allowance, serve
        self.now = 0.0
        self.arrivals, self.departures = [], []
        self.refused = 0
        self._events, self._order = [], count()

    def send(self, there=0.0, back=0.0):
        """Send one request as soon as that is allowed; its way there and back takes that long."""
        while (at := self.allowance.ready_at(self.now)) is None or at > self.now:
            if self._events and (at is None or self._events[0][0] <= at):
                self._happen()
            else:
                self.now = at
        place = self.allowance.take(self.now)
        self.departures.append(self.now)
        self.at(self.now + there, lambda: self._arrive(place, back))

    def pass_time(self, until):
        """Let everything happen that happens by then."""
        while self._events and self._events[0][0] <= until:
            self._happen()
        self.now = until

    def at(self, moment, happen):
        """Somebody else does something then."""
        heapq.heappush(self._events, (moment, next(self._order), happen))

    def _happen(self):
        self.now, _, happen = heapq.heappop(self._events)
        happen()

    def _arrive(self, place, back):
        self.arrivals.append(self.now)
        headers, is_refused = self.serve(self.now)
        self.at(self.now + back, lambda: self._answer(place, headers, is_refused))

    def _answer(self, place, headers, is_refused):
        self.allowance.answered(place, headers, self.now)
        if is_refused:
            self.refused += 1
            self.allowance.throttled(place, 10.5, self.now)


def portal(limits):
    """HubSpot counting a rolling window, as the sandbox does."""

    def serve(now):
        headers, refusal = limits.admit(now, DAY)
        return {name.lower(): value for name, value in headers.items()}, refusal is not None

    return serve


def silent(_):
    """HubSpot without a word about limits."""
    return {}, False


NUMBERS = st.one_of(st.none(), st.integers(-1, 300), st.sampled_from(["", "x", "1e3", "９", "10" * 20, "5.0", " 7"]))
HEADERS = st.builds(told, NUMBERS, NUMBERS, st.sampled_from([None, 1000, 10_000, 86_400_000, "x", ""]))
REQUESTS = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0, 12)),  # asked for so long after the one before
        st.one_of(st.just(0.0), st.floats(0, 15)),  # on its way there
        st.one_of(st.just(0.0), st.floats(0, 15)),  # and the answer on its way back
        HEADERS,
        st.sampled_from([False] * 9 + [True]),  # a 429
    ),
    max_size=80,
)


def sent(allowance, requests):
    """The network after these requests; HubSpot answers what was drawn, in the order of arrival."""
    answers = iter([(headers, is_refused) for *_, headers, is_refused in requests])
    network = Network(allowance, lambda _: next(answers))
    for gap, there, back, *_ in requests:
        network.pass_time(network.now + gap)
        network.send(there, back)
    network.pass_time(network.now + 100)
    assert len(network.arrivals) == len(requests)
    return network


@given(limit=st.integers(1, 25), requests=REQUESTS)
def test_no_ten_seconds_at_hubspot_hold_more_than_the_limit_whatever_it_answers_and_when(limit, requests):
    network = sent(Allowance(limit), requests)

    assert busiest(network.arrivals) <= limit
    assert busiest(network.departures) <= limit


@given(limit=st.integers(1, 25), lower=st.integers(1, 25), requests=REQUESTS)
def test_a_lower_limit_that_hubspot_told_holds_from_then_on(limit, lower, requests):
    allowance = Allowance(limit)
    allowance.answered(allowance.take(0.0), told(lower), 0.0)
    constant = [(gap, there, back, told(lower), refused) for gap, there, back, _, refused in requests]

    network = sent(allowance, constant)

    assert busiest(network.arrivals) <= min(limit, lower)


@pytest.mark.parametrize("tier", [100, 110, 190, 250])
@pytest.mark.parametrize("configured", [100, 190, 250])
@settings(max_examples=20)
@given(ways=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=30, max_size=30))
def test_a_portal_of_any_tier_never_says_429_whatever_the_network_does(tier, configured, ways):
    network = Network(Allowance(configured), portal(Limits(burst=tier, daily=0)))

    for number in range(600):
        network.send(*ways[number % len(ways)])
    network.pass_time(network.now + 1)

    assert network.refused == 0
    assert busiest(network.arrivals) <= min(tier, configured)


@pytest.mark.parametrize("tier", [100, 190, 250])
def test_a_long_run_gets_95_percent_of_the_limit_at_answers_of_100_ms(tier):
    network = Network(Allowance(250), portal(Limits(burst=tier, daily=0)))

    for _ in range(3000):
        network.send(0.05, 0.05)

    assert network.refused == 0
    assert 3000 / network.now >= 0.95 * tier / 10


def test_a_short_run_leaves_as_fast_as_its_answers_come():
    network = Network(Allowance(190), portal(Limits(burst=190, daily=0)))

    for _ in range(90):
        network.send(0.05, 0.05)

    assert network.now <= 0.1


def test_a_portal_that_tells_no_limit_gets_a_few_at_once_and_the_others_evenly():
    network = Network(Allowance(100), silent)

    for _ in range(30):
        network.send()

    gaps = [after - before for before, after in pairwise(network.departures)]
    assert gaps[:9] == [0.0] * 9
    assert gaps[9:] == pytest.approx([10.05 / 97] * 20)


@pytest.mark.parametrize("headers", [{}, told(5, 4, 1000), told("many"), told(0), told(-3), told("1" * 30)])
def test_headers_that_say_nothing_about_ten_seconds_change_nothing(headers):
    allowance = Allowance(100)

    allowance.answered(allowance.take(0.0), headers, 0.0)

    assert allowance.allowed(0.0) == 97


def test_hubspots_limit_never_raises_the_configured_one():
    allowance = Allowance(100)

    allowance.answered(allowance.take(0.0), told(250, 249), 0.0)

    assert allowance.allowed(0.0) == 97


def test_a_limit_that_hubspot_raises_again_is_used():
    allowance = Allowance(190)

    allowance.answered(allowance.take(0.0), told(100, 99), 0.0)
    lowered = allowance.allowed(0.0)
    allowance.answered(allowance.take(1.0), told(250, 248), 1.0)

    assert (lowered, allowance.allowed(1.0)) == (97, 184)


def test_a_limit_far_below_the_configured_one_is_kept_even_if_others_use_it_up():
    allowance = Allowance(250)

    allowance.answered(allowance.take(0.0), told(5, 0), 0.0)

    assert allowance.allowed(0.0) == 1


def test_beside_others_requests_leave_evenly():
    allowance = Allowance(190)
    allowance.answered(allowance.take(0.0), told(190, 129), 0.0)
    network = Network(allowance, lambda _: (told(190, 129), False))

    for _ in range(5):
        network.send(0.05, 0.05)

    gaps = [after - before for before, after in pairwise(network.departures)]
    assert gaps == pytest.approx([10.05 / 124] * 4)


def test_others_on_the_token_keep_their_room_until_they_are_gone():
    allowance = Allowance(190)

    allowance.answered(allowance.take(0.0), told(190, 129), 0.0)  # 61 counted, one of them ours

    assert [allowance.allowed(at) for at in (0.0, 10.0, 20.0)] == [184 - 60] * 3
    assert allowance.allowed(20.2) == 184


def test_the_most_that_was_seen_of_others_lasts_a_window_and_no_longer_than_two():
    recent = Recent(10.0)
    recent.note(50, 0.0)
    recent.note(10, 5.0)

    recent.note(20, 11.0)

    assert [recent.most(at) for at in (11.0, 21.0, 21.1, 31.0, 31.1)] == [50, 50, 20, 20, 0]


def test_a_token_that_others_use_up_still_moves_on():
    allowance = Allowance(190)

    allowance.answered(allowance.take(0.0), told(190, 0), 0.0)

    assert allowance.allowed(0.0) == 19


def test_our_own_requests_are_not_taken_for_others():
    limits = Limits(burst=190, daily=0)
    allowance = Allowance(190)
    network = Network(allowance, portal(limits))

    for number in range(150):
        network.send(0.01 * (number % 7), 0.3 - 0.01 * (number % 5))
        network.pass_time(network.now + 0.01)

    assert allowance.allowed(network.now) == 184


def test_with_others_at_a_quarter_of_the_limit_nobody_meets_a_429():
    limits = Limits(burst=190, daily=0)
    refused_others = []
    serve = portal(limits)
    network = Network(Allowance(190), serve)
    for number in range(250):  # 5 a second for 50 seconds
        network.at(number / 5, lambda: refused_others.append(serve(network.now)[1]))

    network.pass_time(10.0)
    for _ in range(3):  # every run begins with a few requests one after another
        network.send(0.05, 0.05)
        network.pass_time(network.now + 0.1)
    for _ in range(400):
        network.send(0.05, 0.05)
    network.pass_time(50.0)

    assert len(refused_others) == 250
    assert not any(refused_others)
    assert network.refused == 0


def test_a_429_stops_everybody_then_slows_them_and_the_pace_recovers():
    allowance = Allowance(190)
    allowance.answered(allowance.take(0.0), told(190, 189), 0.0)

    allowance.throttled(allowance.take(1.0), 10.0, 1.0)

    assert allowance.ready_at(1.0) == 11.0
    assert [allowance.allowed(at) for at in (11.0, 31.0, 61.0, 99.0)] == [138, 156, 184, 184]


def test_of_two_429s_the_longer_wait_counts():
    allowance = Allowance(190)
    places = [allowance.take(0.0), allowance.take(0.0)]

    allowance.throttled(places[0], 20.0, 1.0)
    allowance.throttled(places[1], 3.0, 2.0)

    assert allowance.ready_at(2.0) == 21.0


def test_requests_that_met_the_same_429_slow_the_pace_once():
    allowance = Allowance(100)
    places = [allowance.take(0.0) for _ in range(8)]

    for place in places:
        allowance.throttled(place, 10.0, 0.1)
    once = allowance.allowed(10.1)
    allowance.throttled(allowance.take(10.1), 10.0, 10.2)

    assert (once, allowance.allowed(20.2)) == (72, 54)


def test_after_a_429_requests_leave_evenly_even_if_the_limit_is_known():
    allowance = Allowance(100)
    allowance.answered(allowance.take(0.0), told(100, 99), 0.0)
    allowance.throttled(allowance.take(0.0), 10.0, 0.0)
    network = Network(allowance, lambda _: (told(100), False))

    for _ in range(5):
        network.send()

    gaps = [after - before for before, after in pairwise(network.departures)]
    assert network.departures[0] == 10.0
    assert all(gap == pytest.approx(10.05 / 72, rel=0.02) for gap in gaps)


def test_a_limit_that_nobody_tells_is_found_by_429s_alone():
    """190 is configured, the portal allows 100 and sends no header: the pace settles below, without many 429s."""
    limits = Limits(burst=100, daily=0)
    network = Network(Allowance(190), lambda now: ({}, limits.admit(now, DAY)[1] is not None))

    for _ in range(3000):
        network.send(0.05, 0.05)

    assert 0 < network.refused <= 40
    assert 3000 / network.now >= 0.6 * 10


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
