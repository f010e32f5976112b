"""Which exports and which day a run takes, and when it waits for a person."""

import os
import shutil

import pytest
from filelock import FileLock

from sync.sandbox import Sandbox
from tests.cli.installation import AS_OF, MEMBERS, ORDERS, UPSERT, WANTED, tags_in, write_csv, writes_in
from tests.cli.test_run import assert_documented, counted


def accepted(goldpan):
    """The exports that a run without any file would take."""
    goldpan.inbox.rename(goldpan.home / "away")
    said = goldpan.run("--dry-run")
    (goldpan.home / "away").rename(goldpan.inbox)
    return [(each["kind"], each["name"], each["sha256"]) for each in said.json["inputs"]]


def names(said):
    return [each["name"] for each in said.json["inputs"]]


def test_without_a_file_it_takes_the_newest_pair_of_the_drop_folder(goldpan):
    for name, age in (("memberships-old.csv", 300), ("memberships-new.csv", 100), ("orders-old.csv", 200)):
        rows = MEMBERS if "member" in name else ORDERS
        path = write_csv(goldpan.inbox / name, rows)
        os.utime(path, (1_000_000_000 - age, 1_000_000_000 - age))
    for name in ("memberships.csv", "orders.csv"):
        os.utime(goldpan.inbox / name, (999_000_000, 999_000_000))

    assert names(goldpan.run()) == ["memberships-new.csv", "orders-old.csv"]


def test_files_that_are_still_written_are_left_alone(goldpan):
    for name in (".memberships-9.csv", "memberships-9.csv.part", "~$memberships-9.xlsx", "memberships-9.tmp"):
        (goldpan.inbox / name).write_text("half", encoding="utf-8")

    assert names(goldpan.run()) == ["memberships.csv", "orders.csv"]


def test_a_file_whose_name_tells_nothing_is_told_by_its_columns(goldpan):
    (goldpan.inbox / "memberships.csv").rename(goldpan.inbox / "export-1.csv")
    (goldpan.inbox / "orders.csv").rename(goldpan.inbox / "export-2.csv")

    assert names(goldpan.run()) == ["export-1.csv", "export-2.csv"]


def test_with_an_empty_drop_folder_it_takes_the_last_accepted_pair(goldpan, sandbox):
    goldpan.run()
    shutil.rmtree(goldpan.inbox)

    said = goldpan.run("--as-of", "2026-12-01")

    assert said.exit_code == 0
    assert names(said) == ["memberships.csv", "orders.csv"]
    assert counted(said.json)["updated"] == 1


def test_one_file_goes_with_the_last_accepted_of_the_other_kind(goldpan, sandbox, tmp_path):
    goldpan.run()
    shutil.rmtree(goldpan.inbox)
    members = write_csv(tmp_path / "tonight.csv", MEMBERS)

    said = goldpan.run("--memberships", members)

    assert names(said) == ["tonight.csv", "orders.csv"]
    assert said.exit_code == 0


def test_one_file_without_an_accepted_one_of_the_other_kind_is_a_usage_error(goldpan, tmp_path):
    members, _ = goldpan.deliver(folder=tmp_path / "named")

    said = goldpan.run("--memberships", members)

    assert said.exit_code == 2
    assert "goldpan run --orders FILE" in said.json["problems"][0]


def test_without_any_export_it_says_where_it_looked(goldpan):
    shutil.rmtree(goldpan.inbox)

    said = goldpan("run")

    assert said.exit_code == 2
    assert all(f"No {kind} export" in said.all for kind in ("memberships", "orders"))
    assert str(goldpan.inbox) in said.all


def test_exports_named_on_the_command_line_win(goldpan, tmp_path):
    members, orders = goldpan.deliver(members=MEMBERS[:2], folder=tmp_path / "named")

    said = goldpan.run("--memberships", members, "--orders", orders)

    assert counted(said.json) == {"total": 2, "created": 2}


def test_the_exports_stay_where_they_are(goldpan):
    before = {path.name: path.read_bytes() for path in goldpan.inbox.iterdir()}

    goldpan.run()

    assert {path.name: path.read_bytes() for path in goldpan.inbox.iterdir()} == before


def test_a_day_before_the_last_one_sent_is_held(goldpan, sandbox):
    goldpan.run("--as-of", "2026-12-24")
    before, contacts = writes_in(sandbox), sandbox.contacts()

    said = goldpan.run("--as-of", AS_OF)

    assert said.exit_code == 3
    assert_documented(said.json)
    assert said.json["status"] == "held"
    assert said.json["contacts"]["held"] == 3  # Ada and Ben by their days left, Eve by her start
    assert "2026-12-24" in said.json["problems"][0]
    assert (writes_in(sandbox), sandbox.contacts()) == (before, contacts)


