"""Files from a folder into the archive, or into `failed`: each ends in one place, and what it is stands on record."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.builders import REPOSITORY
from tests.cli.installation import MEMBERS
from tests.intake.stage import INBOX, SETTLE, Stage, settings_of

GARBAGE = b"PK\x03\x04 this is no workbook"


def test_whole_files_move_into_the_archive_and_wait_for_a_run(stage):
    members, orders = stage.members(), stage.orders()

    looked = stage.take()

    assert stage.waiting() == {"memberships": members, "orders": orders}
    assert stage.places() == {("archive", members): 1, ("archive", orders): 1}
    assert [each.name for each in looked.arrived] == ["members.csv", "orders.csv"]
    assert stage.take() == type(looked)()


def test_nothing_is_taken_before_it_settled(stage):
    members = stage.members()

    stage.look()
    stage.look(after=SETTLE - 1)

    assert stage.places() == {("inbox", members): 1}
    assert stage.statuses() == []


def test_a_file_that_arrives_in_pieces_is_taken_once_and_whole(stage):
    whole = stage.members()
    for size in (10, 100, 200):
        stage.drop("members.csv", whole[:size], at=stage.now)
        stage.look(after=SETTLE - 1)
    stage.drop("members.csv", whole, at=stage.now)

    stage.take()

    assert stage.waiting() == {"memberships": whole}
    assert stage.statuses() == [("members.csv", "waiting")]


@pytest.mark.parametrize("unfinished", ["members.csv.part", "members.csv.crdownload", ".members.csv", "~$members.xlsx"])
def test_a_file_that_is_renamed_into_place_is_taken_then(stage, unfinished):
    content = stage.members(unfinished)
    stage.take()
    assert stage.statuses() == []

    (stage.inbox / unfinished).rename(stage.inbox / "members.csv")
    stage.take()

    assert stage.waiting() == {"memberships": content}


@pytest.mark.parametrize("lock", ["~$members.csv", ".~lock.members.csv#"])
def test_a_file_that_somebody_has_open_is_taken_when_it_is_closed(stage, lock):
    content = stage.members()
    (stage.inbox / lock).touch()
    stage.take()
    assert stage.statuses() == []

    (stage.inbox / lock).unlink()
    stage.take()

    assert stage.waiting() == {"memberships": content}


def test_a_file_that_is_written_on_while_it_is_taken_is_taken_when_that_ends(stage):
    whole = stage.members()
    stage.drop("members.csv", whole[:50])
    writer = (stage.inbox / "members.csv").open("ab")

    def write_on(step):
        if step == "fetched":
            writer.write(whole[50:])
            writer.close()

    stage.on_step = write_on
    stage.take()
    assert stage.statuses() == [("members.csv", "claimed")]
    stage.look(after=10)

    assert stage.waiting() == {"memberships": whole}
    assert stage.places() == {("archive", whole): 1}


def test_the_kind_is_told_by_columns_where_the_name_says_nothing(stage):
    stage.members("export-1.csv")
    stage.orders("export-2.csv")

    stage.take()

    assert [(each.name, each.kind) for each in stage.record()] == [
        ("export-1.csv", "memberships"),
        ("export-2.csv", "orders"),
    ]


def test_the_patterns_are_those_of_the_source(tmp_path):
    sources = INBOX + 'memberships = ["*crm*"]\norders = ["*erp*"]\n'
    stage = Stage(tmp_path, settings_of(tmp_path, sources))
    stage.members("CRM.csv")
    stage.orders("members.csv")

    stage.take()

    assert [(each.name, each.kind) for each in stage.record()] == [
        ("CRM.csv", "memberships"),
        ("members.csv", "orders"),
    ]
    stage.close()


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("members.xlsx", GARBAGE, "corrupt_file", "cannot be read whole"),
        ("members.csv", b"", "empty_export", "the file is empty"),
        ("members.csv", b"a,b\n1,2\n", "missing_columns", "no column"),
        ("pictures.csv", b"a,b\n1,2\n", "unknown_kind", "nobody can tell what this export holds"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_the_reason_in_words(stage, name, content, code, says):
    stage.drop(name, content)

    looked = stage.take()

    (refused,) = looked.refused
    place = stage.failed / f"2026-11-20_{name}"
    assert (refused.code, refused.delivery.status, refused.delivery.path) == (code, "refused", str(place))
    assert place.read_bytes() == content
    text = place.with_name(f"{place.name}.txt").read_text()
    assert says in text
    assert "What to do" in text
    assert stage.places() == {("failed", content): 1}


def test_a_bad_file_does_not_push_a_good_one_aside(stage):
    good = stage.members()
    stage.take()

    stage.drop("members-2.csv", b"a,b\n1,2\n")
    stage.take()

    assert stage.waiting() == {"memberships": good}


def test_a_file_set_aside_never_replaces_another(stage):
    first, second, third = (stage.drop("members.csv", b"a,b\n1,%d\n" % n) for n in range(3))
    for content in (first, second, third):
        stage.drop("members.csv", content)
        stage.take()

    assert stage.places() == {("failed", first): 1, ("failed", second): 1, ("failed", third): 1}
    assert len([*stage.failed.glob("*.txt")]) == 3


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """Forbid even root to change a folder's entries, or a file: a read-only share, for all that Goldpan can see."""
    if subprocess.run(["chattr", "+i", path], check=False, capture_output=True).returncode:
        pytest.skip("this file system or account knows no immutable files")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


