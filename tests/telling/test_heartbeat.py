"""The dead man's switch: asked after each night, at success and at failure, and never in a run's way."""

import pytest

from sync.telling.heartbeat import ATTEMPTS, fail_url, ping


class Sleep:
    """Waits that pass at once."""

    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://ping.example.com/uuid", "https://ping.example.com/uuid/fail"),
        ("https://ping.example.com/uuid/", "https://ping.example.com/uuid/fail"),
        ("https://ping.example.com/push/key?status=up", "https://ping.example.com/push/key/fail?status=up"),
    ],
)
def test_a_failure_is_told_below_the_address(url, wanted):
    assert fail_url(url) == wanted


def test_success_and_failure_are_asked_once_each(hook):
    assert ping(f"http://{hook.place}/uuid", is_well=True)
    assert ping(f"http://{hook.place}/uuid", is_well=False)

    assert [(method, path) for method, path, _ in hook.asked] == [("GET", "/uuid"), ("GET", "/uuid/fail")]


def test_an_address_that_does_not_answer_well_is_tried_again(hook):
    hook.statuses = [500, 503]
    sleep = Sleep()

    assert ping(f"http://{hook.place}/uuid", is_well=True, sleep=sleep)

    assert hook.paths == ["/uuid"] * ATTEMPTS
    assert sleep.seconds == [1, 2]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/uuid", "nonsense", "http://bad host/uuid", "file:///etc/hostname"])
def test_an_address_that_is_away_or_none_breaks_nothing(url):
    assert ping(url, is_well=True, sleep=Sleep()) is False


def test_what_is_logged_holds_no_secret(hook, capsys):
    hook.is_away = True

    ping(f"http://{hook.place}/secret-uuid", is_well=True, sleep=Sleep())

    said = "".join(capsys.readouterr())
    assert "heartbeat.unanswered" in said
    assert "secret-uuid" not in said


def test_each_way_a_run_ends_is_well_or_not(tell, configured, ran, hook):
    telling = tell(configured(GOLDPAN_ALERT_URLS="", GOLDPAN_HEARTBEAT_URL=f"http://{hook.place}/u"))
    for status in ("done", "partial", "held", "failed", "interrupted"):
        telling.after_run(ran(status))
    telling.after_run(ran("failed", kind="repair"))  # it says nothing of the nights
    telling.after_run(ran("done", dry_run=True, is_stored=False))

    assert hook.paths == ["/u", "/u", "/u/fail", "/u/fail", "/u/fail"]
