"""What the archive keeps, what it removes, and that neither a kill nor a link makes it remove anything else."""

import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from goldpan.model import Action, Change, Portal
from sync.archive.store import Archive
from sync.retention import first_of_months, prune
from sync.settings import load_settings
from sync.state import tables as t
from sync.state.inputs import StoredInput
from sync.state.store import State
from tests.archive.nights import NAMES, keep, leave_night, run_id_of
from tests.archive.s3_stage import KEYS, URL
from tests.killing import killed_at

TODAY = date(2026, 11, 20)
HERE = Portal("1")


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@dataclass
class Place:
    """An installation that has run for a while."""

    home: Path
    toml: str = "keep_days = 30"
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.home.mkdir(exist_ok=True)
        config = self.home / "config"
        shutil.copytree(load_settings(use_environment=False).config_folder, config)
        (config / "goldpan.toml").write_text(f"[archive]\n{self.toml}\n")
        self.settings = load_settings(config, home=self.home, use_environment=False)
        self.archive = Archive(self.settings.archive_folder)
        self.state = State.open(self.settings.state_url)

    def export(self, content: str, name: str = "memberships.csv") -> str:
        return keep(self.archive, self.home, content, name)

    def night(self, days: int, *inputs: str, status: str = "done", kind: str = "run", number: int = 0,
              is_accepted: bool = False, has_folder: bool = True, is_known: bool = True) -> str:  # fmt: skip
        """A run so many days ago that used these exports."""
        day = days_ago(days)
        run_id = run_id_of(day, number)
        if has_folder:
            leave_night(self.archive.root, day, inputs, number=number, is_night=kind == "run")
        if is_known:
            at = datetime(day.year, day.month, day.day, 5, 30, number, tzinfo=UTC)
            self.state.runs.start(run_id, destination="hubspot", as_of=day, version="1", at=at, kind=kind)
            self.state.runs.reach(run_id, HERE)
            for name, sha256 in zip(NAMES, inputs, strict=False):
                kind_of = name.partition(".")[0]
                path = self.archive.inputs.find(sha256)
                self.state.inputs.add(run_id, StoredInput(kind_of, name, sha256, path, "inbox"), rows=1)
            if is_accepted:
                self.state.inputs.accept(run_id)
            self.state.runs.finish(
                run_id, status=status, portal_id="1", fingerprint="f", record={"inputs": []}, at=at
            )  # fmt: skip
        return run_id

    def delivered(self, sha256: str, status: str, days: int = 2000) -> None:
        at = datetime.combine(days_ago(days), datetime.min.time(), UTC)
        row = {"source": "s", "key": "k", "fingerprint": "f", "name": "n", "sha256": sha256, "size_bytes": 1,
               "modified_at": at, "claimed_at": at, "status": status}  # fmt: skip
        with self.state.engine.begin() as connection:
            connection.execute(insert(t.deliveries).values(row))

    def wanted(self, run_id: str) -> None:
        """The plan of a held run, one change long."""
        self.state.journal.plan(run_id, [Change("a@x.org", Action.CREATE, {}, {"n": "1"})], verdict="held")

    def prune(self):
        return prune(self.settings, self.state, today=TODAY)

    def runs(self) -> list[str]:
        return [run.run_id for run in self.archive.runs()]


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "home")
    yield made
    made.state.close()


def test_runs_older_than_the_days_go_and_younger_ones_stay(place):
    place.night(31)
    stays = [place.night(30), place.night(0)]

    pruned = place.prune()

    assert place.runs() == stays
    assert (pruned.runs, pruned.inputs, pruned.problems) == (1, 0, [])
    assert not (place.archive.root / f"{days_ago(31):%Y/%m/%d}").exists()


def test_a_second_time_there_is_nothing_left_to_do(place):
    place.night(31, place.export("old"))
    place.night(1, place.export("new"), is_accepted=True)
    place.prune()

    pruned = place.prune()

    assert (pruned.runs, pruned.inputs, pruned.dry_runs, pruned.held_changes) == (0, 0, 0, 0)


