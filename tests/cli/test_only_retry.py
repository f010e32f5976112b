"""A few contacts only, and contacts that HubSpot refused: when they are tried again, and what is said of them."""

import re
import sqlite3

import pytest

from tests.cli.installation import ADA, AS_OF, BEN, CLEO, MEMBERS, WANTED, member, tags_in, writes_in
from tests.cli.situations import SETTLED, age, listed, night, quiet_night, renamed, restrict_options
from tests.cli.test_run import assert_documented, counted

BAD, WORSE = "grace@example.con", "hal@example.vom"
GRACE = member(7, "Grace Refused", BAD, "2026-01-01", "2027-01-01")
RESTING = {"total": 7, "refused": 1, "unchanged": 5, "unsendable": 1}


@pytest.fixture
def refused(goldpan):
    """The usual contacts and one that HubSpot refuses."""
    goldpan.deliver(members=[*MEMBERS, GRACE])
    assert goldpan.run().exit_code == 4
    return goldpan


# --- a few contacts only ----------------------------------------------------------------------------------------------


def test_only_the_named_contacts_are_read_and_written(loaded, sandbox):
    loaded.deliver(renamed(ADA, BEN, CLEO))

    assert night(loaded, "--only", ADA, "--only", "  BEN@Example.org ") == {"total": 2, "updated": 2}
    assert sandbox.contacts()[CLEO]["customer_name"] == "Cleo Moreau"
    assert night(loaded) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}


def test_contacts_can_be_named_in_a_file(loaded, tmp_path):
    loaded.deliver(renamed(ADA, BEN, CLEO))
    names = tmp_path / "canary.txt"
    names.write_text(f"# the canary\n{ADA}  # first\n\n{BEN.upper()}\n", encoding="utf-8")

    assert night(loaded, "--only", names) == {"total": 2, "updated": 2}


@pytest.mark.parametrize("text", ["", "# nobody\n", "not an address\n", f"{ADA}, {BEN}\n"])
def test_a_file_that_names_nobody_rightly_stops_the_run(loaded, sandbox, tmp_path, text):
    names = tmp_path / "canary.txt"
    names.write_text(text, encoding="utf-8")
    before = writes_in(sandbox)

    said = loaded.run("--only", names)

    assert said.exit_code == 2
    assert "canary.txt" in said.json["problems"][0]
    assert writes_in(sandbox) == before


@pytest.mark.parametrize("name", ["nobody@example.org", "no such file.txt"])
def test_a_name_that_is_in_no_export_stops_the_run(loaded, name):
    assert loaded.run("--only", name).exit_code == 2


def test_a_name_that_is_in_no_export_is_said_beside_others_that_are(loaded):
    said = loaded.run("--only", ADA, "--only", "nobody@example.org")

    assert (said.exit_code, counted(said.json)) == (0, {"total": 1, "unchanged": 1})
    assert "1 of the addresses are in no export" in said.err


def test_a_canary_accepts_no_export_and_holds_no_later_run(loaded, sandbox):
    loaded.deliver(renamed(ADA, BEN))
    night(loaded, "--only", ADA, "--as-of", "2026-11-25")

    assert night(loaded)["updated"] >= 1
    assert sandbox.contacts()[BEN]["customer_name"] == "New Name of ben"


def test_the_first_load_of_a_canary_waits_for_a_person_too(goldpan, sandbox):
    held = goldpan.plan("--only", ADA)

    assert (held.exit_code, goldpan.brakes()) == (3, ["first_load"])
    assert counted(goldpan.approve(held).json) == {"total": 1, "created": 1}
    assert sandbox.contacts().keys() == {ADA}


def test_a_dry_canary_writes_nothing(loaded, sandbox):
    loaded.deliver(renamed(ADA))
    before = writes_in(sandbox)

    assert night(loaded, "--only", ADA, "--dry-run") == {"total": 1, "updated": 1}
    assert writes_in(sandbox) == before


# --- what HubSpot refused ---------------------------------------------------------------------------------------------


def retry(goldpan):
    """``goldpan retry --json``."""
    return goldpan("retry", "--as-of", AS_OF, "--json")


def test_a_refused_contact_rests_and_is_listed_with_its_age(refused, sandbox):
    for _ in range(2):
        assert quiet_night(refused, sandbox) == RESTING
        assert listed(refused) == {"INVALID_EMAIL": 1}
    age(refused, "refusals", "first_at", 3)

    said = refused.run()

    since = re.search(r"the oldest since (\d{4}-\d{2}-\d{2})", said.err)[1]
    assert since < said.json["run_id"][:4] + "-" + said.json["run_id"][4:6] + "-" + said.json["run_id"][6:8]
    assert "goldpan retry" in said.err


