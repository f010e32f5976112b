"""The archive in S3: the record last, exports once and verified, and nothing lost while S3 is away."""

import os
from datetime import date
from pathlib import Path

import pytest

from goldpan.errors import DataError, TransientError
from sync.archive.inputs import Forgotten, digest_of
from sync.archive.s3_store import S3Archive
from sync.state.inputs import StoredInput
from tests.archive.nights import keep, leave_night, run_id_of
from tests.archive.s3_stage import URL

DAY = date(2026, 11, 20)
PLACE = f"2026/11/20/{run_id_of(DAY)}"
NIGHT = [f"{PLACE}/{name}" for name in ("hubspot.csv", "plan.json", "run.json")]


@pytest.fixture
def archive_at(s3, tmp_path):
    """Archives of several machines with one bucket."""
    return lambda name="here": S3Archive(tmp_path / name, URL, s3.bucket)


def stored(sha256):
    return StoredInput("orders", "orders.csv", sha256, Path("nowhere"))


def down(_asked):
    return 403


def puts(s3):
    return [asked.key for asked in s3.asked if asked.method == "PUT"]


def test_a_run_is_uploaded_with_its_exports_first_and_its_record_last(s3, archive_at, tmp_path):
    archive = archive_at()
    sha256 = keep(archive, tmp_path, "one")
    folder = leave_night(archive.root, DAY, (sha256,))
    (folder / "inputs").mkdir()
    (folder / "inputs" / "memberships.csv").symlink_to(archive.inputs.find(sha256))

    archive.save(folder)

    assert puts(s3) == [f"inputs/{sha256}/memberships.csv", *NIGHT]
    assert s3.objects()[f"{PLACE}/hubspot.csv"] == b"Contact Email\n"


def test_an_export_is_uploaded_once(s3, archive_at, tmp_path):
    archive = archive_at()
    for number in range(3):
        sha256 = keep(archive, tmp_path, "one", f"memberships {number}.csv")
        archive.save(leave_night(archive.root, DAY, (sha256,), number=number))

    assert [key for key in puts(s3) if key.startswith("inputs/")] == [f"inputs/{sha256}/memberships 0.csv"]


def test_a_run_is_uploaded_once_and_again_when_it_was_changed(s3, archive_at):
    archive = archive_at()
    folder = leave_night(archive.root, DAY)
    archive.save(folder)
    s3.asked.clear()

    archive.catch_up()
    assert puts(s3) == []

    (folder / "hubspot.csv").write_text("changed")
    (folder / "plan.json").unlink()
    archive.save(folder)

    assert s3.objects().keys() == {f"{PLACE}/hubspot.csv", f"{PLACE}/run.json"}
    assert s3.objects()[f"{PLACE}/hubspot.csv"] == b"changed"


def test_a_dry_run_stays_here(s3, archive_at, tmp_path):
    archive_at().save(leave_night(tmp_path / "dry-runs", DAY))

    assert s3.asked == []


def test_a_run_that_can_not_be_uploaded_waits_here_and_the_next_one_takes_it_along(s3, archive_at, tmp_path):
    archive = archive_at()
    s3.fault = down
    sha256 = keep(archive, tmp_path, "one")
    first = leave_night(archive.root, DAY, (sha256,))
    with pytest.raises(TransientError, match=rf"^{URL}: .*S3 says 403"):
        archive.save(first)
    assert s3.objects() == {}

    s3.fault = lambda _: None
    archive.save(leave_night(archive.root, date(2026, 11, 21)))

    assert s3.objects().keys() >= {*NIGHT, f"inputs/{sha256}/memberships.csv"}
    assert len(s3.objects()) == 7


@pytest.mark.parametrize("count", range(12))
def test_killed_at_any_request_there_is_no_record_without_the_rest_and_the_next_time_completes_it(
    s3, archive_at, tmp_path, count
):
    archive = archive_at()
    sha256 = keep(archive, tmp_path, "one")
    s3.client.delete_object(Bucket="nights", Key=f"archive/inputs/{sha256}/memberships.csv")
    folder = leave_night(archive.root, DAY, (sha256,))
    s3.asked.clear()
    s3.fault = lambda _: 403 if len(s3.asked) > count else None

    try:
        archive.save(folder)
    except TransientError:
        there = s3.objects().keys()
        assert f"{PLACE}/run.json" not in there or there == {*NIGHT, f"inputs/{sha256}/memberships.csv"}
    s3.fault = lambda _: None
    archive.catch_up()

    assert s3.objects().keys() == {*NIGHT, f"inputs/{sha256}/memberships.csv"}
    assert [run.is_whole for run in archive_at("there").runs()] == [True]


