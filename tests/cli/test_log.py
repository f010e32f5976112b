"""``runs``, ``show`` and ``rejects``: the sync log; and nobody's data in anything that is printed."""

import json

import pytest

from sync.sandbox import TOKEN, Sandbox
from tests.cli.installation import ADA, AS_OF, MEMBERS, ORDERS, Installation, member
from tests.cli.test_run import KEYS

PERSONAL = [
    *MEMBERS,
    member(7, "Grace Refused", "grace@example.con", "2026-01-01", "13/45/2026", purchase="Trade show"),
]
BOUGHT = [*ORDERS, {**ORDERS[0], "Sales Doc": "900009", "Total Value": "ask Ivan Bystander"}]


@pytest.fixture(scope="module")
def busy(furnished_file, tmp_path_factory):
    """An installation after two runs, with something to look at."""
    home = tmp_path_factory.mktemp("busy")
    portal = home / "portal.sqlite"
    portal.write_bytes(furnished_file.read_bytes())
    with Sandbox(portal, burst_limit=0) as sandbox:
        goldpan = Installation(home, sandbox.url)
        goldpan("init")
        goldpan.deliver(members=PERSONAL, orders=BOUGHT)
        goldpan.run()
        goldpan.run("--as-of", "2026-12-24")
        yield goldpan


def run_ids(goldpan):
    return [run["run_id"] for run in goldpan("runs", "--json").json["runs"]]


def test_before_any_run_it_says_so(goldpan):
    before = goldpan.tree()

    assert "no run yet" in goldpan("runs").out
    assert goldpan("runs", "--json").json == {"runs": []}
    for command in ("show", "rejects"):
        said = goldpan(command)
        assert (said.exit_code, said.err) == (2, "goldpan: There is no run yet.\n")
    assert goldpan.tree() == before


def test_runs_are_listed_newest_first(busy):
    said = busy("runs")

    lines = [line for line in said.out.splitlines() if line.startswith("20")]
    assert said.exit_code == 0
    assert [line.split()[0] for line in lines] == run_ids(busy) == sorted(run_ids(busy), reverse=True)
    assert [line.split()[2] for line in lines] == ["2026-12-24", AS_OF, AS_OF]  # held, approved
    assert len([line for line in busy("runs", "-n", "1").out.splitlines() if line.startswith("20")]) == 1


def test_a_failed_run_is_listed_too(goldpan):
    goldpan.env["HUBSPOT_ACCESS_TOKEN"] = "wrong"
    goldpan.run()

    assert goldpan("runs", "--json").json["runs"][0]["status"] == "failed"
    assert "401" in goldpan("show").out


@pytest.mark.parametrize("which", ["latest", "whole id", "beginning"])
def test_one_run_is_shown_by_its_id_its_beginning_or_as_the_latest(busy, which):
    newest = run_ids(busy)[0]
    argument = {"latest": "latest", "whole id": newest, "beginning": newest[:-2]}[which]

    said = busy("show", argument)

    assert said.exit_code == 0
    assert f"Run {newest} as of 2026-12-24" in said.out
    assert busy("show", argument, "--json").json["run_id"] == newest


def test_the_stored_record_is_what_the_run_printed(goldpan):
    printed = goldpan.run().json

    shown = goldpan("show", "--json").json

    unlike = {"archive", "seconds"}  # they end after the record is written
    assert {key: shown[key] for key in KEYS - unlike} == {key: printed[key] for key in KEYS - unlike}


def test_an_unknown_or_ambiguous_run_is_a_usage_error(busy):
    unknown, ambiguous = busy("show", "1999"), busy("show", "20")

    assert (unknown.exit_code, ambiguous.exit_code) == (2, 2)
    assert "No run '1999'" in unknown.err
    assert "Several runs" in ambiguous.err