@pytest.mark.parametrize("immutable_place", ["inbox", "inbox/members.csv", None])
def test_a_folder_that_is_only_read_keeps_its_files_and_claims_live_in_the_state(tmp_path, immutable_place):
    """A folder that can't be written, one that looks writable and isn't, and one that is not to be."""
    sources = INBOX + ("" if immutable_place else "remove_source = false\n")
    stage = Stage(tmp_path, settings_of(tmp_path, sources))
    members = stage.members()

    with immutable(tmp_path / immutable_place) if immutable_place else nullcontext():
        for _ in range(2):
            stage.take()
            stage.take()
            stage.restart()
        stage.take()

    assert stage.statuses() == [("members.csv", "waiting")]
    assert stage.places() == {("inbox", members): 1, ("archive", members): 1}
    stage.close()


def test_a_new_version_in_a_folder_that_is_only_read_is_taken(tmp_path):
    stage = Stage(tmp_path, settings_of(tmp_path, INBOX + "remove_source = false\n"))
    stage.members()
    stage.take()

    newer = stage.members(rows=MEMBERS[:3])
    stage.take()
    again = stage.members()
    stage.take()

    assert [status for _, status in stage.statuses()] == ["superseded", "superseded", "waiting"]
    assert stage.waiting() == {"memberships": again}
    assert again != newer
    stage.close()


def other_disk() -> Path | None:
    shm = Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK) else None


def test_a_folder_on_another_disk_is_emptied_too(tmp_path):
    disk = other_disk()
    if disk is None or disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk")
    inbox = disk / f"goldpan-{os.getpid()}"
    inbox.mkdir()
    try:
        stage = Stage(tmp_path, settings_of(tmp_path, f'[[source]]\nname = "inbox"\nfolder = "{inbox}"\n'))
        stage.inbox = inbox
        members = stage.members()

        stage.take()
        stage.members()
        stage.take()

        assert stage.statuses() == [("members.csv", "waiting"), ("members.csv", "duplicate")]
        assert stage.places() == {("archive", members): 1}
        stage.close()
    finally:
        shutil.rmtree(inbox)


def test_what_is_never_taken_is_said_once_and_stays(tmp_path):
    stage = Stage(tmp_path / "home", settings_of(tmp_path / "home", more="[limits]\nmax_file_mb = 1"))
    outside = tmp_path / "outside.csv"
    shutil.copyfile(REPOSITORY / "README.md", outside)
    (stage.inbox / "link-members.csv").symlink_to(outside)
    (stage.inbox / "folder-members.csv").mkdir()
    os.mkfifo(stage.inbox / "pipe-members.csv")
    stage.drop("large-members.csv", b"x" * (2**20 + 1))

    looked = stage.take()

    assert {each.delivery.name: each.code for each in looked.refused} == {
        "link-members.csv": "link_out_of_folder", "folder-members.csv": "unreadable_file",
        "pipe-members.csv": "unreadable_file", "large-members.csv": "too_large",
    }  # fmt: skip
    assert all(each.delivery.path == "" for each in looked.refused)
    assert len([*stage.inbox.iterdir()]) == 4
    stage.restart()
    assert stage.take().refused == []
    stage.close()


def test_a_file_that_was_too_large_is_taken_when_the_limit_is_raised(tmp_path):
    stage = Stage(tmp_path, settings_of(tmp_path, more="[limits]\nmax_file_mb = 1"))
    content = stage.members(rows=[{**MEMBERS[0], "Notes": "x" * 20_000}] * 60)
    stage.take()

    stage.restart(settings_of(tmp_path, more="[limits]\nmax_file_mb = 2"))
    stage.take()

    assert stage.statuses() == [("members.csv", "refused"), ("members.csv", "waiting")]
    assert stage.waiting() == {"memberships": content}
    stage.close()


