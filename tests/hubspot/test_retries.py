"""A request without an answer is sent again as HubSpot's table says, by us alone, and not for ever."""

import gc
from itertools import pairwise

import pytest

from goldpan.errors import FatalError, TransientError
from sync.destinations.hubspot import HubSpotDestination, Retries
from tests.hubspot.stage import TOKEN, Reply, changes, drained, echo, tally, throttled, verdicts

HTML = b"<html><body>502 Bad Gateway \xe9</body></html>"
DETAILS = {"portalId": 123, "accountType": "STANDARD", "timeZone": "US/Eastern", "uiDomain": "app.hubspot.com"}


def settled(destination, wanted):
    batches, failure = drained(destination.write(wanted))
    return verdicts(batches), failure


@pytest.mark.parametrize("status", [423, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526])
def test_a_passing_trouble_is_ridden_out(hubspot, destination, status):
    hubspot.play(Reply(status, HTML, {"Content-Type": "text/html"}))

    outcomes, failure = settled(destination, changes(3))

    assert failure is None
    assert tally(outcomes)["applied"] == 3
    assert (destination.requests.sent, destination.requests.retried) == (2, 1)


def moments_of(hubspot, clock, answer):
    """When requests arrive, by the test's clock."""
    moments = []
    hubspot.otherwise = lambda request: moments.append(clock.now()) or answer(request)
    return moments


def test_waits_double_up_to_the_longest_each_with_jitter(hubspot, open_destination, clock):
    moments = moments_of(hubspot, clock, lambda _: Reply(503))

    settled(open_destination(retries=Retries(attempts=6, first_wait_seconds=1, longest_wait_seconds=4)), changes(1))

    waits = [after - before for before, after in pairwise(moments)]
    for seconds, least in zip(waits, (1, 2, 4, 4, 4), strict=True):
        assert least < seconds < 1.5 * least + 0.01
    assert len(set(waits)) == 5


@pytest.mark.parametrize(("reply", "least"), [(Reply(503, headers={"Retry-After": "17"}), 17), (Reply(423), 2)])
def test_a_wait_that_hubspot_asks_for_is_kept_with_jitter(hubspot, destination, clock, reply, least):
    moments = moments_of(hubspot, clock, echo)
    hubspot.play(reply)

    settled(destination, changes(1))

    assert least < moments[0] - 1000 < least + 1.01


@pytest.mark.parametrize("words", ["nan", "inf", "-inf", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-5", "1e999"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_that_makes_no_sense_counts_as_none(hubspot, destination, clock, status, words):
    hubspot.play(Reply(status, {}, {"Retry-After": words}))

    outcomes, failure = settled(destination, changes(1))

    assert failure is None
    assert tally(outcomes)["applied"] == 1
    assert clock.seconds - 1000 <= 11.1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(503, HTML), "server_error"),
        (Reply(drop=True), "connection_lost"),
        (Reply(423), "locked"),
        (Reply(200, b'{"status": "COMPLETE", "results": [{"id'), "incomplete_answer"),
        (Reply(200, HTML), "incomplete_answer"),
        (Reply(200, b"[]"), "incomplete_answer"),
        (Reply(200, {"status": "COMPLETE", "results": []}, keep=9), "connection_lost"),
        (Reply(200, {"status": "COMPLETE", "results": []}, keep=9, says_length=False), "incomplete_answer"),
    ],
)
def test_after_the_last_try_a_change_is_unknown_with_the_reason(hubspot, destination, reply, reason):
    hubspot.otherwise = lambda _: reply

    outcomes, failure = settled(destination, changes(2))

    assert failure is None
    assert {(o.verdict.value, o.reason) for o in outcomes.values()} == {("unknown", reason)}
    assert len(hubspot.requests) == 3


@pytest.fixture
def no_collection():
    """A collection at the bottom of the stack would have no room for what it has to close."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    ("reply", "reason"),
    [(Reply(200, b"[" * 100_000), "incomplete_answer"), (Reply(503, b'{"message":' * 100_000), "server_error")],
)
def test_a_body_that_is_nested_without_end_is_no_answer(hubspot, destination, reply, reason):
    hubspot.otherwise = lambda _: reply

    outcomes, failure = settled(destination, changes(1))

    assert failure is None
    assert outcomes["m0@example.org"].reason == reason


def test_a_truncated_answer_is_asked_for_again(hubspot, destination):
    hubspot.play(lambda request: Reply(200, echo(request).body, keep=40, says_length=False))

    assert tally(settled(destination, changes(3))[0])["applied"] == 3


def test_a_late_answer_is_a_timeout(hubspot, open_destination):
    hubspot.otherwise = lambda _: Reply(seconds=0.5)

    outcomes, _ = settled(open_destination(timeouts=(1.0, 0.1), retries=Retries(attempts=2)), changes(1))

    assert outcomes["m0@example.org"].reason == "timeout"
    assert len(hubspot.requests) == 2


def test_nobody_retries_behind_our_back(hubspot, open_destination):
    hubspot.otherwise = lambda _: Reply(drop=True)
    destination = open_destination(retries=Retries(attempts=1))

    settled(destination, changes(1))
    with pytest.raises(TransientError):
        destination.portal()

    assert hubspot.paths() == ["POST /crm/v3/objects/contacts/batch/upsert", "GET /account-info/v3/details"]
    assert (destination.requests.sent, destination.requests.retried) == (2, 0)


def test_a_redirect_is_not_followed_with_the_token(hubspot, destination):
    hubspot.play(Reply(302, headers={"Location": f"{hubspot.url}/elsewhere"}))

    with pytest.raises(FatalError, match="HUBSPOT_BASE_URL"):
        destination.portal()

    assert len(hubspot.requests) == 1


def test_a_burst_429_makes_everybody_wait_ten_seconds_then_goes_out_again(hubspot, open_destination, clock):
    hubspot.play(throttled())
    destination = open_destination(workers=1)

    outcomes, failure = settled(destination, changes(100))

    assert failure is None
    assert tally(outcomes)["applied"] == 100
    assert 10 < clock.seconds - 1000 <= 11.1
    assert (destination.requests.sent, destination.requests.retried, destination.requests.throttled) == (2, 1, 1)


def test_a_429_with_retry_after_waits_as_long_as_it_says(hubspot, open_destination, clock):
    hubspot.play(throttled(**{"Retry-After": "3"}))

    settled(open_destination(workers=1), changes(1))

    assert 3 <= clock.seconds - 1000 <= 4.1


def test_after_a_429_everybody_goes_slower_and_gently_faster_again(hubspot, open_destination, clock):
    """72, 75, 77 … in ten seconds instead of 97."""
    moments = moments_of(hubspot, clock, echo)
    hubspot.play(throttled())
    destination = open_destination(burst_limit=100, workers=1)

    settled(destination, changes(30_000))

    gaps = [after - before for before, after in pairwise(moments)]
    assert gaps[20] > gaps[200] > gaps[-1] > 10.05 / 98
    assert gaps[20] == pytest.approx(10.05 / 72, rel=0.05)


def test_a_daily_limit_after_a_lost_answer_stops_the_run(hubspot, open_destination):
    hubspot.play(Reply(504), throttled("DAILY"))

    outcomes, failure = settled(open_destination(workers=1), changes(300))

    assert isinstance(failure, TransientError)
    assert len(hubspot.requests) == 2
    assert tally(outcomes) == {**tally({}), "unknown": 100}


def test_a_request_that_met_only_429s_when_the_run_stops_counts_as_not_sent(hubspot, open_destination):
    """HubSpot said clearly that it did nothing."""
    hubspot.otherwise = lambda _: throttled()
    retries = Retries(attempts=100, at_least=3)

    outcomes, failure = settled(open_destination(workers=1, retries=retries), changes(1))

    assert isinstance(failure, TransientError)
    assert outcomes["m0@example.org"].reason == "not_sent"
    assert len(hubspot.requests) == 4


def test_a_429_that_does_not_end_leaves_the_change_unknown(hubspot, destination):
    hubspot.otherwise = lambda _: throttled()

    outcomes, _ = settled(destination, changes(1))

    assert outcomes["m0@example.org"].reason == "throttled"
    assert destination.requests.throttled == 3


@pytest.mark.parametrize(
    "reply",
    [
        throttled("DAILY"),
        throttled(**{"Retry-After": "7200"}),
        Reply(477),
        Reply(477, headers={"Retry-After": "7200"}),
        Reply(503, headers={"Retry-After": "7200"}),
    ],
)
def test_a_wait_of_hours_is_not_sat_out(hubspot, destination, clock, reply):
    hubspot.play(reply)

    with pytest.raises(TransientError, match="The rest was not sent"):
        destination.portal()

    assert len(hubspot.requests) == 1
    assert clock.slept == []


def test_an_unreachable_hubspot_is_told_with_its_address_and_what_to_check(clock):
    settings = {"clock": clock.now, "sleep": clock.sleep, "retries": Retries(attempts=3)}
    with HubSpotDestination(token=TOKEN, base_url="http://127.0.0.1:9", **settings) as destination:
        with pytest.raises(TransientError, match=r"http://127\.0\.0\.1:9 .*HUBSPOT_BASE_URL"):
            destination.portal()

        assert destination.requests.sent == 3


def test_a_server_that_does_not_speak_tls_is_told(hubspot, clock):
    url = hubspot.url.replace("http:", "https:")
    settings = {"clock": clock.now, "sleep": clock.sleep, "retries": Retries(attempts=2)}

    with (
        HubSpotDestination(token=TOKEN, base_url=url, **settings) as destination,
        pytest.raises(TransientError, match="TLS"),
    ):
        destination.portal()


def test_connections_are_kept_and_not_more_than_workers(hubspot, open_destination):
    destination = open_destination(workers=3)

    settled(destination, changes(2000))
    hubspot.play(Reply(200, DETAILS))
    destination.portal()

    assert len(hubspot.requests) == 21
    assert len(hubspot.connections) <= 3


def test_the_burst_limit_is_kept_while_sending(hubspot, open_destination, clock):
    times = []
    hubspot.otherwise = lambda request: times.append(clock.now()) or echo(request)

    settled(open_destination(workers=1, burst_limit=100), changes(25_000))

    assert len(times) == 250
    assert all(later - earlier >= 10 for earlier, later in zip(times, times[100:], strict=False))
