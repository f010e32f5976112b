"""The burst limit holds in every window, for any answers and delays; it is learnt, used up, and shared with others."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.destinations.hubspot.allowance import Allowance, Recent
from sync.sandbox.access import Limits
from tests.hubspot.network import DAY, Network, busiest, fixed, portal, silent, told, whole_seconds

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

WAYS = st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=30, max_size=30)


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
@given(ways=WAYS)
def test_a_portal_of_any_tier_never_says_429_whatever_the_network_does(tier, configured, ways):
    network = Network(Allowance(configured), portal(Limits(burst=tier, daily=0)))

    for number in range(600):
        network.send(*ways[number % len(ways)])
    network.pass_time(network.now + 1)

    assert network.refused == 0
    assert busiest(network.arrivals) <= min(tier, configured)


@settings(max_examples=20)
@given(begins_at=st.floats(0, 10), ways=WAYS)
def test_a_portal_with_fixed_windows_never_says_429_wherever_they_begin(begins_at, ways):
    network = Network(Allowance(100), fixed(100, begins_at))

    for number in range(500):
        network.send(*ways[number % len(ways)])
    network.pass_time(network.now + 1)

    assert network.refused == 0


@pytest.mark.parametrize("rate", [0.9965, 1.0, 1.0035])
def test_the_limit_holds_by_clocks_that_run_and_read_otherwise(rate):
    """HubSpot's clocks run 0.35 % slower or faster than ours and are up to 14 ms apart; the margin of 50 ms bears both.

    Answers come at once here: nothing else keeps the windows apart.
    """
    network = Network(Allowance(100), portal(Limits(burst=100, daily=0)))

    for _ in range(500):
        network.send()
    network.pass_time(network.now + 1)

    theirs = [moment * rate + (number % 8 - 4) * 0.002 for number, moment in enumerate(network.arrivals)]
    assert busiest(theirs) <= 100


@pytest.mark.parametrize("tier", [100, 190, 250])
def test_a_long_run_gets_97_percent_of_the_limit_at_answers_of_100_ms(tier):
    """However long: the second thousand, when the window was never empty, needs no longer than the limit and 3 %."""
    network = Network(Allowance(250), portal(Limits(burst=tier, daily=0)))

    for _ in range(10 * tier):
        network.send(0.05, 0.05)
    begin = network.now
    for _ in range(20 * tier):
        network.send(0.05, 0.05)

    assert network.refused == 0
    assert 20 * tier / (network.now - begin) >= 0.97 * tier / 10


@pytest.mark.parametrize(("limit", "waits"), [(100, 3), (200, 1), (400, 0)])
def test_a_run_that_fills_its_windows_to_the_brim_needs_none_more(limit, waits):
    network = Network(Allowance(limit), portal(Limits(burst=limit, daily=0)))

    for _ in range(400):
        network.send(0.05, 0.05)

    assert waits * 10 <= network.now <= waits * 10.2 + 0.2


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

    assert allowance.allowed(0.0) == 100


def test_a_limit_that_hubspot_raises_again_is_used():
    allowance = Allowance(190)

    allowance.answered(allowance.take(0.0), told(100, 99), 0.0)
    lowered = allowance.allowed(0.0)
    allowance.answered(allowance.take(1.0), told(250, 248), 1.0)

    assert (lowered, allowance.allowed(1.0)) == (100, 190)


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


def test_whom_we_saw_once_is_expected_again():
    """Somebody else, or a 429: 3 % of the limit stay unused from then on."""
    alone, beside, crowded = Allowance(190), Allowance(190), Allowance(190)
    alone.answered(alone.take(0.0), told(190, 189), 0.0)
    beside.answered(beside.take(0.0), told(190, 188), 0.0)
    crowded.answered(place := crowded.take(0.0), told(190, 189), 0.0)
    crowded.throttled(place, 10.0, 0.0)

    assert [allowance.allowed(600.0) for allowance in (alone, beside, crowded)] == [190, 184, 184]


def test_a_run_that_keeps_the_window_full_leaves_the_door_ajar_after_40_seconds_until_it_has_a_break():
    network = Network(Allowance(100), portal(Limits(burst=100, daily=0)))
    allowed_at = {}

    for _ in range(600):
        network.send(0.05, 0.05)
        allowed_at[network.now] = network.allowance.allowed(network.now)
    network.pass_time(network.now + 30)
    for _ in range(300):
        network.send(0.05, 0.05)

    assert {allowed for now, allowed in allowed_at.items() if 1 < now < 40} == {100}
    assert {allowed for now, allowed in allowed_at.items() if now > 41} == {99}
    assert network.allowance.allowed(network.now) == 100


def test_somebody_else_who_asks_now_and_then_gets_in_although_a_run_keeps_the_window_full():
    refused_at = []
    limits = Limits(burst=190, daily=0)
    serve = portal(limits)
    network = Network(Allowance(190), serve)
    for number in range(40):  # every five seconds
        network.at(5.0 * number + 2, lambda: refused_at.append(network.now) if serve(network.now)[1] else None)

    for _ in range(3500):
        network.send(0.05, 0.05)

    assert network.now > 180
    assert network.refused == 0
    assert all(moment < 55 for moment in refused_at)


def test_after_a_silence_one_request_goes_first_and_the_others_when_it_is_answered():
    network = Network(Allowance(190), portal(Limits(burst=190, daily=0)))
    network.send(0.05, 0.05)
    network.pass_time(60.0)

    for _ in range(100):
        network.send(0.2, 0.2)

    assert network.departures[1:] == pytest.approx([60.0] + [60.4] * 99)


def test_who_goes_first_makes_the_others_wait_a_second_at_most():
    network = Network(Allowance(190), portal(Limits(burst=190, daily=0)))
    network.send(0.05, 0.05)
    network.pass_time(60.0)

    for _ in range(100):
        network.send(5.0, 5.0)

    assert network.departures[1:] == pytest.approx([60.0] + [61.0] * 99)


def test_a_request_that_goes_first_and_does_not_leave_after_all_holds_nobody():
    allowance = Allowance(190)
    allowance.answered(allowance.take(0.0), told(190, 189), 0.0)

    allowance.take(60.0)
    held = allowance.ready_at(60.0)
    allowance.give_back()

    assert (held, allowance.ready_at(60.0)) == (None, 60.0)


def test_a_portal_that_counts_more_than_ten_seconds_says_429_once():
    """One alone meets it, since it goes first; beside the count that HubSpot tells from then on there is room."""
    network = Network(Allowance(190), whole_seconds(190))

    for _ in range(1500):
        network.send(0.05, 0.05)

    assert network.refused == 1


def test_our_own_requests_are_not_taken_for_others():
    limits = Limits(burst=190, daily=0)
    allowance = Allowance(190)
    network = Network(allowance, portal(limits))

    for number in range(150):
        network.send(0.01 * (number % 7), 0.3 - 0.01 * (number % 5))
        network.pass_time(network.now + 0.01)

    assert allowance.allowed(network.now) == 190


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
