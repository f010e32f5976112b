"""A change in a folder wakes whoever waits, and nothing that fails here ends anything."""

import threading

import pytest

from sync.intake.watching import watch

PATIENCE = 20


@pytest.fixture
def stop():
    stop = threading.Event()
    yield stop
    stop.set()


@pytest.mark.parametrize("polling", ["", "true"])
def test_a_new_file_wakes(tmp_path, stop, monkeypatch, polling):
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", polling) if polling else None
    wake = threading.Event()
    thread = watch([tmp_path], wake, stop)

    woke = drop_until(wake, tmp_path)

    assert woke
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_folder_that_comes_later_is_watched_then(tmp_path, stop):
    wake, folder = threading.Event(), tmp_path / "mounted later"
    watch([folder], wake, stop, again_seconds=0.05)

    folder.mkdir()

    assert drop_until(wake, folder)


def test_a_change_below_the_folder_wakes_nobody(tmp_path, stop):
    (tmp_path / "below").mkdir()
    wake = threading.Event()
    watch([tmp_path], wake, stop)
    assert drop_until(wake, tmp_path)
    threading.Event().wait(1)  # what was still under way
    wake.clear()

    (tmp_path / "below" / "members.csv").touch()

    assert not wake.wait(1)


def test_a_folder_that_cannot_be_watched_ends_with_the_service(tmp_path, stop):
    (tmp_path / "file").touch()
    thread = watch([tmp_path / "file" / "no folder"], threading.Event(), stop, again_seconds=0.01)

    stop.set()
    thread.join(PATIENCE)

    assert not thread.is_alive()


def drop_until(wake, folder):
    """Whether a file wakes, sooner or later: the watcher may begin after the first ones."""
    for number in range(PATIENCE * 2):
        (folder / f"{number}.csv").touch()
        if wake.wait(0.5):
            return True
    return False