@pytest.mark.parametrize(("days", "is_in_doubt"), [(60, False), (61, True)])
def test_long_after_the_last_run_today_is_in_doubt_and_nothing_goes(place, days, is_in_doubt):
    """A clock that is ahead has a run of its own day already."""
    old, last, today = place.night(days + 5), place.night(days), place.night(0)
    unused = place.export("unused")
    place.wanted(place.night(days + 9, status="held", has_folder=False))
    place.wanted(place.night(days + 8, status="held", has_folder=False))
    (place.home / "dry-runs" / run_id_of(days_ago(100))).mkdir(parents=True)

    pruned = place.prune()

    removed = (pruned.runs, pruned.inputs, pruned.dry_runs, pruned.held_changes)
    assert removed == ((0, 0, 0, 0) if is_in_doubt else (2, 1, 1, 1))
    assert (place.runs() == [old, last, today], unused in place.archive.all_inputs()) == (is_in_doubt, is_in_doubt)
    assert [f"{days_ago(61)}" in text and "clock" in text for text in pruned.problems] == [True] * is_in_doubt


def test_what_was_in_doubt_goes_the_day_after_when_the_date_was_right(place):
    place.night(100)
    stays = place.night(1)

    assert (place.prune().runs, place.runs()) == (1, [stays])


def test_a_run_of_a_day_to_come_puts_nothing_in_doubt(place):
    """The clock was ahead once, and is right again."""
    place.night(40)
    stays = [place.night(1), place.night(-800)]

    assert (place.prune().problems, place.runs()) == ([], stays)


def test_zero_days_keep_everything(tmp_path):
    place = Place(tmp_path / "home", "keep_days = 0")
    place.night(4000, place.export("old"))

    assert place.prune().runs == 0
    assert len(place.runs()) == len(place.archive.all_inputs()) == 1
    place.state.close()


def test_dry_runs_go_by_their_own_day(place):
    dry_runs = place.home / "dry-runs"
    for days in (31, 29):
        (dry_runs / run_id_of(days_ago(days))).mkdir(parents=True)
    (dry_runs / "mine").mkdir()

    assert place.prune().dry_runs == 1
    assert sorted(path.name for path in dry_runs.iterdir()) == [run_id_of(days_ago(29)), "mine"]


def test_the_first_night_of_each_month_is_kept_as_long_as_configured(tmp_path):
    place = Place(tmp_path / "home", "keep_days = 30\nkeep_first_of_month_months = 2")
    place.night(70, number=1)  # 2026-09-11
    undo = place.night(78, kind="undo")  # 2026-09-03, and no night
    first = place.night(75)  # 2026-09-06
    older = place.night(95)  # 2026-08-17
    place.night(35, number=3)  # 2026-10-16
    october = place.night(35, number=2)
    last = place.night(1)

    place.prune()

    assert place.runs() == [first, october, last]
    assert {undo, older}.isdisjoint(place.runs())
    place.state.close()


def test_the_first_of_a_month_stays_the_first_when_the_others_are_gone(tmp_path):
    place = Place(tmp_path / "home", "keep_days = 30\nkeep_first_of_month_months = 12")
    for days in range(80, 31, -7):
        place.night(days)
    runs = place.archive.runs()

    place.prune()

    assert set(place.runs()) == first_of_months(runs, TODAY, 12) == first_of_months(place.archive.runs(), TODAY, 12)
    place.state.close()


def test_exports_go_with_the_last_run_that_used_them(place):
    both, old, new = place.export("both"), place.export("old"), place.export("new")
    place.night(40, both, old)
    place.night(35, both, old)
    place.night(3, both, new)

    assert place.prune().inputs == 1
    assert place.archive.all_inputs() == {both, new}


def test_an_export_stays_while_the_folder_alone_knows_that_it_was_used(place):
    """On another machine, where the state knows nothing of the run."""
    used, unused = place.export("used"), place.export("unused")
    place.night(3, used, is_known=False)
    place.night(50, unused, is_known=False)

    place.prune()

    assert place.archive.all_inputs() == {used}


