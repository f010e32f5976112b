"""Datasets in the service: taken in once they are quiet, again when a file changes, and never taken away."""

import os

import pytest

from sync.datasets.manifest import read_manifest
from sync.intake import Start
from tests.cli.installation import MEMBERS, ORDERS
from tests.datasets.test_runs import put
from tests.intake.stage import SETTLE, Stage, settings_of

LAKE = '[[source]]\nname = "lake"\nmemberships_dataset = "lake/members"\norders_dataset = "lake/orders"\n'
HOUR = 3600


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path, settings_of(tmp_path, LAKE, intake="debounce_seconds = 0"))
    lay(stage, "members/a.csv", MEMBERS)
    lay(stage, "orders/a.csv", ORDERS)
    yield stage
    stage.close()


def lay(stage, name, rows):
    """A file of the lake, written at the stage's time."""
    path = stage.home / "lake" / name
    put(path, rows)
    os.utime(path, (stage.now.timestamp(), stage.now.timestamp()))


def taken(stage):
    return [(each.kind, each.status) for each in stage.record()]


def test_both_kinds_are_taken_in_once_nobody_writes_them_and_start_a_run(stage):
    early = stage.look(after=1)
    lay(stage, "orders/b.csv", ORDERS)
    still = stage.look(after=SETTLE - 2)
    stage.look(after=2)
    stage.look(after=SETTLE)

    assert (early.arrived, still.arrived) == ([], [])
    assert taken(stage) == [("memberships", "waiting"), ("orders", "waiting")]
    assert stage.intake.decide(stage.now) == Start()
    manifests = {each.kind: read_manifest(each.path) for each in stage.intake.waiting_exports()}
    assert {kind: len(dataset.files) for kind, dataset in manifests.items()} == {"memberships": 1, "orders": 2}
    assert len(list((stage.home / "lake").rglob("*.csv"))) == 3


def test_what_is_unchanged_is_taken_once_and_a_changed_file_makes_another_version(stage):
    stage.take()
    stage.send("r1")
    again = stage.look(after=HOUR)
    lay(stage, "orders/a.csv", ORDERS[:2])
    changed = stage.take()

    assert (again.arrived, again.duplicates) == ([], [])
    assert [row.kind for row in changed.arrived] == ["orders"]
    assert taken(stage) == [("memberships", "accepted"), ("orders", "accepted"), ("orders", "waiting")]


def test_a_dataset_without_the_columns_is_refused_once_with_the_reason(stage):
    lay(stage, "members/a.csv", [{"Name": "Ann"}])

    refused = stage.take().refused
    again = stage.look(after=HOUR).refused

    assert [(each.delivery.name, each.code) for each in refused] == [("memberships.dataset.json", "missing_columns")]
    assert again == []