def test_a_link_inside_the_folder_is_taken_and_its_target_stays(stage):
    (stage.inbox / "2026").mkdir()
    content = stage.drop("2026/export.csv", MEMBERS)
    (stage.inbox / "members.csv").symlink_to("2026/export.csv")

    stage.take()

    assert stage.waiting() == {"memberships": content}
    assert [path.name for path in stage.inbox.iterdir()] == ["2026"]


def test_a_full_disk_loses_nothing_and_the_file_is_taken_when_there_is_room(stage):
    """The limit on file sizes stands for the disk: the copy for the archive fails in the middle."""
    content = stage.members(rows=[{**MEMBERS[0], "Notes": "x" * 20_000}] * 400)
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from datetime import timedelta
        from pathlib import Path
        from tests.intake.stage import NOON, Stage
        stage = Stage(Path(sys.argv[1]))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
        looked = stage.take()
        print(len(looked.problems), len(looked.arrived), looked.problems[0])
        """
    )

    said = subprocess.run(
        [sys.executable, "-c", script, stage.home], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]  # fmt: skip

    assert said.startswith("1 0 members.csv")
    assert "File too large" in said
    assert sum(stage.places().values()) == 1
    stage.restart()
    assert stage.waiting() == {"memberships": content}
    assert stage.places() == {("archive", content): 1}


def test_a_name_that_is_no_text_is_refused_and_the_other_files_go_on(stage):
    members = stage.members()
    (stage.inbox / os.fsdecode(b"m\xe9mbers-2.csv")).write_bytes(b"x")

    looked = stage.take()

    assert stage.waiting() == {"memberships": members}
    assert [(each.delivery.name, each.code) for each in looked.refused] == [("m\\udce9mbers-2.csv", "bad_name")]


def test_a_file_that_the_state_forgot_while_it_was_taken_in_is_set_aside(stage):
    """As after a backup of the state was put back."""
    members = stage.members()
    (stage.home / "processing" / "77").mkdir(parents=True)
    (stage.inbox / "members.csv").rename(stage.home / "processing" / "77" / "members.csv")

    looked = stage.restart()

    assert stage.places() == {("failed", members): 1}
    assert [each.code for each in looked.refused] == ["unknown_claim"]
    assert "Put it into its source again" in looked.refused[0].delivery.reason
    stage.members()
    stage.take()
    assert stage.waiting() == {"memberships": members}


class Killed(BaseException):
    """The service ends here."""


def test_a_service_with_another_home_leaves_what_this_one_takes_in(tmp_path):
    """Two services on one state: each finishes its own."""
    (tmp_path / "home").mkdir()
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    one, two = (Stage(tmp_path / name, settings_of(tmp_path / name, goldpan_state_url=url)) for name in ("one", "two"))
    members = one.members()

    def die(step):
        if step == "recorded":
            raise Killed

    one.on_step = die
    with pytest.raises(Killed):
        one.take()
    two.restart()
    two.take()
    assert [each.status for each in two.record()] == ["claimed"]

    one.on_step = lambda _: None
    one.restart()
    one.take()

    assert one.statuses() == two.statuses() == [("members.csv", "waiting")]
    assert two.waiting() == {"memberships": members}
    one.close()
    two.close()


def test_a_claim_of_a_machine_that_never_came_back_is_forgotten_after_a_day(tmp_path):
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    gone, here = (
        Stage(tmp_path / name, settings_of(tmp_path / name, goldpan_state_url=url)) for name in ("one", "two")
    )
    gone.members()

    def die(step):
        if step == "recorded":
            raise Killed

    gone.on_step = die
    with pytest.raises(Killed):
        gone.take()

    here.look(after=86_000)
    before = here.statuses()
    here.look(after=500)

    assert before == [("members.csv", "claimed")]
    assert here.statuses() == []
    gone.close()
    here.close()


def test_of_two_services_at_one_folder_one_takes_the_file(tmp_path):
    url, inbox = f"sqlite:///{tmp_path / 'state.sqlite'}", tmp_path / "inbox"
    source = f'[[source]]\nname = "inbox"\nfolder = "{inbox}"\n'
    one, two = (
        Stage(tmp_path / name, settings_of(tmp_path / name, source, goldpan_state_url=url)) for name in ("one", "two")
    )
    one.inbox = inbox
    inbox.mkdir()
    members = one.members()
    two.look()
    one.on_step = lambda step: two.look(after=SETTLE) if step == "made room" else None

    one.take()

    assert one.statuses() == [("members.csv", "waiting")]
    assert one.waiting() == {"memberships": members}
    assert sum(stage.places()["processing", members] for stage in (one, two)) == 0
    one.close()
    two.close()
