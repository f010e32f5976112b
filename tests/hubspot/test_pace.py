"""The burst limit holds in every window, for any callers, and costs little."""

import threading
from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.destinations.hubspot.pace import Pace
from tests.hubspot.stage import Clock


def busiest(times, seconds):
    """The most requests in any window of that length that ends before its end point (half open)."""
    return max((at + 1 - bisect_left(times, times[at] - seconds + 1e-6) for at in range(len(times))), default=0)


def departures(limit, gaps, clock, **settings):
    """When requests leave that are asked for ``gaps`` seconds after one another."""
    pace = Pace(limit, clock=clock.now, sleep=clock.sleep, **settings)
    times = []
    for gap in gaps:
        clock.sleep(gap)
        pace.wait()
        times.append(clock.now())
    return times


@given(
    limit=st.integers(1, 25),
    burst=st.integers(1, 30),
    gaps=st.lists(st.one_of(st.just(0.0), st.floats(0, 12)), max_size=150),
)
def test_no_ten_seconds_hold_more_than_the_limit(limit, burst, gaps):
    times = departures(limit, gaps, Clock(), burst=burst)

    assert busiest(times, 10.0) <= limit


@given(limit=st.integers(1, 25), late=st.lists(st.floats(0, 0.19), min_size=120, max_size=120))
def test_requests_that_are_late_on_their_way_stay_within_the_limit(limit, late):
    times = departures(limit, [0.0] * 120, Clock())

    arrivals = sorted(time + delay for time, delay in zip(times, late, strict=True))

    assert busiest(arrivals, 10.0) <= limit


@pytest.mark.parametrize("limit", [100, 190, 250])
def test_a_long_run_gets_97_percent_of_the_limit(limit):
    times = departures(limit, [0.0] * 3000, Clock())

    assert 3000 / (times[-1] - times[0]) >= 0.97 * limit / 10


def test_the_first_requests_do_not_wait():
    clock = Clock()

    departures(190, [0.0] * 10, clock)

    assert clock.seconds == 1000.0


def test_after_the_first_requests_the_others_leave_evenly():
    times = departures(100, [0.0] * 30, Clock())

    gaps = [after - before for before, after in pairwise(times[10:])]

    assert gaps == pytest.approx([0.102] * len(gaps))


def test_a_pause_holds_everybody_and_the_longest_counts():
    clock = Clock()
    pace = Pace(190, clock=clock.now, sleep=clock.sleep)

    pace.pause(12)
    pace.pause(3)
    pace.wait()

    assert clock.seconds == pytest.approx(1012)


def test_a_lowered_limit_holds_from_then_on():
    clock = Clock()
    pace = Pace(200, clock=clock.now, sleep=clock.sleep)
    for _ in range(5):
        pace.wait()

    pace.limit = 2
    times = []
    for _ in range(6):
        pace.wait()
        times.append(clock.now())

    assert busiest(times, 10.0) <= 2


def test_threads_share_one_limit():
    clock = Clock()
    pace = Pace(20, clock=clock.now, sleep=clock.sleep)
    times = []

    def send():
        for _ in range(15):
            pace.wait()
            times.append(clock.now())

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(times) == 120
    assert max(times) - min(times) >= 10 * (120 / 20 - 1)


def test_a_limit_that_lets_nothing_through_is_refused():
    with pytest.raises(ValueError, match="lets nothing through"):
        Pace(0)
