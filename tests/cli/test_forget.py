"""``goldpan forget``: one person out of state and archive, and nobody else."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import xlwt

from sync.archive.opening import open_archive
from sync.archive.workbook_rows import rewrite_workbook
from sync.settings import load_settings
from tests.archive.conftest import moto_server, s3  # noqa: F401 - fixtures
from tests.archive.s3_stage import KEYS, URL
from tests.builders import REPOSITORY
from tests.cli.installation import (
    ADA,
    BEN,
    CLEO,
    DAN,
    EVE,
    MEMBERS,
    ORDERS,
    Installation,
    customer_id,
    member,
    order,
    tags_in,
)

WORDS = ("ada@example.org", "lovelace", "4102511")
"""What is left of Ada if anything is."""


def traces(home: Path, words: tuple[str, ...] = WORDS, *, besides: tuple[str, ...] = ("inbox", "config")) -> list[str]:
    """The files in a home that still hold one of these words, however they are packed."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.relative_to(home).parts[0] in besides:
            continue
        if any(word.encode() in content for word in words for content in contents(path)):
            found.append(str(path.relative_to(home)))
    return found


def contents(path: Path) -> list[bytes]:
    if path.suffix == ".parquet":
        return [json.dumps(pq.read_table(path).to_pylist(), default=str).lower().encode()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name).lower() for name in archive.namelist()]
    return [path.read_bytes().lower()]


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


@pytest.fixture
def nights(goldpan):
    """Three nights and a dry run: held, sent, and one with a change for everybody."""
    goldpan.run()
    goldpan.run("--as-of", "2026-11-21", "--dry-run")
    goldpan.run("--as-of", "2026-12-21")
    return goldpan


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


def test_earlier_rows_and_addresses_of_the_same_customer_go_too(goldpan):
    goldpan.deliver([*MEMBERS, member(1, "A. Lovelace", "ada.private@example.org", "2020-01-01", "2021-01-01")])
    goldpan.run()

    said = goldpan("forget", ADA, "--yes")

    assert "Addresses: ada.private@example.org, ada@example.org" in said.out
    assert traces(goldpan.home, (*WORDS, "ada.private")) == []


def test_an_address_that_is_somebody_elses_too_stays(goldpan):
    office = "office@example.org"
    shared = [member(1, "Ada Lovelace", office, "2020-01-01", "2021-01-01"),
              member(8, "Gus Officer", office, "2026-02-01", "2027-02-01")]  # fmt: skip
    goldpan.deliver([*MEMBERS, *shared])
    goldpan.run()

    said = goldpan("forget", ADA, "--yes")

    assert "1 more addresses of these customers are somebody else's, too: they stay." in said.out
    assert traces(goldpan.home) == []
    assert len(traces(goldpan.home, (office,))) > 5
    assert len(traces(goldpan.home, ("gus officer",))) > 3
    assert goldpan("replay", "latest").exit_code == 0


def test_a_contact_of_anothers_that_was_described_by_their_row_goes_for_that_night(goldpan):
    office = "office@example.org"
    shared = [member(1, "Ada Lovelace", office, "2026-03-01", "2027-03-01"),
              member(8, "Gus Officer", office, "2026-02-01", "2027-02-01")]  # fmt: skip
    goldpan.deliver([*MEMBERS, *shared])
    night = Path(goldpan.run().json["archive"])
    assert f"Ada Lovelace,{office}" in (night / "hubspot.csv").read_text()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []
    assert office not in (night / "hubspot.csv").read_text()
    assert goldpan("replay", "latest").exit_code == 0


def test_their_address_in_other_peoples_rows_is_replaced_and_the_rows_stay(goldpan):
    friend = {**member(8, "Gus Friend", "gus@example.org, Ada@Example.org", "2026-02-01", "2027-02-01"),
              "Referred By": "mailto:ada@example.org"}  # fmt: skip
    goldpan.deliver([*MEMBERS, friend])
    goldpan.run()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []
    kept = next((goldpan.home / "archive" / "inputs").rglob("memberships.csv")).read_text()
    assert "gus@example.org, forgotten@forgotten.invalid" in kept
    assert "mailto:forgotten@forgotten.invalid" in kept
    assert goldpan("replay", "latest").exit_code == 0


def test_orders_without_a_customer_id_go_by_their_address(goldpan):
    guest = {**order(9, 1, "70"), "SAP ID": "", "E-Mail": "ADA@example.org"}
    sold_by = {**order(10, 2, "80"), "E-Mail": "ada@example.org"}
    goldpan.deliver(orders=[*({**each, "E-Mail": ""} for each in ORDERS), guest, sold_by])
    goldpan.run()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []
    kept = next((goldpan.home / "archive" / "inputs").rglob("orders.csv")).read_text()
    assert '"900009"' not in kept
    assert '"900010"' in kept


def test_a_person_who_left_the_exports_is_known_from_the_state(goldpan):
    goldpan.run()
    goldpan.deliver([row for row in MEMBERS if row["Contact Email"] != ADA])  # her orders are still there
    goldpan("run", "--as-of", "2026-11-21")
    for path in (goldpan.home / "archive" / "inputs").rglob("memberships.csv"):
        if "Lovelace" in path.read_text():
            path.unlink()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home) == []


