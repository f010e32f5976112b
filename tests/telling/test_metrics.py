"""Metrics come from the state, so that they survive a restart; dashboard and rules name none that isn't there."""

import json
import re
from datetime import timedelta

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from sync.metrics import FAMILIES, render
from sync.state import tables as t
from sync.state.alerts import Alerts
from sync.state.store import State
from tests.builders import REPOSITORY

DASHBOARD = json.loads((REPOSITORY / "docs" / "grafana-dashboard.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((REPOSITORY / "docs" / "prometheus-alerts.yml").read_text(encoding="utf-8"))
PROCESS = {"process_resident_memory_bytes"}
WORDS = r"\b(?:goldpan|process)_[a-z_]+\b"


@pytest.fixture
def scrape(configured, state, clock):
    """The samples, as name and labels (in the order of their names) to value."""

    def read(*names):
        page, _ = render(configured(), state, at=clock(), loop_age_seconds=2.0)
        found = {}
        for family in text_string_to_metric_families(page.decode()):
            for sample in family.samples:
                if not names or sample.name in names:
                    found[sample.name, *dict(sorted(sample.labels.items())).values()] = sample.value
        return found

    return read


def test_before_any_run_there_is_no_age_that_would_be_a_lie(scrape):
    names = {name for name, *_ in scrape()}

    assert "goldpan_last_success_age_seconds" not in names
    assert {"goldpan_build_info", "goldpan_held_plans", "goldpan_loop_age_seconds"} <= names


def test_runs_are_counted_by_kind_and_status(scrape, ran):
    for status in ("done", "done", "failed"):
        ran(status)
    ran("done", kind="undo")

    assert scrape("goldpan_runs_total") == {
        ("goldpan_runs_total", "run", "done"): 2,
        ("goldpan_runs_total", "run", "failed"): 1,
        ("goldpan_runs_total", "undo", "done"): 1,
    }


def test_the_last_run_in_numbers(scrape, ran, clock):
    record = ran(
        "partial",
        contacts={"total": 10, "created": 4, "refused": 6},
        rows={"read": 9, "kept": 8, "merged": 1, "skipped": 0, "warnings": 2},
        tags={"expiring_soon": 3},
        seconds={"read": 1.5, "send": 2.0, "total": 3.5},
    )
    record.requests.sent = 5
    clock.go(minutes=5)
    samples = scrape()

    assert samples["goldpan_last_run_contacts", "created"] == 4
    assert samples["goldpan_last_run_contacts", "unchanged"] == 0
    assert samples["goldpan_last_run_rows", "merged"] == 1
    assert samples["goldpan_last_run_stage_seconds", "send"] == 2
    assert ("goldpan_last_run_stage_seconds", "total") not in samples
    assert samples["goldpan_last_run_requests", "throttled"] == 0
    assert samples["goldpan_tag_contacts", "expiring_soon"] == 3
    assert samples["goldpan_last_success_age_seconds",] == samples["goldpan_last_run_age_seconds",] == 300
    assert samples["goldpan_last_run_status", "partial"] == 1
    assert samples["goldpan_last_run_status", "done"] == 0
    assert samples["goldpan_loop_age_seconds",] == 2
    assert samples["process_resident_memory_bytes",] > 1_000_000


def test_a_failed_night_leaves_the_last_success_and_the_tags_where_they_were(scrape, ran, clock):
    ran(tags={"expiring_soon": 3})
    clock.go(hours=24)
    ran("failed")
    clock.go(hours=1)
    samples = scrape()

    assert samples["goldpan_last_success_age_seconds",] == 25 * 3600
    assert samples["goldpan_last_run_age_seconds",] == 3600
    assert samples["goldpan_last_run_status", "failed"] == 1
    assert samples["goldpan_tag_contacts", "expiring_soon"] == 3


def test_a_held_plan_waits_until_it_is_approved_or_a_newer_one_is_made(scrape, ran):
    waits = []
    for status, kind, parent in (
        ("held", "run", ""),
        ("done", "approve", "r1"),
        ("held", "run", ""),
        ("done", "run", ""),
    ):
        ran(status, kind=kind, parent_id=parent, fingerprint="f")
        waits.append(scrape("goldpan_held_plans")["goldpan_held_plans",])

    assert waits == [1, 0, 1, 0]


def test_a_pause_and_what_people_are_told_show(scrape, state, clock):
    assert scrape("goldpan_paused") == {("goldpan_paused",): 0}
    state.pauses.begin(clock() + timedelta(hours=1), at=clock())
    Alerts(state.engine).change("export:orders", "missing", clock())
    Alerts(state.engine).change("disk", "ok", clock())

    assert scrape("goldpan_paused") == {("goldpan_paused",): 1}
    assert scrape("goldpan_alert_active") == {("goldpan_alert_active", "missing", "export:orders"): 1}
    clock.go(hours=2)
    assert scrape("goldpan_paused") == {("goldpan_paused",): 0}


def test_files_are_counted_by_what_became_of_them(scrape, state, clock):
    row = {"source": "inbox", "fingerprint": "1", "name": "a.xlsx", "sha256": "0", "size_bytes": 1}
    row |= {"modified_at": clock(), "claimed_at": clock()}
    with state.engine.begin() as connection:
        for number, status in enumerate(("accepted", "accepted", "refused")):
            connection.execute(insert(t.deliveries).values(**row, key=str(number), status=status))

    assert scrape("goldpan_deliveries") == {
        ("goldpan_deliveries", "accepted"): 2,
        ("goldpan_deliveries", "refused"): 1,
    }


def test_they_survive_a_restart(scrape, ran, tmp_path, configured, clock):
    ran(tags={"expiring_soon": 3})
    before = scrape("goldpan_runs_total", "goldpan_tag_contacts")

    with State.open(f"sqlite:///{tmp_path / 'state' / 'goldpan.sqlite'}") as again:
        page, _ = render(configured(), again, at=clock(), loop_age_seconds=0)

    assert all(f"{name}{{" in page.decode() for name, *_ in before)


def test_every_metric_of_dashboard_and_rules_exists_and_every_metric_is_shown(scrape, ran):
    shown = set(re.findall(WORDS, json.dumps([p["targets"] for p in DASHBOARD["panels"]])))
    ruled = {name for group in RULES["groups"] for rule in group["rules"] for name in re.findall(WORDS, rule["expr"])}
    there = {family.name for family in FAMILIES}

    assert shown | ruled <= there | PROCESS
    assert there - shown - ruled == {"goldpan_last_run_age_seconds"}


def test_every_label_that_they_name_exists(scrape):
    labels = {family.name: set(family.labels) for family in FAMILIES} | {name: set() for name in PROCESS}
    texts = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    texts += [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    for name, selector in re.findall(rf"({WORDS})\{{([^}}]*)\}}", "\n".join(texts)):
        assert set(re.findall(r"(\w+)\s*(?:=~|!=|=)", selector)) <= labels[name] | {"instance"}


def test_the_dashboard_can_be_imported(scrape):
    assert DASHBOARD["schemaVersion"] >= 36
    assert {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}[
        "datasource"
    ] == "datasource"
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["targets"]
        assert panel["title"]


def test_the_rules_are_rules():
    names = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]
    assert len(set(names)) == len(names)
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m"))
            assert rule["labels"]["severity"] in ("critical", "warning")
            assert set(rule["annotations"]) == {"summary", "description"}
            assert rule["expr"].count("(") == rule["expr"].count(")")