def attempts(sandbox) -> int:
    """How many requests tried to write."""
    return len(writes_in(sandbox))


def test_a_refused_contact_is_tried_again_after_a_week_and_is_no_new_refusal(refused, sandbox):
    age(refused, "refusals", "last_at", 6)
    assert quiet_night(refused, sandbox) == RESTING
    age(refused, "refusals", "last_at", 2)
    before = attempts(sandbox)

    assert night(refused) == RESTING
    assert attempts(sandbox) > before
    assert quiet_night(refused, sandbox) == RESTING


def test_the_week_is_a_setting(refused, sandbox):
    refused.configure("goldpan.toml", ("retry_refused_after_days = 7", "retry_refused_after_days = 0"))
    before = attempts(sandbox)

    assert night(refused) == RESTING
    assert attempts(sandbox) > before


def test_a_refused_contact_is_tried_again_when_hubspot_has_a_new_option(refused, sandbox, hub):
    restrict_options(hub, added=("vip",))
    before = attempts(sandbox)

    assert night(refused) == RESTING
    assert attempts(sandbox) > before
    assert quiet_night(refused, sandbox) == RESTING


def test_a_refused_contact_is_tried_again_by_another_version_of_goldpan(refused, sandbox):
    with sqlite3.connect(refused.home / "state" / "goldpan.sqlite") as state:
        changed = state.execute("UPDATE refusals SET circumstances = substr(circumstances, 1, 41) || '0.0.1'").rowcount
    state.close()
    assert changed == 1
    before = attempts(sandbox)

    assert night(refused) == RESTING
    assert attempts(sandbox) > before


def test_a_refused_contact_is_tried_again_when_its_values_change_and_that_is_a_new_refusal(refused):
    refused.deliver(members=[*MEMBERS, {**GRACE, "Customer Name": "Grace King"}])

    assert refused.run().exit_code == 4


def test_a_retry_sends_the_refused_contacts_at_once_and_nobody_else(refused, sandbox):
    refused.deliver(members=[*renamed(ADA), GRACE])
    before = attempts(sandbox)

    said = retry(refused)

    assert said.exit_code == 0, said.json["problems"]
    assert_documented(said.json)
    assert counted(said.json) == {"total": 1, "refused": 1}
    assert attempts(sandbox) > before
    assert sandbox.contacts()[ADA]["customer_name"] == "Ada Lovelace"


def test_a_retry_of_a_contact_that_hubspot_accepts_by_now_settles_it(goldpan, sandbox):
    sandbox.settings.conflicts = frozenset({CLEO})
    assert goldpan.run().exit_code == 4
    sandbox.settings.conflicts = frozenset()
    assert night(goldpan) == {"total": 6, "refused": 1, "unchanged": 4, "unsendable": 1}

    said = retry(goldpan)

    assert counted(said.json) == {"total": 1, "created": 1}
    assert tags_in(sandbox)[CLEO] == WANTED[CLEO]
    assert quiet_night(goldpan, sandbox) == SETTLED
    assert listed(goldpan) == {}


def test_a_retry_without_refused_contacts_says_so(loaded):
    said = retry(loaded)

    assert said.exit_code == 2
    assert "refuses nobody" in said.json["problems"][0]


def test_an_approved_plan_whose_values_are_new_is_a_new_refusal(refused):
    """The address was refused before, with other values: that is not the same refusal."""
    refused.configure("goldpan.toml", ("changed_contacts = 100", "changed_contacts = 0"),
                      ("changed_share = 0.20", "changed_share = 0"))  # fmt: skip
    refused.deliver(members=[*renamed(ADA), {**GRACE, "Customer Name": "Grace King"}])
    held = refused.run()
    assert held.exit_code == 3

    assert refused.approve(held).exit_code == 4


def test_exit_4_speaks_of_new_refusals_only(refused):
    hal = member(8, "Hal Refused", WORSE, "2026-01-01", "2027-01-01")
    refused.deliver(members=[*MEMBERS, GRACE, hal])

    said = refused.run()

    assert said.exit_code == 4
    assert counted(said.json) == {"total": 8, "refused": 2, "unchanged": 5, "unsendable": 1}
    assert "1 contacts for the first time" in said.json["problems"][0]
    assert refused.run().exit_code == 0
