"""`goldpan serve`, killed or told to stop at any moment: the next start goes on, and HubSpot is right."""

import random
import signal
import time

import pytest

from sync.sandbox import Sandbox
from tests.service.account import assert_all_is_right, is_quiet, statuses_of
from tests.service.dropping import COUNT, CROWDED, load_crowd
from tests.service.serving import LOADED, Serving, wait_until
from tests.test_kill import SEED


def changed(portal: Sandbox, night: int) -> int:
    """How many contacts are as that night's exports have them, also by a request whose answer is under way."""
    return sum(contact["customer_name"].endswith(f" of {night}") for contact in portal.contacts().values())


def test_ended_while_it_sends_the_next_start_finishes(goldpan, sandbox, drops):
    goldpan.configure("goldpan.toml", *CROWDED)
    codes, ends, written = [], [], []
    with Serving(goldpan) as serving:
        load_crowd(goldpan, drops, serving)
        assert serving.end() == 0, serving.told()
    drops.put_night(1)
    for number in (signal.SIGTERM, signal.SIGKILL):
        before = changed(sandbox, 1)
        sandbox.settings.latency_seconds = 0.5
        with Serving(goldpan) as serving:
            wait_until(lambda before=before: changed(sandbox, 1) > before, serving.told)
            sandbox.settings.latency_seconds = 5  # however late the signal comes, not all is written by then
            serving.process.send_signal(number)
            codes.append(serving.wait(30))
        sandbox.settings.latency_seconds = 0
        ends.append(statuses_of(goldpan)[-1])
        written.append(changed(sandbox, 1))
    with Serving(goldpan) as serving:
        serving.hear("run.finished", status="done")
        codes.append(serving.end())

    assert codes == [0, -signal.SIGKILL, 0], serving.told()
    assert 0 < written[0] < written[1] < COUNT
    assert ends == [("run", "interrupted"), ("run", "running")]
    assert statuses_of(goldpan) == [*LOADED, ("run", "interrupted"), ("run", "interrupted"), ("run", "done")]
    assert_all_is_right(goldpan, sandbox, drops)


@pytest.mark.parametrize("times", [2, pytest.param(25, marks=pytest.mark.slow, id="25-slow")])
def test_ended_at_any_moment_the_next_start_goes_on(goldpan, sandbox, drops, times):
    goldpan.configure("goldpan.toml", *CROWDED)
    lots = random.Random(SEED)
    codes = []
    with Serving(goldpan) as serving:
        load_crowd(goldpan, drops, serving)
        sandbox.settings.latency_seconds = 0.05
        begin = time.monotonic()
        drops.put_night(1)
        serving.hear("run.finished", status="done")
        whole = time.monotonic() - begin
        assert serving.end() == 0, serving.told()
    for night in range(2, times + 2):
        drops.put_night(night)
        with Serving(goldpan) as serving:
            serving.hear("service.started")
            time.sleep(lots.uniform(0, whole))
            number = signal.SIGTERM if night % 3 == 0 else signal.SIGKILL
            serving.process.send_signal(number)
            codes.append((number, serving.wait(30)))
    with Serving(goldpan) as serving:
        serving.hear("service.started")
        wait_until(lambda: is_quiet(goldpan), serving.told)
        assert serving.end() == 0, serving.told()

    assert {*codes} == {(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)}
    assert_all_is_right(goldpan, sandbox, drops)
    assert {status for _, status in statuses_of(goldpan)[2:]} <= {"done", "interrupted"}
