"""Files and folders are there whole or not at all, and private."""

import os

import pytest

from sync.archive.files import make_folder, whole_folder, write_whole


def modes(folder):
    return {str(path.relative_to(folder)): oct(path.lstat().st_mode & 0o777) for path in folder.rglob("*")}


def test_a_folder_appears_whole_with_all_that_is_in_it(tmp_path):
    target = tmp_path / "2026" / "11" / "run"

    with whole_folder(target) as folder:
        (folder / "deep" / "deeper").mkdir(parents=True)
        (folder / "deep" / "deeper" / "file").write_text("x")
        (folder / "link").symlink_to("../../elsewhere")
        assert not target.exists()

    assert (target / "deep" / "deeper" / "file").read_text() == "x"
    assert os.readlink(target / "link") == "../../elsewhere"  # noqa: PTH115 - the link as written
    assert [path.name for path in target.parent.iterdir()] == ["run"]


def test_a_folder_that_was_cut_short_leaves_nothing(tmp_path):
    def write_half():
        with whole_folder(tmp_path / "run") as folder:
            (folder / "file").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()

    assert list(tmp_path.iterdir()) == []


def test_every_folder_that_is_made_is_private(tmp_path):
    before = os.umask(0o022)
    try:
        make_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)

    assert modes(tmp_path) == {"a": "0o700", "a/b": "0o700", "a/b/c": "0o700"}


def test_a_file_that_could_not_be_written_leaves_the_old_one(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")

    def fail(path):
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(target, fail)

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