@pytest.mark.parametrize("status", ["claimed", "waiting"])
def test_an_export_that_waits_for_its_run_stays(place, status):
    waits = place.export("waits")
    place.delivered(waits, status)
    place.night(1)

    place.prune()

    assert place.archive.all_inputs() == {waits}


@pytest.mark.parametrize("status", ["superseded", "duplicate", "refused"])
def test_an_export_that_no_run_will_use_does_not(place, status):
    place.delivered(place.export("done"), status)

    assert place.prune().inputs == 1


def test_what_came_in_stays_as_long_as_runs_do_though_no_run_used_it(place):
    young, old = place.export("young"), place.export("old")
    place.delivered(young, "superseded", days=29)
    place.delivered(old, "superseded", days=40)

    assert place.prune().inputs == 1
    assert place.archive.all_inputs() == {young}


def test_the_accepted_exports_stay_however_old_they_are(place):
    members, orders = place.export("m"), place.export("o", "orders.csv")
    place.night(300, members, orders, is_accepted=True)
    place.night(200, place.export("held"), status="failed")
    place.night(1, is_known=False)

    pruned = place.prune()

    assert place.archive.all_inputs() == {members, orders}
    assert (pruned.runs, pruned.inputs) == (2, 1)


def test_a_plan_that_waits_keeps_its_folder_and_its_exports(place):
    waits = place.night(100, place.export("m"), place.export("o"), status="held")
    canary = place.night(50, place.export("c"), status="held", kind="only")
    place.wanted(waits)
    place.wanted(canary)

    pruned = place.prune()

    assert place.runs() == [waits, canary]
    assert (len(place.archive.all_inputs()), pruned.held_changes) == (3, 0)


def test_plans_that_nobody_can_approve_any_more_are_forgotten_after_a_month(place):
    for days in (60, 40, 10, 5):
        place.wanted(place.night(days, status="held"))

    assert place.prune().held_changes == 2
    with place.state.engine.connect() as connection:
        left = connection.execute(select(t.changes.c.run_id)).scalars().all()
    assert left == [run_id_of(days_ago(10)), run_id_of(days_ago(5))]


def test_nothing_else_in_the_archive_is_touched(place, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    old = place.archive.root / f"{days_ago(40):%Y/%m/%d}"
    place.night(40)
    (old / "notes.txt").write_text("mine")
    (old / "my folder").mkdir()
    (old / run_id_of(days_ago(40), 9)).symlink_to(outside)
    (place.archive.root / "inputs").mkdir(exist_ok=True)
    (place.archive.root / "inputs" / ("a" * 64)).symlink_to(outside)
    (place.archive.root / "2020").symlink_to(outside)
    (place.archive.root / "README").write_text("mine")

    assert place.prune().runs == 1

    assert (outside / "precious").read_text() == "x"
    assert sorted(path.name for path in old.iterdir()) == [run_id_of(days_ago(40), 9), "my folder", "notes.txt"]
    assert sorted(path.name for path in place.archive.root.iterdir()) == ["2020", "2026", "README", "inputs"]


def test_what_a_kill_left_is_cleaned_up_and_what_may_still_be_written_is_not(place):
    place.night(1)
    day = place.archive.root / f"{days_ago(1):%Y/%m/%d}"
    inputs = place.archive.inputs.folder
    inputs.mkdir()
    left = [day / f".{run_id_of(days_ago(1), 5)}.x7", day / f".removed.{run_id_of(days_ago(1), 6)}"]
    for folder in left:
        (folder / "deep").mkdir(parents=True)
    left.append(inputs / ".incoming.ab12")
    left[-1].write_text("half")
    for path in left:
        at = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
    (inputs / ".incoming.new").write_text("being written")
    young = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
    os.utime(inputs / ".incoming.new", (young, young))

    place.prune()

    assert [path.exists() for path in left] == [False] * 3
    assert (inputs / ".incoming.new").exists()
    assert len(place.runs()) == 1


def test_what_can_not_be_removed_is_told_and_the_rest_goes_on(place, monkeypatch):
    stuck, gone = place.night(40), place.night(35)
    really = Path.replace

    def refuse(path, target):
        if path.name == stuck:
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, target)

    monkeypatch.setattr(Path, "replace", refuse)

    pruned = place.prune()

    assert gone not in place.runs()
    assert pruned.runs == 1
    assert pruned.problems == [
        f"{place.archive.root / f'{days_ago(40):%Y/%m/%d}' / stuck}: can't be removed: Permission denied."
    ]


