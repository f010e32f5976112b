"""``goldpan forget``: one person out of state and archive, and nobody else."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from sync.archive.opening import open_archive
from sync.settings import load_settings
from tests.archive.conftest import moto_server, s3  # noqa: F401 - fixtures
from tests.archive.s3_stage import KEYS, URL
from tests.builders import REPOSITORY
from tests.cli.installation import ADA, BEN, CLEO, DAN, EVE, Installation, customer_id, tags_in
from tests.cli.kept import Kept, load
from tests.cli.traces import WORDS, traces
from tests.killing import killed_at


def others(home: Path) -> dict[str, object]:
    """What the archive and the state hold of everybody but Ada, by file; row numbers of sheets count."""
    kept: dict[str, object] = {}
    for path in sorted((home / "archive").rglob("*")) + sorted((home / "dry-runs").rglob("*")):
        name = str(path.relative_to(home))
        if path.suffix == ".parquet":
            kept[name] = [row for row in pq.read_table(path).to_pylist() if row["email"] != ADA]
        elif path.suffix == ".xlsx":
            for sheet in opened(path).worksheets:
                rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
                kept[f"{name} {sheet.title}"] = [
                    (number, row) for number, row in enumerate(rows) if any(row) and not is_adas(row)
                ]
        elif path.suffix == ".csv" and not path.is_symlink():
            lines = path.read_text().replace('"', "").splitlines()
            kept[name] = [line for line in lines if line.strip(",") and not is_adas([line])]
    with contextlib.closing(sqlite3.connect(home / "state" / "goldpan.sqlite")) as state:
        for table in ("contacts", "changes", "refusals", "absences"):
            kept[table] = state.execute(f"SELECT * FROM {table} WHERE email <> ? ORDER BY email", (ADA,)).fetchall()
    return kept


def opened(path: Path) -> openpyxl.Workbook:
    with warnings.catch_warnings(action="ignore"):  # openpyxl leaves data bars out
        return openpyxl.load_workbook(path)


def is_adas(row) -> bool:
    return any(word in str(cell).lower() for cell in row for word in WORDS)


def three_nights(goldpan):
    load(goldpan)
    goldpan.run("--as-of", "2026-11-21", "--dry-run")
    goldpan.run("--as-of", "2026-12-21")


@pytest.fixture(scope="module")
def kept(tmp_path_factory, furnished_file):
    """Three nights and a dry run: held, sent, and one with a change for everybody."""
    return Kept.after(three_nights, folder=tmp_path_factory.mktemp("nights"), portal=furnished_file)


@pytest.fixture
def nights(loaded):
    return loaded


def test_nothing_is_left_of_a_person_in_state_and_archive(nights):
    assert len(traces(nights.home)) >= 15

    said = nights("forget", ADA, "--yes")

    assert said.exit_code == 0
    assert traces(nights.home) == []


def test_everybody_else_is_as_before(nights):
    before = others(nights.home)

    nights("forget", ADA, "--yes")

    assert others(nights.home) == before


def test_a_night_that_somebody_was_taken_out_of_can_be_replayed(nights):
    nights("forget", ADA, "--yes")

    said = nights("replay", "latest")

    assert said.exit_code == 0
    assert "People were taken out of this night since (goldpan forget)" in said.out
    assert "The same: 5 contacts" in said.out
    assert nights("replay", "latest", "--json").json["forgotten"] == 3  # both exports, and the contacts


def test_the_analysis_opens_as_before_with_a_blank_row(nights):
    analysis = next((nights.home / "archive").rglob("analysis.xlsx"))
    before = opened(analysis)["Contacts"]
    (row,) = {cell.row for line in before.iter_rows() for cell in line if cell.value == ADA}

    nights("forget", ADA, "--yes")

    after = opened(analysis)["Contacts"]
    assert [cell.value for cell in after[row]] == [None] * after.max_column
    assert after.dimensions == before.dimensions
    assert after.auto_filter.ref == before.auto_filter.ref
    assert after.freeze_panes == before.freeze_panes
    assert {key: item.width for key, item in after.column_dimensions.items()} == {
        key: item.width for key, item in before.column_dimensions.items()
    }
    assert [str(each.sqref) for each in after.conditional_formatting] == [
        str(each.sqref) for each in before.conditional_formatting
    ]
    for line, same in zip(before.iter_rows(), after.iter_rows(), strict=True):
        if line[0].row != row:
            assert [(c.value, c.number_format, c.font.b) for c in line] == [
                (c.value, c.number_format, c.font.b) for c in same
            ]


def test_it_shows_what_there_is_and_changes_nothing_in_a_dry_run(nights):
    before = nights.tree()

    said = nights("forget", ADA, "--dry-run")

    assert said.exit_code == 0
    for line in (
        "Addresses: ada@example.org",
        "Customer ids: 4102511",
        "1  rows in the state's table contacts",
        "3  rows in the state's table changes",
        "2  kept exports, with 3 rows of theirs",
        "4  × contacts.parquet in the folders of runs",
        "4  × analysis.xlsx in the folders of runs",
        "Nothing was changed: this is a dry run.",
    ):
        assert line in said.out
    assert nights.tree() == before


def test_as_json_it_counts_and_names_nobody(nights):
    said = nights("forget", ADA, "--yes", "--json")

    assert (said.exit_code, said.err) == (0, "")
    assert said.json == {
        "is_done": True,
        "addresses": 1,
        "shared_addresses": 0,
        "customer_ids": 1,
        "state": {"contacts": 1, "changes": 3},
        "exports": {"files": 2, "rows": 3},
        "runs": 4,
        "files": {"analysis.xlsx": 4, "contacts.parquet": 4, "hubspot.csv": 4, "plan.json": 3, "plan.xlsx": 1},
        "unreadable": 0,
        "removed": [],
        "problems": [],
    }
    assert not is_adas([said.out])


def test_it_says_plainly_what_it_does_not_do(nights):
    said = nights("forget", ADA, "--yes")

    assert "https://knowledge.hubspot.com/privacy-and-consent/" in said.out
    assert str(nights.config / "suppressed.txt") in said.out
    assert "drop folders" in said.out
    assert "backups" in said.out


def test_without_a_terminal_it_wants_to_be_told(nights):
    before = nights.tree()

    said = nights("forget", ADA)

    assert said.exit_code == 2
    assert "goldpan forget EMAIL --yes" in said.err
    assert nights.tree() == before


@pytest.mark.parametrize("asked", ["nobody@example.org", "a@example.org", "ada@example.org.uk"])
def test_somebody_unknown_is_a_usage_error_that_says_what_was_searched(nights, asked):
    before = nights.tree()

    said = nights("forget", asked, "--yes")

    assert said.exit_code == 2
    assert "Nothing is known of that address. Searched: the state, 2 exports and 4 runs in" in said.err
    assert {name: data for name, data in nights.tree().items() if "sqlite" not in name and "lock" not in name} == {
        name: data for name, data in before.items() if "sqlite" not in name and "lock" not in name
    }


def test_what_is_no_address_is_a_usage_error(nights):
    said = nights("forget", "Ada Lovelace", "--yes")

    assert said.exit_code == 2
    assert "is no e-mail address" in said.err


def test_a_second_time_nobody_is_there(nights):
    nights("forget", ADA, "--yes")

    assert nights("forget", ADA, "--yes").exit_code == 2


def test_while_a_run_is_going_on_it_waits_for_nobody(nights):
    hold = (
        "from sync.locking import single_flight; from sync.settings import load_settings\n"
        f"from pathlib import Path\nhome = Path({str(nights.home)!r})\n"
        "settings = load_settings(home / 'config', home=home)\n"
        "with single_flight(settings): print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        said = nights("forget", ADA, "--yes")
        other.communicate("\n")

    assert said.exit_code == 5
    assert traces(nights.home) != []


def test_whoever_is_forgotten_stays_so_when_the_same_file_comes_again(nights):
    nights("forget", ADA, "--yes")

    nights.plan("--as-of", "2026-12-22")

    assert traces(nights.home) == []


def test_a_plan_that_waits_is_sent_without_them(goldpan, sandbox):
    held = goldpan.plan()

    goldpan("forget", ADA, "--yes")
    said = goldpan.approve(held)

    assert said.json["contacts"]["created"] == 4
    assert tags_in(sandbox).keys() == {BEN, CLEO, DAN, EVE}
    assert traces(goldpan.home) == []


def test_the_age_of_an_export_stays(nights):
    exports = sorted((nights.home / "archive" / "inputs").rglob("*.csv"))
    for path in exports:
        os.utime(path, (1_700_000_000, 1_700_000_000))

    nights("forget", ADA, "--yes")

    assert {path.stat().st_mtime for path in exports} == {1_700_000_000}
    assert {oct(path.stat().st_mode & 0o777) for path in (nights.home / "archive").rglob("*") if path.is_file()} == {
        "0o600"
    }


@pytest.mark.parametrize("step", range(1, 100, 9))
def test_killed_at_any_step_the_next_time_completes_it(nights, tmp_path, step):
    straight = Installation(tmp_path / "straight")
    shutil.copytree(nights.home, straight.home, symlinks=True)
    straight("forget", ADA, "--yes")

    with killed_at(step, (Path, "replace"), (Path, "unlink"), (os, "fsync")) as made:
        nights("forget", ADA, "--yes")
    assert made.steps >= step

    nights("forget", ADA, "--yes")

    assert traces(nights.home) == []
    assert others(nights.home) == others(straight.home)
    assert not [path.name for path in (nights.home / "archive").rglob(".*")]
    assert nights("replay", "latest").exit_code == 0


def test_in_s3_the_objects_are_rewritten_too(goldpan, s3, monkeypatch):  # noqa: F811
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    goldpan.configure(
        "goldpan.toml", ("[archive]", f'[archive]\ns3 = "{URL}"\nendpoint_url = "{s3.url}"\nregion = "us-east-1"')
    )
    goldpan.configure("goldpan.toml", ('s3 = ""', ""), ('\nendpoint_url = ""', ""), ('\nregion = ""', ""))
    goldpan.run()
    open_archive(load_settings(goldpan.config, home=goldpan.home, use_environment=False)).catch_up()
    keys = s3.objects().keys()
    assert any(b"Lovelace" in data for data in s3.objects().values())
    shutil.rmtree(goldpan.home / "archive")  # the cache

    said = goldpan("forget", ADA, "--yes")

    assert said.exit_code == 0
    assert "If the bucket keeps old versions of objects, remove those, too." in said.out
    objects = s3.objects()
    assert {key for key in objects if not key.endswith("forgotten.json")} == keys
    copy = goldpan.home / "copy"
    for key, data in objects.items():
        (copy / key).parent.mkdir(parents=True, exist_ok=True)
        (copy / key).write_bytes(data)
    assert traces(goldpan.home) == []
    assert goldpan("replay", "latest").exit_code == 0


def test_customer_ids_are_those_of_the_samples():
    assert WORDS[2] == customer_id(1).lstrip("0")
