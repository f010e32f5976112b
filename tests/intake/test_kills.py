"""Killed at any moment, every file ends in exactly one place, as if nobody had killed anything."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import REPOSITORY
from tests.cli.installation import MEMBERS, ORDERS
from tests.intake.stage import SETTLE, Stage, settings_of

CONTENTS = {
    "members": MEMBERS, "fewer members": MEMBERS[:3], "orders": ORDERS, "nothing known": b"a,b\n1,2\n",
    "no workbook": b"PK\x03\x04",
}  # fmt: skip
USABLE = ("members", "fewer members", "orders")


class Killed(BaseException):
    """The process ends here; nobody catches it."""


class Death:
    """Kills at the n-th step from now."""

    def __init__(self) -> None:
        self.steps_left = 0

    def __call__(self, _step: str) -> None:
        self.steps_left -= 1
        if self.steps_left == 0:
            raise Killed


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A home whose state is made already."""
    home = tmp_path_factory.mktemp("template") / "home"
    Stage(home).close()
    return home


drops = st.tuples(st.just("drop"), st.sampled_from(sorted(CONTENTS)))
kills = st.tuples(st.just("kill"), st.integers(1, 12))
looks = st.tuples(st.just("look"), st.just(SETTLE))
stories = st.lists(st.one_of(drops, drops, kills, looks), max_size=14)


def play(home, story, *, is_killed):
    """Live through it, then let everything settle; where every content is, and what is on record."""
    death, dropped = Death(), Counter()
    stage = Stage(home, settings_of(home), on_step=death)
    for number, (what, value) in enumerate(story):
        if what == "drop":
            content = stage.drop(f"{number:02} {'members' if 'members' in value else 'orders'}.csv", CONTENTS[value])
            stage.now = stage.now.replace(microsecond=number)  # each file has a time of its own
            dropped[value, content] += 1
            continue
        death.steps_left = value if what == "kill" and is_killed else 0
        try:
            stage.take()
            death.steps_left = 0
        except Killed:
            go_on(stage)
    go_on(stage)
    stage.take()
    places, record = stage.places(), stage.statuses()
    texts = len([*stage.failed.glob("*.txt")])
    leftovers = [*(home / "processing").glob("*"), *stage.inbox.iterdir()]
    stage.close()
    return dropped, places, record, texts, leftovers


def go_on(stage):
    """A new process, after which nothing is half done."""
    stage.on_step = Death()
    stage.restart()
    assert [each.status for each in stage.record() if each.status == "claimed"] == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories)
def test_every_file_ends_in_one_place_whatever_is_dropped_and_killed_when(template, story):
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / name for name in ("killed", "spared")]
        for home in homes:
            shutil.copytree(template, home)
        dropped, places, record, texts, leftovers = play(homes[0], story, is_killed=True)
        spared = play(homes[1], story, is_killed=False)

    wanted = Counter()
    for (value, content), times in dropped.items():
        wanted[("archive" if value in USABLE else "failed", content)] = 1 if value in USABLE else times
    assert places == wanted
    assert leftovers == []
    assert len(record) == dropped.total()
    assert texts == sum(times for (value, _), times in dropped.items() if value not in USABLE)
    assert record == spared[2]


def second_disk(tmp_path: Path) -> Path | None:
    disk = Path("/dev/shm")
    is_there = disk.is_dir() and os.access(disk, os.W_OK) and disk.stat().st_dev != tmp_path.stat().st_dev
    return disk / f"goldpan-{os.getpid()}-{tmp_path.name}" if is_there else None


@pytest.mark.parametrize(
    ("every", "first"),
    [(13, 3), pytest.param(1, 1, marks=pytest.mark.slow, id="each")],
)
@pytest.mark.parametrize("place", ["one disk", "two disks"])
def test_killed_before_any_operation_on_a_file_it_ends_as_if_never_killed(tmp_path, every, first, place):
    disk = second_disk(tmp_path) if place == "two disks" else None
    if disk is None and place == "two disks":
        pytest.skip("there is no second disk")
    try:
        said = subprocess.run(
            [sys.executable, "-m", "tests.intake.dying", tmp_path, str(every), str(first), disk or ""],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        if disk is not None:
            shutil.rmtree(disk, ignore_errors=True)

    assert said.returncode == 0, said.stderr
    assert int(said.stdout.splitlines()[-1].split()[0]) >= 100 / every
