"""``goldpan run``: the right tags in HubSpot, written once, said in numbers that add up."""

import re
import stat
from pathlib import Path

import pytest

from sync.archive.names import ANALYSIS, CONTACTS, CSV, PLAN_DATA, RECORD, REJECTS, REJECTS_WORKBOOK
from tests.cli.installation import (
    ADA,
    AS_OF,
    BEN,
    MEMBERS,
    TAGS,
    WANTED,
    customer_id,
    tags_in,
    without_folders,
    writes_in,
)
from tests.sandbox.hub import PROPERTIES, Hub, one, options

KEYS = {"run_id", "status", "as_of", "dry_run", "fingerprint", "inputs", "rows", "contacts", "tags", "requests",
        "seconds", "archive", "problems"}  # fmt: skip
CONTACT_KEYS = {"total", "unsendable", "suppressed", "not_wanted", "same_record", "gone", "unchanged", "created",
                "updated", "refused", "held", "moved", "unknown"}  # fmt: skip


def assert_documented(record):
    """Exactly the keys of the design, and sums that add up."""
    assert record.keys() == KEYS
    assert record["rows"].keys() == {"read", "kept", "merged", "skipped", "warnings"}
    assert record["contacts"].keys() == CONTACT_KEYS
    assert record["requests"].keys() == {"sent", "retried", "throttled"}
    assert record["seconds"].keys() == {"read", "refine", "plan", "send", "archive", "total"}
    assert all(each.keys() == {"kind", "name", "sha256", "rows"} for each in record["inputs"])
    rows, contacts = record["rows"], dict(record["contacts"])
    assert rows["read"] == rows["kept"] + rows["merged"] + rows["skipped"]
    assert contacts.pop("total") == sum(contacts.values())


def counted(record):
    """The contact counts that are not zero."""
    return {name: count for name, count in record["contacts"].items() if count}


@pytest.fixture
def hub(sandbox):
    hub = Hub(sandbox.url)
    yield hub
    hub.pool.clear()


def test_the_first_run_brings_every_contact_into_step(goldpan, sandbox):
    said = goldpan.run()

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 6, "created": 5, "unsendable": 1}
    assert tags_in(sandbox) == WANTED
    ada = sandbox.contacts()[ADA]
    assert (ada["total_order_value"], ada["estimated_savings"]) == ("1000.01", "80")
    assert (ada["customer_id"], ada["membership_category"]) == (customer_id(1), "active")


def test_the_object_has_the_documented_keys_and_its_sums_add_up(goldpan):
    record = goldpan.run().json

    assert_documented(record)
    assert record["rows"] == {"read": 11, "kept": 10, "merged": 1, "skipped": 0, "warnings": 1}
    assert record["tags"]["active_membership"] == 3
    assert record["tags"]["not_active_membership"] == 2
    assert (record["status"], record["as_of"], record["dry_run"]) == ("done", AS_OF, False)
    assert [(each["kind"], each["rows"]) for each in record["inputs"]] == [("memberships", 7), ("orders", 4)]


@pytest.mark.parametrize(
    ("broken", "exit_code"),
    [("token", 2), ("config", 2), ("no file", 2), ("export", 1), ("portal", 2), ("state", 2), ("unreachable", 1)],
)
def test_the_object_is_printed_on_failure_too(goldpan, broken, exit_code):
    if broken == "token":
        goldpan.env["HUBSPOT_ACCESS_TOKEN"] = "wrong"
    elif broken == "config":
        goldpan.configure("tags.toml", append='\n[[tag]]\nvalue = "x"\n')
    elif broken == "no file":
        goldpan.inbox.rename(goldpan.home / "elsewhere")
    elif broken == "export":
        (goldpan.inbox / "memberships.csv").write_text("Who,What\n1,2\n", encoding="utf-8")
    elif broken == "portal":
        goldpan.env["HUBSPOT_PORTAL_ID"] = "7"
    elif broken == "state":
        goldpan.env["GOLDPAN_STATE_URL"] = "nonsense"
    else:
        goldpan.env["HUBSPOT_BASE_URL"] = "http://127.0.0.1:1"

    said = goldpan.run()

    assert said.exit_code == exit_code
    assert_documented(said.json)
    assert said.json["status"] == "failed"
    assert said.json["problems"]
    assert said.out.count("\n") == 1
    assert "Traceback" not in said.all


def test_the_second_run_of_the_same_input_and_date_writes_nothing(goldpan, sandbox):
    goldpan.run()
    before, contacts = writes_in(sandbox), sandbox.contacts()

    said = goldpan.run()

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 6, "unchanged": 5, "unsendable": 1}
    assert writes_in(sandbox) == before
    assert sandbox.contacts() == contacts
    assert all(len(sandbox.writes_of(email)) == 1 for email in WANTED)


def test_only_contacts_that_differ_are_written(goldpan, sandbox):
    goldpan.run()

    said = goldpan.run("--as-of", "2026-12-01")

    assert tags_in(sandbox)[BEN] - WANTED[BEN] == {"not_active_membership"}  # expires today: soon, and not active
    assert counted(said.json) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}


def test_the_summary_for_people_has_the_same_numbers(goldpan):
    held = goldpan("run", "--as-of", AS_OF)
    fingerprint = re.search(r"goldpan run --approve (\w+)", held.out)[1]

    said = goldpan("run", "--approve", fingerprint)

    assert (held.exit_code, said.exit_code) == (3, 0)
    assert "11 rows = 10 kept + 1 merged + 0 skipped; 1 warnings" in said.out
    assert "HubSpot portal 99000001" in said.out
    assert "created in HubSpot" in said.out
    assert str(goldpan.home / "archive") in said.out


def test_progress_goes_to_standard_error_and_json_is_quiet(goldpan):
    goldpan.run()
    goldpan.deliver(members=[{**row, "Customer Name": f"{row['Customer Name']} Jr"} for row in MEMBERS])

    assert "Sending 5" in goldpan("run", "--as-of", AS_OF).err
    assert goldpan.run().err == ""


def test_each_run_leaves_a_private_folder_with_its_results(goldpan):
    folder = Path(goldpan.run().json["archive"])

    assert folder.is_relative_to(goldpan.home / "archive")
    assert {path.name for path in folder.iterdir()} == {
        ANALYSIS, CSV, REJECTS, REJECTS_WORKBOOK, PLAN_DATA, CONTACTS, RECORD, "inputs"
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()} == {0o600}
    private = [folder, folder / "inputs", goldpan.home / "archive", goldpan.home / "state"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o700}
    assert stat.S_IMODE((goldpan.home / "state" / "goldpan.sqlite").stat().st_mode) == 0o600


# --- dry runs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("earlier_runs", [0, 1])
def test_a_dry_run_writes_nothing_but_its_own_report(goldpan, sandbox, earlier_runs):
    for _ in range(earlier_runs):
        goldpan.run()
    before, contacts, writes = goldpan.tree(), sandbox.contacts(), writes_in(sandbox)

    said = goldpan.run("--as-of", "2026-12-24", "--dry-run")

    after = goldpan.tree()
    report = said.json["archive"]
    assert said.exit_code == (0 if earlier_runs else 3)  # the first load would be held
    assert {path: data for path, data in without_folders(after).items() if not path.startswith("dry-runs/")} == (
        without_folders(before)
    )
    assert all(str(goldpan.home / path).startswith(report) for path in without_folders(after) if path not in before)
    assert sandbox.contacts() == contacts
    assert writes_in(sandbox) == writes


def test_a_dry_run_says_what_a_run_would_do(goldpan):
    goldpan.run()
    goldpan.deliver(members=[{**row, "Customer Name": f"{row['Customer Name']} Jr"} for row in MEMBERS])

    dry = goldpan.run("--dry-run").json
    real = goldpan.run().json

    assert_documented(dry)
    assert dry["dry_run"] is True
    assert counted(dry) == counted(real) == {"total": 6, "updated": 5, "unsendable": 1}
    assert (dry["fingerprint"], dry["tags"]) == (real["fingerprint"], real["tags"])


def test_a_dry_run_shows_that_nothing_was_written(goldpan):
    said = goldpan("run", "--dry-run", "--as-of", AS_OF)

    assert "dry run: nothing was written" in said.out
    assert "Held: This is the first load" in said.out


def test_a_dry_run_accepts_nothing(goldpan):
    goldpan.run("--dry-run")
    goldpan.inbox.rename(goldpan.home / "elsewhere")

    assert goldpan.run().exit_code == 2


# --- what people have in HubSpot --------------------------------------------------------------------------------------


def test_a_persons_own_option_in_the_tag_property_stays(goldpan, sandbox, hub):
    raw = hub.call("GET", f"{PROPERTIES}/{TAGS}").json()
    hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"options": [*options("board"), *raw["options"]]})
    hub.upsert(one(ADA, **{TAGS: "board;not_active_membership"}))

    goldpan.run()
    first = tags_in(sandbox)[ADA]
    goldpan.run("--as-of", "2027-02-01")

    assert first == WANTED[ADA] | {"board"}
    assert "board" in tags_in(sandbox)[ADA]
    assert "not_active_membership" in tags_in(sandbox)[ADA]


def test_a_name_that_hubspot_has_stays_and_a_blank_one_is_filled(goldpan, sandbox, hub):
    goldpan.configure(
        "properties.toml",
        append='\n[[property]]\nname = "lastname"\ncolumn = "customer_name"\ntype = "text"\npolicy = "fill_blank"\n'
        "adopt = true\n",
    )
    hub.upsert(one(ADA, lastname="Byron"))

    said = goldpan.run()

    assert said.exit_code == 0, said.json["problems"]
    assert sandbox.contacts()[ADA]["lastname"] == "Byron"
    assert sandbox.contacts()[BEN]["lastname"] == "Ben Okafor"
    assert counted(goldpan.run().json) == {"total": 6, "unchanged": 5, "unsendable": 1}


def test_what_a_person_adds_elsewhere_is_not_touched(goldpan, sandbox, hub):
    hub.upsert(one(ADA, firstname="Augusta", phone="123"), one("zoe@example.org", firstname="Zoe"))

    goldpan.run()

    assert (sandbox.contacts()[ADA]["firstname"], sandbox.contacts()[ADA]["phone"]) == ("Augusta", "123")
    assert "membership_category" not in sandbox.contacts()["zoe@example.org"]
    assert len(sandbox.writes_of("zoe@example.org")) == 1


def test_a_value_that_is_missing_now_empties_its_property(goldpan, sandbox):
    goldpan.run()
    goldpan.deliver(members=[{**MEMBERS[0], "Expiration Date": ""}, *MEMBERS[1:]])

    goldpan.run()

    assert "membership_expires" not in sandbox.contacts()[ADA]
    assert "not_active_membership" in tags_in(sandbox)[ADA]
