"""From a dataset to HubSpot: the same contacts as from files, only what changed, and what is wrong is said."""

import csv
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.cli.installation import AS_OF, MEMBERS, ORDERS, WANTED, member, order, tags_in, writes_in

SOURCE = '[[source]]\nname = "lake"\nmemberships_dataset = "lake/members"\norders_dataset = "lake/orders/*/*.csv"\n'


def put(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(params=["auto", "duckdb"])
def goldpan(request, sandbox, set_up):
    """An installation that takes its exports from a dataset, in folders by their month."""
    installation = set_up(sandbox.url)
    configure(installation, request.param)
    lake = installation.home / "lake"
    put(lake / "members" / "a.csv", MEMBERS[:4])
    put(lake / "members" / "b.csv", MEMBERS[4:])
    put(lake / "orders" / "month=09" / "a.csv", ORDERS[:1])
    put(lake / "orders" / "month=10" / "a.csv", ORDERS[1:])
    return installation


def configure(installation, engine, source=SOURCE):
    installation.take_from(source)
    file = installation.config / "goldpan.toml"
    file.write_text(file.read_text("utf-8").replace('engine = "auto"', f'engine = "{engine}"', 1), "utf-8")


def test_the_contacts_are_the_same_as_from_files_and_a_second_run_writes_nothing(goldpan, sandbox):
    said = goldpan.run()
    before = len(writes_in(sandbox))
    again = goldpan.run()

    assert (said.exit_code, said.json["status"]) == (0, "done")
    assert {(each["kind"], each["name"], each["rows"]) for each in said.json["inputs"]} == {
        ("memberships", "memberships.dataset.json", 7), ("orders", "orders.dataset.json", 4),
    }  # fmt: skip
    assert tags_in(sandbox) == WANTED
    assert (again.exit_code, again.json["contacts"]["unchanged"]) == (0, len(WANTED))
    assert len(writes_in(sandbox)) == before


def test_a_file_that_came_since_is_all_that_is_sent(goldpan, sandbox):
    goldpan.run()
    put(goldpan.home / "lake" / "orders" / "month=11" / "a.csv", [order(9, 2, "500")])

    said = goldpan.run()

    assert (said.exit_code, said.json["contacts"]["updated"]) == (0, 1)
    assert "high_value_customer" in tags_in(sandbox)["ben@example.org"]


def test_a_file_that_is_written_anew_each_night_is_followed(goldpan, sandbox):
    goldpan.run()
    renamed = [dict(row) | {"Customer Name": "Ada King"} if row is MEMBERS[0] else row for row in MEMBERS[:4]]
    put(goldpan.home / "lake" / "members" / "a.csv", renamed)

    said = goldpan.run("--as-of", "2026-12-21")

    assert (said.exit_code, said.json["status"]) == (0, "done"), said.all
    assert sandbox.contacts()["ada@example.org"]["customer_name"] == "Ada King"


def rewritten(file):
    put(file, MEMBERS[:3])


def renamed(file):
    file.rename(file.with_name("part-2.csv"))


def removed(file):
    shutil.rmtree(file.parent)


@pytest.mark.parametrize("change", [rewritten, renamed, removed])
def test_a_held_plan_is_sent_though_its_files_were_written_anew(goldpan, sandbox, change):
    held = goldpan.plan()
    change(goldpan.home / "lake" / "members" / "a.csv")

    approved = goldpan.approve(held)

    assert (approved.exit_code, approved.json["status"]) == (0, "done"), approved.all
    assert tags_in(sandbox) == WANTED
    assert any("has no analysis" in note for note in noted(approved))


def test_a_run_whose_files_are_written_anew_while_it_sends_ends_as_it_would(goldpan, sandbox):
    file = goldpan.home / "lake" / "members" / "a.csv"
    put(file, [*MEMBERS[:4], member(4102999, "Ned Nowhere", "not an address", "2026-02-01", "2027-02-01")])
    goldpan.run()
    put(file.with_name("c.csv"), [member(4103000, "New One", "new@example.org", "2026-02-01", "2027-02-01")])
    before = len(writes_in(sandbox))
    sandbox.settings.latency_seconds = 0.3

    def write_anew():
        while len(writes_in(sandbox)) == before:
            time.sleep(0.01)
        put(file, MEMBERS[:3])

    with ThreadPoolExecutor(1) as aside:
        written = aside.submit(write_anew)
        said = goldpan.run()
        written.result(timeout=10)

    assert (said.exit_code, said.json["status"], said.json["contacts"]["created"]) == (0, "done", 1), said.all
    assert "new@example.org" in tags_in(sandbox)
    assert any("has no analysis" in note for note in noted(said))


def test_undo_refuses_where_it_can_not_tell_whom_the_list_means(goldpan, sandbox):
    goldpan.run()
    (goldpan.config / "suppressed.txt").write_text("999999\n")
    put(goldpan.home / "lake" / "orders" / "month=09" / "a.csv", [*ORDERS[:1], *ORDERS[:1]])

    said = goldpan("undo", "latest", "--yes", "--json")

    assert said.exit_code == 1, said.all
    assert "not the file any more that was listed" in said.all


def noted(said):
    return json.loads((Path(said.json["archive"]) / "run.json").read_text())["notes"]


def test_the_analysis_shows_the_cells_as_delivered_and_where_each_row_stands(goldpan, sandbox):
    said = goldpan.run()

    workbook = CalamineWorkbook.from_path(f"{said.json['archive']}/analysis.xlsx")
    headers, *rows = workbook.get_sheet_by_name("Contacts").to_python()
    by_email = {row[headers.index("Contact Email")]: dict(zip(headers, row, strict=True)) for row in rows}
    assert by_email["eve@example.org"]["Cust ID"] == MEMBERS[5]["Cust ID"]
    assert [by_email["eve@example.org"][name] for name in ("File", "Row")] == ["b.csv", 3]
    assert by_email["ada@example.org"]["Original Pu"] == "HFO Web"


def test_a_dry_run_a_held_run_and_its_approval_read_the_dataset_too(goldpan, sandbox):
    dry = goldpan.plan("--dry-run")
    held = goldpan.plan()
    approved = goldpan.approve(held)

    assert (dry.exit_code, held.exit_code, approved.exit_code) == (3, 3, 0)
    assert tags_in(sandbox) == WANTED


def test_a_past_night_is_replayed_while_its_files_are_unchanged(goldpan, sandbox):
    run = goldpan.run().json["run_id"]
    replayed = goldpan("replay", run)
    put(goldpan.home / "lake" / "members" / "b.csv", [*MEMBERS[4:], member(8, "Gil", "g@x.org", AS_OF, "2027-11-20")])
    changed = goldpan("replay", run)

    assert replayed.exit_code == 0, replayed.all
    assert changed.exit_code == 1
    assert "b.csv is not the file any more that was listed" in changed.all


def test_one_file_without_its_columns_stops_the_run_before_anything_is_sent(goldpan, sandbox):
    goldpan.run()
    before = len(writes_in(sandbox))
    put(goldpan.home / "lake" / "orders" / "month=11" / "bad.csv", [{"SAP ID": "1", "Plant": "P1"}])

    said = goldpan.run()

    assert said.exit_code == 1
    assert any("month=11/bad.csv: no column for total_value" in problem for problem in said.json["problems"])
    assert len(writes_in(sandbox)) == before


def test_a_dataset_is_not_united_with_other_exports(goldpan, sandbox):
    configure(goldpan, "auto", SOURCE + '[[source]]\nname = "inbox"\nfolder = "inbox"\n')
    put(goldpan.home / "inbox" / "members.csv", MEMBERS)

    said = goldpan.plan()

    assert said.exit_code == 2
    assert any(
        "The memberships come from lake and inbox; one of them is a dataset" in each for each in said.json["problems"]
    )


def test_where_no_file_lies_the_run_says_where_it_looked(goldpan, sandbox):
    shutil.rmtree(goldpan.home / "lake" / "orders")

    said = goldpan.plan()

    assert said.exit_code == 2
    assert any("No orders export" in each and "lake/orders/*/*.csv" in each for each in said.json["problems"])


def test_check_says_how_many_files_there_are_or_what_they_lack(goldpan, sandbox):
    right = goldpan("check")
    put(goldpan.home / "lake" / "members" / "a.csv", [{"Name": "Ann"}])
    wrong = goldpan("check")
    shutil.rmtree(goldpan.home / "lake" / "orders")
    missing = goldpan("check")

    assert "memberships: 2 files of 0.0 MB in lake/members; orders: 2 files of 0.0 MB in lake/orders" in right.out
    assert "a.csv: no column for customer_id" in wrong.out
    assert "orders_dataset of source lake: no file lies in lake/orders/*/*.csv" in missing.out


def test_convert_takes_folders_and_patterns(goldpan, tmp_path):
    lake = goldpan.home / "lake"

    said = goldpan("convert", lake / "members", lake / "orders" / "*" / "*.csv", "-o", tmp_path / "out", "--json")

    assert said.exit_code == 0, said.all
    assert json.loads(said.out)["rows"]["read"] == 11
    assert len((tmp_path / "out" / "hubspot.csv").read_text().splitlines()) == 1 + len(WANTED)


def test_explain_reads_the_dataset_of_the_last_accepted_run(goldpan, sandbox):
    goldpan.run()

    said = goldpan("explain", "ada@example.org")

    assert said.exit_code == 0, said.all
    assert "1,000.01" in said.out


def test_nothing_of_the_rows_is_left_in_temporary_folders(goldpan, sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    goldpan.env["TMPDIR"] = str(tmp_path)

    goldpan.run()

    assert list(tmp_path.glob("goldpan*")) == []


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('name = "x"\nmemberships_dataset = "a"\nfolder = "b"', "takes either folder"),
        ('name = "x"\norders_dataset = "a"\nremove_source = true', "remove_source: only for files, not with datasets"),
        ('name = "x"\norders_dataset = "s3://lake/orders"', "s3a://bucket/orders"),
    ],
)
def test_a_source_that_can_not_be_meant_is_refused_with_the_config(goldpan, source, wanted):
    configure(goldpan, "auto", f"[[source]]\n{source}\n")

    said = goldpan("check")

    assert said.exit_code == 2
    assert wanted in said.all