@pytest.mark.parametrize("step", range(1, 12))
def test_killed_at_any_step_the_next_time_ends_right(place, step):
    members = place.export("m")
    place.night(300, members, is_accepted=True)
    place.night(40, place.export("old"))
    stays = place.night(2, place.export("new"))
    (place.home / "dry-runs" / run_id_of(days_ago(40))).mkdir(parents=True)

    with killed_at(step, (Path, "replace"), (Path, "rmdir"), (Path, "unlink"), (os, "rmdir"), (os, "unlink")) as made:
        place.prune()
    assert made.steps == step
    assert members in place.archive.all_inputs()

    place.prune()

    assert place.runs() == [stays]
    assert len(place.archive.all_inputs()) == 2
    assert sorted(path.name for path in place.archive.root.rglob("*") if path.name.startswith(".")) == []
    assert list((place.home / "dry-runs").iterdir()) == []


NIGHTS = st.lists(
    st.tuples(
        st.integers(0, 90),  # days ago
        st.integers(0, 5),  # the memberships export
        st.integers(0, 5),  # the orders export
        st.sampled_from(["done", "held", "failed", "interrupted"]),
        st.booleans(),  # accepted
        st.booleans(),  # left a folder
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(nights=NIGHTS, waiting=st.sets(st.integers(0, 5)), days=st.integers(1, 60))
def test_no_export_goes_that_a_run_to_come_will_ask_for(tmp_path_factory, nights, waiting, days):
    place = Place(tmp_path_factory.mktemp("law") / "home", f"keep_days = {days}")
    made = [place.export(f"export {number}") for number in range(6)]
    for number in waiting:
        place.delivered(made[number], "waiting")
    needed = {made[number] for number in waiting}
    newest: tuple[str, set[str]] = ("", set())
    for number, (ago, members, orders, status, may_be_accepted, has_folder) in enumerate(nights):
        used = made[members], made[orders]
        is_accepted = may_be_accepted and status == "done"
        run_id = place.night(ago, *used, status=status, number=number, is_accepted=is_accepted, has_folder=has_folder)
        if is_accepted:
            newest = max(newest, (run_id, set(used)))
        if ago <= days:
            needed |= set(used)
    held = max(((run_id_of(days_ago(n[0]), i), n[1:3]) for i, n in enumerate(nights) if n[3] == "held"), default=None)
    if held is not None:
        needed |= {made[number] for number in held[1]}
    needed |= newest[1]
    place.night(1, number=50, is_known=False)  # or today is in doubt

    place.prune()
    kept = place.archive.all_inputs()
    accepted = [each for kind in ("memberships", "orders") for each in place.state.inputs.last_accepted(kind)]
    place.state.close()

    assert needed <= kept
    assert all(each.path.is_file() for each in accepted)
    old = {run.run_id for run in place.archive.runs() if run.day < days_ago(days)}
    assert old <= ({held[0]} if held else set())


def test_in_s3_too_and_what_waits_is_uploaded_first(s3, tmp_path, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    place = Place(tmp_path / "home", f'keep_days = 30\ns3 = "{URL}"\nendpoint_url = "{s3.url}"\nregion = "us-east-1"')
    old, new = place.export("old"), place.export("new")
    place.night(40, old)
    stays = place.night(2, new)

    pruned = place.prune()

    assert (pruned.runs, pruned.inputs, pruned.problems) == (1, 1, [])
    assert {key.split("/")[-2] for key in s3.objects()} == {stays, new}
    assert (place.runs(), place.archive.all_inputs()) == ([stays], {new})

    s3.fault = lambda _: 403
    s3.asked.clear()
    assert place.prune().problems[0].startswith(f"{URL}: the bucket can't be listed: S3 says 403.")
    assert (place.runs(), place.archive.all_inputs()) == ([stays], {new})
    place.state.close()
