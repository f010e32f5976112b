"""A HubSpot that is down is asked now and then, not hammered; the run waits for it, then ends truthfully."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
import urllib3

from goldpan.errors import TransientError
from goldpan.model import PropertyDefinition, PropertyOption
from sync.destinations.hubspot import HubSpotDestination, Retries
from sync.destinations.hubspot.calls import Calls
from sync.destinations.hubspot.circuit import Circuit, SilentError
from sync.destinations.hubspot.pace import Pace, Waits
from sync.destinations.hubspot.properties import MakeGroup, MakeProperty
from sync.sandbox import TOKEN, Sandbox
from sync.sandbox.faults import Fault
from sync.stopping import Stop
from tests.hubspot.stage import Clock, Reply, change, changes, drained, echo, refusing, tally, throttled, verdicts

NIGHT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
OPTIONS = (PropertyOption("active", "Active"),)
TAGS = PropertyDefinition("membership_status_tags", "Tags", "enumeration", "checkbox", "membership", "", OPTIONS)
PATIENT = Retries(in_a_row=5)
"""Opens before the first request has spent its attempts, in whatever order threads come to run."""
GO_ON = threading.Event()
"""A stop that nobody sets."""


def circuit_with(clock, **retries):
    """A circuit that opens at the third failure."""
    settings = Retries(**{"in_a_row": 3, "silence_seconds": 100.0, **retries})
    return Circuit("https://hub", settings, Waits(clock.now, clock.sleep), today=lambda: NIGHT)


def fail(circuit, clock, times=1):
    """Send that often without an answer; the moments at which it left."""
    moments = []
    for _ in range(times):
        with circuit.passage(GO_ON) as is_probe:
            moments.append(clock.now())
            circuit.unheard(clock.now(), "timeout", is_probe=is_probe)
    return moments


def test_a_few_failures_hold_nobody_back(clock):
    circuit = circuit_with(clock)

    fail(circuit, clock, 2)

    assert circuit.lets(is_probe=False)
    assert clock.slept == []


def test_failures_count_only_in_a_row(clock):
    circuit = circuit_with(clock)

    for _ in range(5):
        fail(circuit, clock, 2)
        circuit.heard()

    assert circuit.lets(is_probe=False)


def test_once_open_it_sends_probes_after_growing_waits(clock):
    circuit = circuit_with(clock, first_wait_seconds=1, longest_wait_seconds=8, silence_seconds=1000)

    moments = fail(circuit, clock, 9)

    assert moments[:3] == [1000.0] * 3
    waits = [after - before for before, after in pairwise(moments[2:])]
    for seconds, least in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert least <= seconds <= 1.5 * least


def test_an_answer_closes_it_and_the_waits_begin_small_again(clock):
    circuit = circuit_with(clock)
    fail(circuit, clock, 6)

    circuit.heard()
    is_closed = circuit.lets(is_probe=False)
    moments = fail(circuit, clock, 4)

    assert is_closed
    assert moments[3] - moments[2] <= 1.5


def test_after_its_patience_it_gives_up_for_good_and_says_since_when(clock):
    circuit = circuit_with(clock)

    with pytest.raises(SilentError) as caught:
        fail(circuit, clock, 50)

    said = caught.value
    assert 100 <= clock.seconds - 1000 <= 101
    assert said.silent_since == NIGHT - timedelta(seconds=clock.seconds - 1000)
    assert isinstance(said, TransientError)
    assert said.reason == "not_sent"
    assert "https://hub since 2026-11-20 02:28:" in str(said)
    assert "for 1 min 40 s" in str(said)
    assert "next run" in str(said)
    circuit.heard()
    with pytest.raises(SilentError):
        fail(circuit, clock)


def test_silence_counts_from_the_last_answer_not_from_an_older_request(clock):
    circuit = circuit_with(clock)
    clock.sleep(90)
    circuit.heard()

    for _ in range(3):
        circuit.unheard(1000.0, "timeout", is_probe=False)  # left long before
    clock.sleep(20)
    circuit.unheard(1000.0, "timeout", is_probe=False)

    assert circuit.end is None


def test_silence_counts_from_when_the_first_unanswered_request_left(clock):
    circuit = circuit_with(clock)
    clock.sleep(120)  # three requests hang until their timeout

    for _ in range(3):
        circuit.unheard(1000.0, "timeout", is_probe=False)

    assert circuit.end is not None


def test_requests_that_fail_late_do_not_put_off_the_probe(clock):
    circuit = circuit_with(clock)
    fail(circuit, clock, 3)

    for _ in range(20):
        circuit.unheard(1000.0, "timeout", is_probe=False)
    moments = fail(circuit, clock)

    assert moments[0] - 1000 <= 1.5


def test_who_waits_takes_turns_as_the_probe():
    """So that a request that HubSpot can't digest isn't the only one that asks."""
    circuit = circuit_with(clock := Clock(), silence_seconds=10_000)
    fail(circuit, clock, 3)
    turns, begin = [], threading.Barrier(3)

    def probe(name):
        begin.wait(timeout=10)
        while len(turns) < 30:
            with circuit.passage(GO_ON) as is_probe:
                time.sleep(0.005)  # so that the others come to stand in line
                turns.append((name, len(circuit._line)))
                circuit.unheard(clock.now(), "timeout", is_probe=is_probe)

    threads = [threading.Thread(target=probe, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    waited = [(name, following) for (name, others), (following, _) in pairwise(turns) if others]
    assert waited
    assert all(name != following for name, following in waited)


def test_an_answer_to_an_older_request_frees_the_probe_from_its_wait():
    """Whoever is under way when it opens may still be answered."""
    clock = Clock()
    waits = Waits(clock.now, lambda seconds: circuit.heard() or clock.sleep(seconds))
    circuit = Circuit("x", Retries(in_a_row=1, first_wait_seconds=100), waits)
    circuit.unheard(1000.0, "timeout", is_probe=False)

    with circuit.passage(GO_ON):
        waited = clock.seconds - 1000

    assert waited <= 1


def test_a_probe_does_not_leave_once_the_run_has_ended():
    clock = Clock()
    waits = Waits(clock.now, lambda seconds: circuit.end_run("too many") or clock.sleep(seconds))
    circuit = Circuit("x", Retries(in_a_row=1, first_wait_seconds=100), waits)
    circuit.unheard(1000.0, "timeout", is_probe=False)

    with pytest.raises(SilentError, match="too many"), circuit.passage(GO_ON):
        pass

    assert clock.seconds - 1000 <= 1


def test_only_one_request_at_a_time_is_a_probe():
    circuit = circuit_with(clock := Clock(), first_wait_seconds=0.01)
    fail(circuit, clock, 3)
    inside, most, together = [], [], threading.Lock()

    def probe():
        with circuit.passage(GO_ON) as is_probe:
            with together:
                inside.append(is_probe)
                most.append(len(inside))
            circuit.unheard(clock.now(), "timeout", is_probe=is_probe)
            with together:
                inside.pop()

    in_threads(probe, 12)

    assert most == [1] * 12


def test_who_waits_goes_on_when_the_probe_is_answered(clock):
    circuit = circuit_with(clock)
    fail(circuit, clock, 3)
    passed = []

    def send():
        with circuit.passage(GO_ON):
            circuit.heard()
            passed.append(1)

    in_threads(send, 10)

    assert len(passed) == 10


def test_a_probe_that_breaks_off_leaves_its_turn_to_the_next(clock):
    circuit = circuit_with(clock)
    fail(circuit, clock, 3)

    with pytest.raises(KeyError), circuit.passage(GO_ON):
        raise KeyError

    with circuit.passage(GO_ON) as is_probe:
        assert is_probe


def test_a_stop_frees_the_probe_and_everybody_behind_it():
    stop, napping = threading.Event(), threading.Event()
    waits = Waits(sleep=lambda _: napping.set() or stop.wait(0.05))
    circuit = Circuit("x", Retries(in_a_row=1, first_wait_seconds=1000, longest_wait_seconds=1000), waits)
    circuit.unheard(0.0, "timeout", is_probe=False)
    freed = []

    def send():
        with circuit.passage(stop):
            freed.append(1)

    threads = [threading.Thread(target=send, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    napping.wait(timeout=10)
    stop.set()
    for thread in threads:
        thread.join(timeout=5)

    assert len(freed) == 5


def in_threads(work, number):
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)


# --- whole runs ------------------------------------------------------------------------------------------------------


def settled(destination, wanted):
    announced = []
    batches, failure = drained(destination.write(wanted, on_sent=announced.extend))
    outcomes = verdicts(batches)
    assert set(outcomes) == {change.email for change in announced}
    return outcomes, failure


@pytest.mark.parametrize("reply", [Reply(503), Reply(drop=True), Reply(200, b"<html>"), Reply(500, b"\xff")])
def test_an_hour_of_silence_in_the_middle_takes_few_requests_and_a_truthful_end(hubspot, open_destination, reply):
    destination = open_destination(workers=16, retries=Retries())
    before, _ = settled(destination, changes(1000))
    asked = len(hubspot.requests)
    hubspot.otherwise = lambda _: reply

    outcomes, failure = settled(destination, changes(20_000))

    assert tally(before)["applied"] == 1000
    assert isinstance(failure, SilentError)
    assert len(hubspot.requests) - asked <= Retries().in_a_row + 16 + 15  # till it opens, under way then, and probes
    assert tally(outcomes) == {**tally({}), "unknown": len(outcomes)}
    assert len(outcomes) <= 2 * 16 * 100
    sent = {email for request in hubspot.requests[asked:] for email in request.ids}
    for email, outcome in outcomes.items():
        assert (outcome.reason == "not_sent") == (email not in sent)
    assert "since 20" in str(failure)


def test_a_request_that_waits_for_its_moment_stays_when_hubspot_falls_silent():
    """One may leave in ten seconds; while it is under way, the next one waits in the pace."""
    clock, sent, second_waits = Clock(), [], threading.Event()
    retries = Retries(attempts=1, in_a_row=1, first_wait_seconds=200, longest_wait_seconds=200)
    pace = Pace(1, clock=clock.now, sleep=clock.sleep)
    calls = Calls("https://hub", pace, (1.0, 1.0), retries, sleep=clock.sleep, stop=Stop())

    def send(**_):
        sent.append(clock.now() - 1000)
        if len(sent) == 1:
            second_waits.wait(timeout=10)
            raise urllib3.exceptions.ReadTimeoutError(None, "", "")
        return SimpleNamespace(headers={}, data=b"{}")

    def second():
        second_waits.set()
        calls.call(send, needs=())

    def first_one():
        with pytest.raises(TransientError):
            calls.call(send, needs=())

    first = threading.Thread(target=first_one)
    first.start()
    while not sent:
        time.sleep(0.001)
    other = threading.Thread(target=second)
    other.start()
    first.join(timeout=10)
    other.join(timeout=10)

    assert len(sent) == 2
    assert sent[1] >= 200


def test_places_that_were_not_used_while_it_was_silent_are_there_afterwards(hubspot, open_destination, clock):
    """Five may leave in ten seconds, so most of the sixteen wait in the pace while the first ones fail."""
    hubspot.otherwise = lambda request: Reply(503) if clock.now() < 1100 else echo(request)
    retries = Retries(in_a_row=3, first_wait_seconds=40, longest_wait_seconds=40)
    destination = open_destination(workers=16, burst_limit=5, retries=retries)

    outcomes, failure = settled(destination, changes(3000))

    assert failure is None
    assert tally(outcomes)["applied"] == 3000


def test_once_the_run_ends_nobody_waits_out_a_long_wait_of_his_own(hubspot, open_destination, clock):
    hubspot.otherwise = lambda _: Reply(503)
    hubspot.play(Reply(503, headers={"Retry-After": "280"}))
    naps = {"sleep": lambda seconds: time.sleep(0.002) or clock.sleep(seconds)}  # lets the other thread come to run
    destination = open_destination(workers=2, retries=Retries(in_a_row=2, silence_seconds=20), **naps)

    outcomes, _ = settled(destination, changes(200))

    assert tally(outcomes)["unknown"] == 200
    assert clock.seconds - 1000 <= 200


def test_after_giving_up_nothing_is_asked_any_more(hubspot, open_destination):
    hubspot.otherwise = lambda _: Reply(503)
    destination = open_destination(workers=16, retries=Retries())
    settled(destination, changes(3000))
    asked = len(hubspot.requests)

    with pytest.raises(SilentError):
        destination.portal()
    with pytest.raises(SilentError):
        list(destination.read_contacts(["jane@example.org"], []))

    assert len(hubspot.requests) == asked


def test_reading_a_hubspot_that_is_silent_ends_with_the_same_words(hubspot, open_destination):
    hubspot.otherwise = lambda _: Reply(503)
    destination = open_destination(workers=16, retries=PATIENT)

    with pytest.raises(TransientError, match=r"no usable answer at .* since .* the next run settles both"):
        list(destination.read_contacts([f"m{number}@example.org" for number in range(5000)], []))


def test_three_minutes_of_silence_are_waited_out(hubspot, open_destination, clock):
    hubspot.otherwise = lambda request: Reply(503) if clock.now() < 1180 else echo(request)
    destination = open_destination(workers=16, retries=PATIENT)

    outcomes, failure = settled(destination, changes(5000))

    assert failure is None
    assert tally(outcomes) == {**tally({}), "applied": 5000}
    assert len(hubspot.requests) <= 50 + 2 * 16 + 15


def test_a_portal_that_comes_back_gets_everything_once(clock):
    """Against the sandbox: its answers after the commit were lost, too, and no contact is there twice."""
    with Sandbox(burst_limit=0, faults=[Fault("status", status=504, when="after", path="*/batch/upsert")]) as sandbox:
        sleep = clock.sleep

        def sleep_until_it_is_back(seconds):
            sleep(seconds)
            if clock.now() > 1090:
                sandbox.faults.replace([])

        settings = {"clock": clock.now, "sleep": sleep_until_it_is_back, "workers": 8, "retries": PATIENT}
        with HubSpotDestination(token=TOKEN, base_url=sandbox.url, **settings) as destination:
            for step in (MakeGroup("membership", "Membership"), MakeProperty(TAGS)):
                destination.set_up(step)
            outcomes, failure = settled(destination, changes(3000))

        assert failure is None
        assert tally(outcomes)["applied"] == 3000
        assert len(sandbox.contacts()) == 3000


def test_a_single_batch_of_a_small_night_is_waited_for_as_long(hubspot, open_destination, clock):
    """Probes don't use up its attempts."""
    hubspot.otherwise = lambda request: Reply(503) if clock.now() < 1270 else echo(request)

    outcomes, failure = settled(open_destination(retries=PATIENT), changes(7))

    assert failure is None
    assert tally(outcomes)["applied"] == 7
    assert len(hubspot.requests) > PATIENT.attempts