def test_a_dry_run_that_would_be_held_says_so(goldpan):
    goldpan.run("--as-of", "2026-12-24")

    said = goldpan.run("--as-of", AS_OF, "--dry-run")

    assert (said.exit_code, said.json["status"]) == (3, "held")


def test_a_held_run_accepts_nothing(goldpan):
    goldpan.run("--as-of", "2026-12-24")
    before = accepted(goldpan)
    goldpan.deliver(members=MEMBERS[:3])

    assert goldpan.run("--as-of", AS_OF).exit_code == 3
    assert accepted(goldpan) == before


def test_while_one_run_is_going_on_another_is_turned_away(goldpan, sandbox):
    goldpan.run()
    before = goldpan.tree()

    with FileLock(goldpan.home / "state" / "goldpan.sqlite.lock"):
        said = goldpan.run()

    assert said.exit_code == 5
    assert_documented(said.json)
    assert "Another run is going on" in said.json["problems"][0]
    assert goldpan.tree() == before


def test_two_homes_with_one_state_run_one_after_the_other(goldpan, tmp_path):
    state = tmp_path / "shared" / "state.sqlite"
    goldpan.env["GOLDPAN_STATE_URL"] = f"sqlite:///{state}"
    goldpan.run()

    goldpan.env["GOLDPAN_HOME"] = str(tmp_path / "another home")
    with FileLock(f"{state}.lock"):
        said = goldpan.run()

    assert said.exit_code == 5


def test_of_two_runs_at_once_one_does_the_work(goldpan, sandbox):
    held = goldpan.plan()
    sandbox.settings.latency_seconds = 0.5
    asked = len(sandbox.requests)

    with goldpan.start("run", "--approve", held.json["fingerprint"]) as first:
        while len(sandbox.requests) == asked:
            assert first.poll() is None, first.communicate()
        second = goldpan.run()
        first.communicate(timeout=60)

    assert (first.returncode, second.exit_code) == (0, 5)
    assert tags_in(sandbox) == WANTED
    assert [r.path for r in sandbox.requests].count(UPSERT) == 1


def test_a_dry_run_may_look_while_a_run_is_going_on(goldpan):
    goldpan.run()

    with FileLock(goldpan.home / "state" / "goldpan.sqlite.lock"):
        assert goldpan.run("--dry-run").exit_code == 0


def test_another_portal_starts_empty_and_says_so(goldpan, sandbox, furnished_file, tmp_path):
    goldpan.run()
    other_file = tmp_path / "other.sqlite"
    shutil.copyfile(furnished_file, other_file)
    with Sandbox(other_file, burst_limit=0, portal_id=99000002) as other:
        goldpan.env["HUBSPOT_BASE_URL"] = other.url

        held = goldpan.plan()
        said = goldpan.approve(held)

        assert counted(said.json) == {"total": 6, "created": 5, "unsendable": 1}
        assert tags_in(other) == WANTED
        assert "Portal 99000002 is new to this installation" in held.err
        goldpan.env["HUBSPOT_BASE_URL"] = sandbox.url
        assert counted(goldpan.run().json)["unchanged"] == 5


def test_another_portal_is_said_to_people_too(goldpan, furnished_file, tmp_path):
    goldpan.run()
    other_file = tmp_path / "other.sqlite"
    shutil.copyfile(furnished_file, other_file)
    with Sandbox(other_file, burst_limit=0, portal_id=99000002) as other:
        goldpan.env["HUBSPOT_BASE_URL"] = other.url

        assert "Portal 99000002 is new to this installation" in goldpan("run", "--as-of", AS_OF).out


def test_the_embedded_stand_in_is_used_only_when_asked_for_and_says_so(goldpan, sandbox):
    goldpan.configure("goldpan.toml", ('destination = "hubspot"', 'destination = "sandbox"'))
    assert goldpan("setup", "--yes").exit_code == 0

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 0
    assert "SANDBOX, not HubSpot" in said.out
    assert sandbox.requests == ()
    assert "SANDBOX, not to HubSpot" in goldpan.run().err


@pytest.mark.parametrize("option", ["--config", "GOLDPAN_CONFIG"])
def test_the_config_folder_can_be_named(goldpan, sandbox, tmp_path, option):
    elsewhere = tmp_path / "rules"
    goldpan.config.rename(elsewhere)
    named = ("--config", elsewhere) if option == "--config" else ()
    if option != "--config":
        goldpan.env[option] = str(elsewhere)

    assert goldpan.run(*named).exit_code == 0
    assert tags_in(sandbox) == WANTED