def test_every_other_request_may_fail(s3, archive_at, tmp_path):
    """By an error of the server's, or by a connection that breaks off in the middle."""
    archive, other = archive_at(), archive_at("there")
    s3.fault = lambda _: (None, 503, None, 0)[len(s3.asked) % 4]

    sha256 = keep(archive, tmp_path, "one " * 1000)
    archive.save(leave_night(archive.root, DAY, (sha256,)))
    run = other.find("latest")

    assert sorted(path.name for path in other.folder_of(run).iterdir()) == [
        ".uploaded", "hubspot.csv", "plan.json", "run.json",
    ]  # fmt: skip
    assert other.input_file(stored(sha256)).read_text() == "one " * 1000


def test_another_machine_fetches_runs_and_exports_as_old_as_they_are(archive_at, tmp_path):
    archive, other = archive_at(), archive_at("there")
    delivered = tmp_path / "delivered.csv"
    delivered.write_text("one")
    kept = archive.inputs.keep(delivered, "orders.csv")
    os.utime(kept.path, (1_000_000_000, 1_000_000_000))
    archive.save(leave_night(archive.root, DAY, (kept.sha256,)))

    fetched = other.input_file(stored(kept.sha256))

    assert other.all_inputs() == {kept.sha256}
    assert fetched.read_text() == "one"
    assert fetched.stat().st_mtime == 1_000_000_000
    assert oct(fetched.stat().st_mode & 0o777) == "0o600"
    assert other.record_of(other.find("latest"))["run_id"] == run_id_of(DAY)
    assert not (other.root / PLACE).exists()  # the record alone was read


def test_an_export_that_is_not_what_was_kept_is_refused(s3, archive_at, tmp_path):
    archive, other = archive_at(), archive_at("there")
    sha256 = keep(archive, tmp_path, "one")
    s3.put(f"inputs/{sha256}/memberships.csv", b"two")

    with pytest.raises(DataError, match="is not what was kept there: its digest is another"):
        other.input_file(stored(sha256))

    assert list(other.inputs.folder.iterdir()) == []


def test_an_export_without_some_people_is_fetched_as_it_is_now(archive_at, tmp_path):
    archive, other = archive_at(), archive_at("there")
    sha256 = keep(archive, tmp_path, "ada,ben")
    path = archive.inputs.find(sha256)
    path.write_text("ben")
    archive.inputs.note(sha256, Forgotten(digest_of(path), 1))
    archive.save_input(sha256)

    assert other.input_file(stored(sha256)).read_text() == "ben"
    assert other.inputs.forgotten(sha256).times == 1


def test_nobody_comes_back_with_an_old_copy_of_another_machine(s3, archive_at, tmp_path):
    archive, other = archive_at(), archive_at("there")
    sha256 = keep(other, tmp_path, "ada,ben")
    archive.input_file(stored(sha256))
    path = archive.inputs.find(sha256)
    path.write_text("ben")
    archive.inputs.note(sha256, Forgotten(digest_of(path), 1))
    archive.save_input(sha256)

    keep(other, tmp_path, "ada,ben")

    assert s3.objects()[f"inputs/{sha256}/memberships.csv"] == b"ben"


def test_a_run_that_is_half_removed_is_none(s3, archive_at):
    archive = archive_at()
    archive.save(leave_night(archive.root, DAY))
    s3.asked.clear()
    s3.fault = lambda _: 403 if sum(asked.method == "DELETE" for asked in s3.asked) > 1 else None

    with pytest.raises(TransientError):
        archive.remove(archive.find("latest"))
    s3.fault = lambda _: None

    assert [run.is_whole for run in archive_at("there").runs()] == [False]
    for run in archive.runs():
        archive.remove(run)
    assert (s3.objects(), archive.runs()) == ({}, [])


def test_no_key_is_in_what_is_said(s3, archive_at):
    s3.fault = down
    archive = archive_at()

    with pytest.raises(TransientError) as caught:
        archive.runs()

    assert "nothing" not in str(caught.value)
    assert str(caught.value) == (
        f"{URL}: the bucket can't be listed: S3 says 403. "
        "Check the bucket, its rights and AWS_ACCESS_KEY_ID: goldpan check"
    )