def test_rejects_are_counted_and_listed_with_what_to_do(busy):
    first = run_ids(busy)[1]

    said = busy("rejects", first)
    rows = busy("rejects", first, "--json").json["rejects"]

    assert said.exit_code == 0
    assert {"unsendable", "invalid_email", "unreadable_date", "unreadable_amount", "INVALID_EMAIL"} <= {
        row["Reason"] for row in rows
    }
    assert all(row["Reason"] in said.out for row in rows)
    assert [row["Row"] for row in rows if row["Reason"] == "unreadable_date"] == ["9"]
    assert all(row["What to Do"] for row in rows if row["Kind"] != "Skipped rows")
    assert "Whole values" in said.out


def test_a_long_list_of_rejects_is_cut_with_the_way_to_the_rest(busy):
    said = busy("rejects", run_ids(busy)[1], "-n", "1")

    assert ": goldpan rejects" in said.out


def test_a_clean_run_has_nothing_to_look_at(goldpan):
    goldpan.deliver(members=MEMBERS[:1], orders=ORDERS[:2])
    goldpan.run()

    assert "nothing to look at" in goldpan("rejects").out


def test_texts_in_square_brackets_are_printed_as_they_are(goldpan, tmp_path):
    members, orders = goldpan.deliver(folder=tmp_path / "in")
    odd = members.rename(members.with_name("members [final].csv"))

    said = goldpan("run", "--as-of", AS_OF, "--memberships", odd, "--orders", orders)

    assert "members [final].csv" in said.out
    assert "members [final].csv" in goldpan("rejects").out


# --- nobody's data ----------------------------------------------------------------------------------------------------


def secrets():
    """Every value of the sample that is about somebody, and the token."""
    people = [row[name] for row in PERSONAL for name in ("Customer Name", "Contact Email")]
    return [TOKEN, *people, "ask Ivan Bystander", "13/45/2026", *(row["Cust ID"].lstrip("0") for row in PERSONAL)]


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_nobodys_address_name_or_id_and_no_token_is_printed_or_logged(goldpan, json_option):
    goldpan.deliver(members=PERSONAL, orders=BOUGHT)
    said = [
        goldpan("check", "--verbose"),
        goldpan("setup", "--verbose"),
        goldpan("run", "--as-of", AS_OF, "--verbose", "--dry-run", *json_option),
        goldpan("run", "--as-of", AS_OF, "--verbose", *json_option),
        goldpan("run", "--as-of", "2026-12-24", "--verbose", *json_option),
        goldpan("run", "--as-of", AS_OF, "--verbose", *json_option),  # held
        goldpan("runs", "--verbose", *json_option),
        goldpan("show", "--verbose", *json_option),
        *(goldpan("rejects", run_id, "--verbose", *json_option) for run_id in run_ids(goldpan)),
        goldpan("convert", "inbox/memberships.csv", "inbox/orders.csv", "--verbose", *json_option),
    ]
    (goldpan.inbox / "memberships.csv").write_text(f"Who\n{ADA}\n", encoding="utf-8")
    said.append(goldpan("run", "--as-of", "2026-12-25", "--verbose", *json_option))
    goldpan.env["HUBSPOT_ACCESS_TOKEN"] = "wrong-token"
    said.append(goldpan("run", "--as-of", "2026-12-25", "--verbose", *json_option))

    printed = "\n".join(each.all for each in said)

    assert [value for value in [*secrets(), "wrong-token"] if value in printed] == []


def test_verbose_logs_each_step_as_an_event(goldpan):
    goldpan.run()

    said = goldpan.run("--verbose")

    events = [json.loads(line) for line in said.err.splitlines()]
    assert [event["event"] for event in events] == [
        "run.started", "export.read", "export.read", "plan.made", "run.finished"
    ]  # fmt: skip
    assert {event["run_id"] for event in events} == {said.json["run_id"]}
    assert events[-1]["contacts"] == said.json["contacts"]


def test_verbose_changes_no_exit_code_and_prints_no_values_of_a_traceback(goldpan):
    goldpan.env["GOLDPAN_STATE_URL"] = "nonsense"

    said = goldpan("run", "--verbose")

    assert said.exit_code == 2
    assert "GOLDPAN_STATE_URL" in said.err.splitlines()[-1]
