"""The results of a night are written side by side, and are all there or none of them."""

import pytest

from goldpan.report import report_tables
from sync.archive.files import whole_folder
from sync.archive.folder import ANALYSIS, CSV, REJECTS, write_results, writing_results
from sync.settings import default_config_folder, load_settings
from tests.builders import default_config, memberships, orders, refined

JANE = {"Cust ID": "7", "Customer Name": "Jane", "Contact Email": "jane@x.org", "Created Date": "soon"}


@pytest.fixture
def results():
    """What is written: the contacts, the settings and the tables."""
    members, bought = memberships(JANE), orders()
    pair = refined(members, bought)
    settings = load_settings(default_config_folder(), use_environment=False)
    return pair, settings, report_tables(members, bought, pair, default_config())


def test_the_results_are_three_files(tmp_path, results):
    write_results(tmp_path, *results)

    assert {path.name for path in tmp_path.iterdir()} == {ANALYSIS, CSV, REJECTS}


def test_everything_is_there_when_the_rest_is_written_too(tmp_path, results):
    with whole_folder(tmp_path / "night") as folder, writing_results(folder, *results):
        (folder / "more.txt").write_text("x")

    assert {path.name for path in (tmp_path / "night").iterdir()} == {ANALYSIS, CSV, REJECTS, "more.txt"}


def test_a_workbook_that_can_not_be_written_fails_the_whole(tmp_path, results, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))

    with (
        pytest.raises(OSError, match="is there room"),
        whole_folder(tmp_path / "night") as folder,
        writing_results(folder, *results),
    ):
        (folder / "more.txt").write_text("x")

    assert list(tmp_path.iterdir()) == []


def test_what_fails_beside_the_workbook_fails_the_whole(tmp_path, results):
    with (
        pytest.raises(ZeroDivisionError),
        whole_folder(tmp_path / "night") as folder,
        writing_results(folder, *results),
    ):
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []
