"""From a database to HubSpot: the same contacts as from files, nothing sent twice, and what is wrong is said."""

import subprocess
import sys

import pytest

from sync.choosing import choose_exports
from sync.settings import load_settings
from sync.state.store import State
from sync.state.tables import deliveries
from tests.builders import REPOSITORY
from tests.cli.installation import WANTED, tags_in, writes_in
from tests.cli.test_check import lines
from tests.sources.databases import MARKS, QUERIES, VARIABLE, source


@pytest.fixture
def goldpan(sandbox, set_up, tmp_path):
    """An installation that takes its exports from a database; its URL is in `.env`."""
    installation = set_up(sandbox.url)
    installation.ask = lambda **asked: installation.take_from(source(**asked))
    installation.ask()
    return installation


@pytest.fixture
def known(goldpan, system):
    """The database, where `.env` says."""
    (goldpan.home / ".env").write_text(f"{VARIABLE}={system.url}\n")
    (goldpan.home / ".env").chmod(0o600)
    return system


def snapshots(goldpan):
    return sorted(path.name for path in (goldpan.home / "archive" / "inputs").glob("*/*.parquet"))


def test_the_contacts_are_the_same_as_from_files(goldpan, known, sandbox):
    said = goldpan.run()

    assert (said.exit_code, said.json["status"]) == (0, "done")
    assert {(each["kind"], each["name"], each["rows"]) for each in said.json["inputs"]} == {
        ("memberships", "memberships.parquet", 7), ("orders", "orders.parquet", 4),
    }  # fmt: skip
    assert tags_in(sandbox) == WANTED
    assert snapshots(goldpan) == ["memberships.parquet", "orders.parquet"]


def test_a_second_run_writes_nothing_and_keeps_no_second_copy(goldpan, known, sandbox):
    goldpan.run()
    before = len(writes_in(sandbox))

    again = goldpan.run()

    assert (again.exit_code, again.json["contacts"]["unchanged"]) == (0, len(WANTED))
    assert len(writes_in(sandbox)) == before
    assert snapshots(goldpan) == ["memberships.parquet", "orders.parquet"]


def test_a_row_that_changed_reaches_hubspot_with_the_next_run(goldpan, known, sandbox):
    goldpan.run()
    known.run("UPDATE members SET ends = '2028-01-01', changed = '2' WHERE name = 'Ben Okafor'")

    said = goldpan.run()

    assert said.json["contacts"]["updated"] == 1
    assert "not_expiring_soon" in tags_in(sandbox)["ben@example.org"]


def test_while_the_mark_stands_a_snapshot_on_record_is_not_taken_again(goldpan, known, monkeypatch):
    monkeypatch.setenv(VARIABLE, known.url)
    settings = load_settings(goldpan.config, home=goldpan.home)
    with State.open(settings.state_url) as state:
        first = choose_exports(settings, state, {}, is_recorded=True)
        known.run("UPDATE members SET name = 'unseen'", "UPDATE orders SET changed = '2'")
        again = choose_exports(settings, state, {}, is_recorded=True)
        with state.engine.connect() as connection:
            statuses = connection.execute(deliveries.select().order_by("delivery_id")).all()

    digest = {kind: each.digest for kind, (each,) in first.items()}
    assert {kind: each.digest == digest[kind] for kind, (each,) in again.items()} == {
        "memberships": True,
        "orders": True,
    }
    assert [(row.kind, row.status) for row in statuses] == [
        ("memberships", "waiting"), ("orders", "waiting"), ("orders", "duplicate"),
    ]  # fmt: skip


@pytest.mark.parametrize("marks", [MARKS, {}])
def test_a_run_that_records_nothing_takes_a_fresh_snapshot(goldpan, known, monkeypatch, marks):
    goldpan.ask(marks=marks)
    monkeypatch.setenv(VARIABLE, known.url)
    settings = load_settings(goldpan.config, home=goldpan.home)

    with State.empty() as state:
        first = choose_exports(settings, state, {})["memberships"][0].digest
        known.run("UPDATE members SET name = 'seen'")

        assert choose_exports(settings, state, {})["memberships"][0].digest != first


def test_a_run_says_why_a_query_can_not_be_used_and_sends_nothing(goldpan, known, sandbox):
    goldpan.run()
    before = len(writes_in(sandbox))
    goldpan.ask(queries={**QUERIES, "orders": "SELECT document FROM orders"})

    said = goldpan.plan()

    assert said.exit_code == 1
    assert any("no column for customer_id" in problem for problem in said.json["problems"])
    assert len(writes_in(sandbox)) == before


def test_a_run_says_that_a_database_is_away(goldpan, sandbox):
    (goldpan.home / ".env").write_text(f"{VARIABLE}=sqlite:////nowhere/crm.sqlite\n")
    (goldpan.home / ".env").chmod(0o600)

    said = goldpan.plan()

    assert said.exit_code == 1
    assert "nowhere/crm.sqlite can't be reached" in said.json["problems"][0]


def test_a_snapshot_is_replayed_and_a_person_taken_out_of_it(goldpan, known):
    run_id = goldpan.run().json["run_id"]

    replayed = goldpan("replay", run_id)
    forgotten = goldpan("forget", "ada@example.org", "--yes")

    assert replayed.exit_code == 0, replayed.all
    assert forgotten.exit_code == 0, forgotten.all
    kept = b"".join(path.read_bytes() for path in (goldpan.home / "archive" / "inputs").rglob("*.parquet"))
    assert b"ada@example.org" not in kept
    assert b"ben@example.org" in kept


def test_check_asks_each_query_and_reads_no_row(goldpan, known):
    said = goldpan("check")

    assert lines(said)["source"] is True
    assert "crm: " in said.out
    assert "memberships: 8 columns; orders: 4 columns" in " ".join(said.out.split())


def test_check_says_what_costs_time_or_order(goldpan, known):
    goldpan.ask(queries={"memberships": QUERIES["memberships"].rpartition("ORDER")[0].strip()}, marks={})

    told = " ".join(goldpan("check").out.split())

    assert "without a mark, so all rows are read every 60 minutes" in told
    assert "without ORDER BY, so the same rows in another order count as new" in told


def test_check_names_everything_that_is_wrong(goldpan, known):
    missing = {**QUERIES, "memberships": "SELECT customer FROM members", "orders": "SELECT nothing FROM orders"}
    goldpan.ask(queries=missing, marks={"memberships": "SELECT number FROM members"})

    said = goldpan("check")
    told = " ".join(said.out.split())

    assert (said.exit_code, lines(said)["source"]) == (2, False)
    for problem in ("several rows came", "no column for", "refuses orders_query of source crm"):
        assert problem in told


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "neither CRM_DATABASE_URL nor CRM_DATABASE_URL_FILE is set"),
        ("sqlite:////nowhere/crm.sqlite", "can't be reached"),
        ("oracle+nosuch://goldpan:geheim@127.0.0.1/crm", "driver for oracle+nosuch is not installed"),
    ],
)
def test_check_says_that_there_is_no_database(goldpan, url, said):
    (goldpan.home / ".env").write_text(f"{VARIABLE}={url}\n")
    (goldpan.home / ".env").chmod(0o600)

    checked = goldpan("check")

    assert lines(checked)["source"] is False
    assert said in " ".join(checked.out.split())
    assert "geheim" not in checked.all


MEASURED = """
import resource, sys
from pathlib import Path
from sync.settings import load_settings
from sync.sources import open_sources
(source,) = open_sources(load_settings(Path(sys.argv[1])))
(found,) = source.list_files().files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source.fetch(found, Path(sys.argv[2]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def fetched_mb(goldpan, url, rows, folder):
    """What fetching so many rows of twenty columns takes more than being there, as the operating system counts."""
    columns = ", ".join(f"'cell ' || i || ' of column {number}' AS c{number}" for number in range(18))
    counted = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
    goldpan.ask(queries={"memberships": f"{counted} SELECT i, i / 4.0 AS share, {columns} FROM n"}, marks={})
    folder.mkdir()
    said = subprocess.run(
        [sys.executable, "-c", MEASURED, str(goldpan.config), str(folder / "memberships.parquet")],
        env={"PYTHONPATH": str(REPOSITORY), VARIABLE: url, "PATH": ""}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(said.stdout)


def test_the_number_of_rows_costs_no_memory(goldpan, system, tmp_path):
    few = fetched_mb(goldpan, system.url, 25_000, tmp_path / "few")
    many = fetched_mb(goldpan, system.url, 200_000, tmp_path / "many")

    assert (tmp_path / "many" / "memberships.parquet").stat().st_size > 500_000
    assert many < few + 100, (few, many)  # eight times as many cells are 300 MB more in Python