def test_an_export_kept_under_former_headers_is_read_with_the_config_of_that_time(goldpan):
    goldpan.run()
    rename = {"Cust ID": "Client No", "Contact Email": "Mail To"}
    goldpan.configure("exports/memberships.toml", ('"Cust ID"', '"Client No"'), ('"Contact Email"', '"Mail To"'))
    goldpan.deliver([{rename.get(name, name): cell for name, cell in row.items()} for row in MEMBERS])
    goldpan.plan("--as-of", "2026-11-21")

    said = goldpan("forget", ADA, "--yes", "--json")

    assert said.json["exports"] == {"files": 3, "rows": 4}
    assert traces(goldpan.home) == []


def write_xlsx(path: Path, rows) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Members"
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    for line in sheet.iter_rows(min_row=2):
        line[2].hyperlink = f"mailto:{line[2].value}"
        line[0].value = int(line[0].value)  # the id as a number, as Excel likes it
    sheet["K1"], sheet["K3"] = "Sum", "=1+1"
    book.create_sheet("Notes").append(["Ask ada@example.org about 4102511"])
    book.save(path)


def test_a_workbook_is_rewritten_row_by_row_and_read_as_before(goldpan):
    write_xlsx(goldpan.inbox / "memberships.xlsx", MEMBERS)
    (goldpan.inbox / "memberships.csv").unlink()
    goldpan.run()

    said = goldpan("forget", ADA, "--yes", "--json")

    assert said.json["removed"] == []
    assert traces(goldpan.home, (ADA, "lovelace")) == []
    kept = openpyxl.load_workbook(next((goldpan.home / "archive" / "inputs").rglob("memberships.xlsx")))
    assert [cell.value for cell in kept["Members"][2]] == [None] * 11
    assert kept["Members"]["B3"].value == "Ben Okafor"
    assert kept["Members"]["K3"].value == "=1+1"
    assert kept["Members"]["C3"].hyperlink.target == f"mailto:{BEN}"
    assert kept["Notes"]["A1"].value == "Ask forgotten@forgotten.invalid about 4102511"
    assert goldpan("replay", "latest").exit_code == 0


def test_an_old_workbook_can_not_be_rewritten_and_goes_with_the_reason(goldpan):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Members")
    for number, row in enumerate([dict(zip(MEMBERS[0], MEMBERS[0], strict=True)), *MEMBERS]):
        for column, cell in enumerate(row.values()):
            sheet.write(number, column, cell)
    (goldpan.inbox / "memberships.csv").unlink()
    book.save(str(goldpan.inbox / "memberships.xls"))
    goldpan.run()

    shown = goldpan("forget", ADA, "--dry-run")
    said = goldpan("forget", ADA, "--yes")
    replayed = goldpan("replay", "latest")

    assert "Can't be rewritten, so it goes whole (an .xls file can't be rewritten)" in shown.out
    assert "Removed, because an .xls file can't be rewritten:" in said.out
    assert traces(goldpan.home) == []
    assert replayed.exit_code == 2
    assert "without its export memberships.xls: an .xls file can't be rewritten." in replayed.err


def test_a_damaged_export_is_not_taken_for_anybodys(goldpan):
    goldpan.run()
    damaged = goldpan.home / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04 and then nothing")
    open_archive(load_settings(goldpan.config, home=goldpan.home, use_environment=False)).keep_input(damaged, "x.xlsx")

    assert goldpan("forget", "nobody@example.org", "--yes").exit_code == 2
    said = goldpan("forget", ADA, "--yes")
    assert "Nobody can read this export, so look yourself:" in said.out
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


def test_names_make_customers_where_the_config_says_so(goldpan):
    goldpan.configure("goldpan.toml", ('match_on = "customer_id"', 'match_on = "customer_name"'))
    goldpan.deliver([*MEMBERS, {**member(1, "ADA  Lovelace", "", "2020-01-01", "2021-01-01"), "Cust ID": ""}])
    goldpan.run()

    goldpan("forget", ADA, "--yes")

    assert traces(goldpan.home, (*WORDS, "ada  lovelace")) == []


class Kill(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("step", range(1, 100, 9))
def test_killed_at_any_step_the_next_time_completes_it(nights, tmp_path, monkeypatch, step):
    straight = Installation(tmp_path / "straight")
    shutil.copytree(nights.home, straight.home, symlinks=True)
    straight("forget", ADA, "--yes")
    count = 0

    def counted(really):
        def go(*args, **options):
            nonlocal count
            count += 1
            if count == step:
                raise Kill
            return really(*args, **options)

        return go

    with monkeypatch.context() as killing:
        for owner, name in ((Path, "replace"), (Path, "unlink"), (os, "fsync")):
            killing.setattr(owner, name, counted(getattr(owner, name)))
        with contextlib.suppress(Kill):
            nights("forget", ADA, "--yes")
    assert count >= step

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


def test_strings_that_others_share_stay_and_those_of_the_row_alone_go(tmp_path):
    """Excel keeps each text once, in a part of its own."""
    with xlsxwriter.Workbook(tmp_path / "old.xlsx") as book:
        sheet = book.add_worksheet("Sheet")
        for number, row in enumerate([["Name", "City"], ["Ada", "Bern"], ["Ben", "Bern"]]):
            sheet.write_row(number, 0, row)

    rewrite_workbook(tmp_path / "old.xlsx", tmp_path / "new.xlsx", {"Sheet": {2}}, lambda data: data)

    rows = openpyxl.load_workbook(tmp_path / "new.xlsx").active.iter_rows(values_only=True)
    assert list(rows) == [("Name", "City"), (None, None), ("Ben", "Bern")]
    with zipfile.ZipFile(tmp_path / "new.xlsx") as archive:
        assert b"Ada" not in archive.read("xl/sharedStrings.xml")


def test_customer_ids_are_those_of_the_samples():
    assert WORDS[2] == customer_id(1).lstrip("0")