def test_a_batch_that_hubspot_cannot_digest_does_not_stop_the_others(hubspot, open_destination):
    hubspot.otherwise = refusing("m150@example.org", status=500)
    destination = open_destination(workers=4, retries=Retries())

    outcomes, failure = settled(destination, changes(1000))

    assert failure is None
    assert tally(outcomes) == {**tally({}), "applied": 900, "unknown": 100}
    assert len(hubspot.requests) == 9 + 6


@pytest.mark.parametrize("reply", [throttled(), Reply(423)])
def test_a_clear_no_is_no_silence(hubspot, open_destination, clock, reply):
    hubspot.otherwise = lambda request: reply if clock.now() < 1050 else echo(request)
    destination = open_destination(workers=2, retries=Retries(attempts=30, in_a_row=2, silence_seconds=10))

    outcomes, failure = settled(destination, changes(500))

    assert failure is None
    assert tally(outcomes)["applied"] == 500


def test_a_refusal_is_an_answer_too(hubspot, open_destination):
    """Each request meets a 503 first, then HubSpot refuses it."""
    numbers = iter(range(10**6))
    no = Reply(400, {"category": "VALIDATION_ERROR", "message": "no"})
    hubspot.otherwise = lambda _: no if next(numbers) % 2 else Reply(503)
    destination = open_destination(workers=1, retries=Retries(in_a_row=2, silence_seconds=5))

    for number in range(10):
        outcomes, failure = settled(destination, [change(f"m{number}@example.org")])

        assert (failure, tally(outcomes)["refused"]) == (None, 1)


