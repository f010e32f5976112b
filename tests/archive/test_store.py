"""The archive on disk: exports once per content, runs found by their ids, nothing outside ever looked at."""

from datetime import date
from pathlib import Path

import pytest

from goldpan.errors import ConfigError, DataError
from sync.archive.inputs import Forgotten, digest_of
from sync.archive.store import Archive
from sync.state.inputs import StoredInput
from tests.archive.nights import keep, leave_night, run_id_of

DAY = date(2026, 11, 20)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def stored(sha256: str, path: Path = Path("elsewhere")) -> StoredInput:
    return StoredInput("orders", "orders.csv", sha256, path)


def test_the_same_bytes_are_kept_once_whatever_they_are_called(archive, tmp_path):
    first = keep(archive, tmp_path, "one", "orders.csv")
    again = keep(archive, tmp_path, "one", "orders (2).csv")
    other = keep(archive, tmp_path, "two", "orders.csv")

    assert first == again != other
    assert archive.all_inputs() == {first, other}
    assert [path.name for path in archive.inputs.files(first)] == ["orders.csv"]
    assert archive.input_file(stored(first)).read_text() == "one"


def test_a_kept_export_is_private_and_leaves_nothing_beside_it(archive, tmp_path):
    sha256 = keep(archive, tmp_path, "one")

    assert {path.name for path in archive.inputs.folder.iterdir()} == {sha256}
    assert [oct(path.stat().st_mode & 0o777) for path in (archive.inputs.folder, archive.inputs.find(sha256))] == [
        "0o700", "0o600",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["../../evil.csv", ".hidden", "forgotten.json", "a/b.csv"])
def test_no_name_leads_out_of_the_store_or_hides_in_it(archive, tmp_path, name):
    sha256 = keep(archive, tmp_path, "one", name)

    assert archive.inputs.find(sha256).parent == archive.inputs.folder / sha256
    assert archive.inputs.forgotten(sha256) is None


def test_what_was_taken_out_of_an_export_stays_out_when_the_same_bytes_come_again(archive, tmp_path):
    sha256 = keep(archive, tmp_path, "ada,ben")
    path = archive.inputs.find(sha256)
    path.write_text("ben")
    archive.inputs.note(sha256, Forgotten(digest_of(path), 1))

    keep(archive, tmp_path, "ada,ben", "again.csv")

    assert [path.read_text() for path in archive.inputs.files(sha256)] == ["ben"]
    assert archive.inputs.forgotten(sha256) == Forgotten(digest_of(path), 1)


def test_an_export_that_is_not_there_is_none(archive):
    assert archive.input_file(stored("0" * 64)) is None
    assert archive.input_file(stored("../../etc")) is None


def test_an_export_is_found_where_the_state_says_or_where_the_archive_is_now(archive, tmp_path):
    sha256 = keep(archive, tmp_path, "one")
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("one")

    assert archive.input_file(stored(sha256, elsewhere)) == elsewhere
    assert archive.input_file(stored(sha256, tmp_path / "old host" / "x.csv")) == archive.inputs.find(sha256)


def test_an_export_that_can_not_be_read_is_refused_with_the_reason(archive, tmp_path):
    with pytest.raises(DataError, match=r"^gone\.csv: can't be copied into the archive .*: No such file"):
        archive.keep_input(tmp_path / "gone.csv", "gone.csv")

    assert list(archive.inputs.folder.iterdir()) == []


def test_runs_are_found_by_the_beginning_of_their_id_and_the_newest_night_as_latest(archive):
    leave_night(archive.root, date(2026, 11, 19))
    leave_night(archive.root, DAY)
    leave_night(archive.root, DAY, number=7, is_night=False)

    assert [run.run_id for run in archive.runs()] == [
        run_id_of(date(2026, 11, 19)), run_id_of(DAY), run_id_of(DAY, 7),
    ]  # fmt: skip
    assert archive.find("20261119").run_id == run_id_of(date(2026, 11, 19))
    assert archive.find("latest", holding="hubspot.csv").run_id == run_id_of(DAY)
    with pytest.raises(ConfigError, match="Several runs begin with '20261120'"):
        archive.find("20261120")
    with pytest.raises(ConfigError, match=r"No run '2025' in the archive .*/archive\. See: goldpan runs"):
        archive.find("2025")


def test_links_and_strange_folders_are_no_runs(archive, tmp_path):
    outside = leave_night(tmp_path / "outside", DAY)
    (archive.root / "2026" / "13" / "99" / run_id_of(DAY)).mkdir(parents=True)
    (archive.root / "2026" / "11" / "21").mkdir(parents=True)
    (archive.root / "2026" / "11" / "21" / "notes").mkdir()
    (archive.root / "2026" / "11" / "20").symlink_to(outside.parent)
    (archive.root / "2026" / "11" / "21" / run_id_of(DAY)).symlink_to(outside)

    assert archive.runs() == []


def test_removing_a_run_removes_nothing_that_it_links_to(archive, tmp_path):
    sha256 = keep(archive, tmp_path, "one")
    folder = leave_night(archive.root, DAY)
    (folder / "inputs").mkdir()
    (folder / "inputs" / "orders.csv").symlink_to(archive.inputs.find(sha256))
    (folder / "far").symlink_to(tmp_path)

    archive.remove(archive.find("2026"))

    assert archive.runs() == []
    assert archive.input_file(stored(sha256)).read_text() == "one"
    assert list(folder.parent.iterdir()) == []
