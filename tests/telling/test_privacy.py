"""Whatever leaves while nights go well and badly: nobody's address, name or customer id is in it, and no token."""

import json
import logging
import os
import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from unittest import mock

import pytest
import structlog

from sync.app import open_state
from sync.approval import approve
from sync.health import HealthServer
from sync.init import set_up_folder
from sync.observe import NAME, configure_service_logs
from sync.runner import RunRequest, run
from sync.sandbox import TOKEN, Sandbox
from sync.settings import load_settings
from sync.telling import RefusedFile, Telling
from sync.telling.conditions import PATIENCE
from tests.cli.installation import MEMBERS, ORDERS, customer_id, furnished, pass_waits, write_csv
from tests.telling.loop import Loop

NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)
DAY = date(2026, 11, 20)
TOML = '[digest]\nis_on = true\n[logs]\nfile = "logs/goldpan.log"\n'


@pytest.fixture(autouse=True)
def unchanged_logging():
    yield
    for handler in [each for each in logging.getLogger().handlers if each.get_name() == NAME]:
        logging.getLogger().removeHandler(handler)
        handler.close()
    structlog.reset_defaults()


@pytest.fixture
def left(tmp_path, hook, monkeypatch, capsys):
    """All that a held, an approved and a failed night say: messages, heartbeats, digests, logs and metrics."""
    pass_waits(monkeypatch)
    for _ in set_up_folder(tmp_path):
        pass
    (tmp_path / "config" / "goldpan.toml").write_text(TOML, encoding="utf-8")
    members = write_csv(tmp_path / "inbox" / "memberships.csv", MEMBERS)
    write_csv(tmp_path / "inbox" / "orders.csv", ORDERS)
    for path in (tmp_path / "inbox").iterdir():
        os.utime(path, (NIGHT.timestamp(),) * 2)
    with Sandbox(furnished(tmp_path / "portal.sqlite"), burst_limit=0) as sandbox:
        variables = {
            "HUBSPOT_BASE_URL": sandbox.url,
            "HUBSPOT_ACCESS_TOKEN": TOKEN,
            "GOLDPAN_HOME": str(tmp_path),
            "GOLDPAN_ALERT_URLS": hook.url,
            "GOLDPAN_HEARTBEAT_URL": f"http://{hook.place}/beat",
        }
        with mock.patch.dict(os.environ, variables):
            settings = load_settings(tmp_path / "config")
        configure_service_logs(settings)
        at = NIGHT
        with open_state(settings) as state:
            telling = Telling(settings, state, clock=lambda: at)
            held = run(settings, RunRequest(as_of=DAY), clock=lambda: at)
            telling.after_run(held)
            approved = approve(settings, held.fingerprint, clock=lambda: at + timedelta(hours=1))
            telling.after_run(approved)
            members.write_text("Name,Mail\nAda Lovelace,ada@example.org\n", encoding="utf-8")
            failed = run(settings, RunRequest(as_of=DAY), clock=lambda: at + timedelta(hours=2))
            telling.after_run(failed)
            telling.files_refused([RefusedFile("ada@example.org.xlsx", "inbox", "who is ben@example.org?")])
            telling.source_problem("inbox", "eve@example.org")
            at += PATIENCE
            telling.source_problem("inbox", "eve@example.org")
            server = HealthServer(settings, lambda: nullcontext(state), Loop(), clock=lambda: at)
            metrics = server.answer("/metrics", "")[1].decode()
    assert [held.status, approved.status, failed.status] == ["held", "done", "failed"], failed.problems
    assert any("***@" in problem for problem in held.problems)  # a masked example, which is no business of a message
    log = (tmp_path / "logs" / "goldpan.log").read_text(encoding="utf-8")
    return {"asked": json.dumps(hook.asked), "log": log, "metrics": metrics, "printed": "".join(capsys.readouterr())}


def test_nothing_that_leaves_is_about_a_single_person(left):
    people = {row["Customer Name"] for row in MEMBERS} | {row["Contact Email"] for row in MEMBERS}
    names = {part for row in MEMBERS for part in row["Customer Name"].split()}
    numbers = {customer_id(number).lstrip("0") for number in range(1, 7)}
    private = people | names | numbers | {TOKEN, "example.org"}
    found = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in private) + "|@", re.IGNORECASE)

    assert {where: found.findall(text) for where, text in left.items()} == {where: [] for where in left}


def test_but_all_of_it_was_said(left, hook):
    assert hook.titles == [
        "run held (first_load)",
        "held, 0 created, 0 updated",
        "run recovered",
        "done, 5 created, 0 updated",
        "run failed",
        "failed, 0 created, 0 updated",
        "1 file refused",
        "source inbox unreachable",
    ]
    assert [path for path in hook.paths if path != "/hook"] == ["/beat/fail", "/beat", "/beat/fail"]
    events = [json.loads(line)["event"] for line in left["log"].splitlines()]
    assert events.count("run.finished") == 3
    assert "goldpan_last_run_status" in left["metrics"]