def test_a_run_may_not_spend_for_ever_in_retries(hubspot, open_destination):
    """Every second request fails, so nothing is ever silent; the run ends all the same, and says why."""
    numbers = iter(range(10**6))
    hubspot.otherwise = lambda request: Reply(503) if next(numbers) % 2 else echo(request)
    destination = open_destination(workers=4, retries=Retries())

    outcomes, failure = settled(destination, changes(20_000))

    assert isinstance(failure, SilentError)
    assert "had to be sent again" in str(failure)
    assert failure.silent_since is None
    assert destination.requests.retried <= 50 + 4
    assert tally(outcomes)["applied"] >= 4000


def test_a_long_run_may_repeat_its_twentieth_part(hubspot, open_destination):
    numbers = iter(range(10**6))
    hubspot.otherwise = lambda request: Reply(503) if next(numbers) % 25 == 0 else echo(request)
    destination = open_destination(workers=4, retries=Retries(at_least=5))

    outcomes, failure = settled(destination, changes(30_000))

    assert failure is None
    assert tally(outcomes)["applied"] == 30_000
    assert destination.requests.retried > 5


def test_a_caller_that_breaks_off_while_hubspot_is_silent_is_not_held(hubspot):
    """With the real clock: who waits for HubSpot lets go."""
    answered, napping = [], threading.Event()
    hubspot.otherwise = lambda request: Reply(503) if answered else answered.append(1) or echo(request)
    retries = Retries(first_wait_seconds=1000, longest_wait_seconds=1000)
    naps = {"sleep": lambda seconds: napping.set() or time.sleep(min(seconds, 0.05))}
    with HubSpotDestination(token=TOKEN, base_url=hubspot.url, workers=4, retries=retries, **naps) as destination:
        batches = destination.write(changes(3000))

        next(batches)
        napping.wait(timeout=10)
        batches.close()

    assert len(hubspot.requests) <= 8
