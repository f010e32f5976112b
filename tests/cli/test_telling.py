"""A run from cron tells people no less than the service does."""

import pytest

from tests.cli.installation import MEMBERS
from tests.telling.webhooks import webhook


@pytest.fixture
def people():
    with webhook() as running:
        yield running


@pytest.fixture
def goldpan(set_up, sandbox, people):
    goldpan = set_up(sandbox.url)
    goldpan.env |= {"GOLDPAN_ALERT_URLS": people.url, "GOLDPAN_HEARTBEAT_URL": f"http://{people.place}/beat"}
    goldpan.deliver()
    return goldpan


def test_a_held_run_and_its_approval_are_told_and_the_heartbeat_beats(goldpan, people):
    held = goldpan.plan()
    goldpan.approve(held)

    assert people.titles == ["run held (first_load)", "run recovered"]
    assert [path for path in people.paths if "beat" in path] == ["/beat/fail", "/beat"]


def test_a_dry_run_tells_nobody(goldpan, people):
    goldpan.plan("--dry-run")

    assert people.asked == []


def test_who_cannot_be_told_breaks_no_run(goldpan, people):
    people.is_away = True
    goldpan.deliver(MEMBERS[:5])

    assert goldpan.plan().exit_code == 3
    assert goldpan("runs", "--json").json["runs"][0]["status"] == "held"


def test_an_address_that_cannot_be_read_is_a_note(goldpan, tmp_path):
    del goldpan.env["GOLDPAN_ALERT_URLS"]
    goldpan.env["GOLDPAN_ALERT_URLS_FILE"] = str(tmp_path / "nowhere")

    said = goldpan("run", "--as-of", "2026-11-20")

    assert said.exit_code == 3
    assert "Nobody was told of this run" in said.out
