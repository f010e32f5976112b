"""What HubSpot refuses, and what keeps a run from HubSpot: told truthfully, with what to fix."""

import pytest

from sync.sandbox import ALL_SCOPES, TOKEN, Sandbox
from tests.cli.installation import (
    ADA,
    AS_OF,
    BEN,
    CLEO,
    MEMBERS,
    TAGS,
    UPDATE,
    WANTED,
    member,
    tags_in,
    writes_in,
)
from tests.cli.test_run import assert_documented, counted
from tests.sandbox.hub import PROPERTIES

BAD = "grace@example.con"  # looks like an address; HubSpot knows that no mail server can exist there
GRACE = member(7, "Grace Refused", BAD, "2026-01-01", "2027-01-01")


@pytest.fixture
def refused_once(goldpan, sandbox):
    """The first run of an export with an address that HubSpot refuses."""
    goldpan.deliver(members=[*MEMBERS, GRACE])
    return goldpan.run()


def test_one_refused_contact_stops_nobody_else(refused_once, sandbox):
    assert refused_once.exit_code == 4
    assert_documented(refused_once.json)
    assert refused_once.json["status"] == "partial"
    assert counted(refused_once.json) == {"total": 7, "created": 5, "unsendable": 1, "refused": 1}
    assert tags_in(sandbox) == WANTED


def test_a_refused_contact_is_listed_with_hubspots_reason(refused_once, goldpan):
    rejects = goldpan("rejects", "--json").json["rejects"]

    assert [each["Reason"] for each in rejects if each["Kind"] == "Refused by HubSpot"] == ["INVALID_EMAIL"]
    assert f"goldpan rejects {refused_once.json['run_id']}" in refused_once.json["problems"][0]


def test_the_same_refusal_the_next_night_is_not_sent_again_and_is_no_alarm(refused_once, goldpan, sandbox):
    before = writes_in(sandbox)

    said = goldpan.run()

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 7, "unchanged": 5, "unsendable": 1, "refused": 1}
    assert writes_in(sandbox) == before


def test_a_contact_that_stays_refused_stays_in_the_list_of_rejects(refused_once, goldpan):
    run_id = goldpan.run().json["run_id"]

    rejects = goldpan("rejects", run_id, "--json").json["rejects"]

    assert "Refused by HubSpot" in {each["Kind"] for each in rejects}


def test_a_refused_contact_whose_values_change_is_sent_again(refused_once, goldpan, sandbox):
    goldpan.deliver(members=[*MEMBERS, {**GRACE, "Contact Email": "grace@example.org"}])

    said = goldpan.run()

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 7, "created": 1, "unchanged": 5, "unsendable": 1}
    assert "grace@example.org" in sandbox.contacts()


def test_a_second_address_that_is_refused_is_a_new_refusal(refused_once, goldpan):
    goldpan.deliver(members=[*MEMBERS, GRACE, member(8, "Hal Refused", "hal@example.vom", "2026-01-01", "2027-01-01")])

    said = goldpan.run()

    assert said.exit_code == 4
    assert counted(said.json) == {"total": 8, "unchanged": 5, "unsendable": 1, "refused": 2}
    assert "1 contact" in said.json["problems"][0]


def test_a_conflict_is_that_contacts_alone(goldpan, sandbox):
    sandbox.settings.conflicts = frozenset({CLEO})

    said = goldpan.run()

    assert said.exit_code == 4
    assert counted(said.json) == {"total": 6, "created": 4, "unsendable": 1, "refused": 1}
    assert CLEO not in sandbox.contacts()


# --- what keeps a run away --------------------------------------------------------------------------------------------


def test_a_wrong_token_stops_the_run_and_says_where_the_right_one_goes(goldpan, sandbox):
    goldpan.env["HUBSPOT_ACCESS_TOKEN"] = "some-other-token"

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 2
    assert "401" in said.out
    assert "HUBSPOT_ACCESS_TOKEN" in said.out
    assert "some-other-token" not in said.all
    assert sandbox.contacts() == {}


@pytest.mark.parametrize("missing", ["crm.objects.contacts.read", "crm.objects.contacts.write"])
def test_a_missing_scope_is_named(goldpan, sandbox, furnished_file, tmp_path, missing):
    file = tmp_path / "scoped.sqlite"
    file.write_bytes(furnished_file.read_bytes())
    with Sandbox(file, burst_limit=0, tokens={TOKEN: ALL_SCOPES - {missing}}) as scoped:
        goldpan.env["HUBSPOT_BASE_URL"] = scoped.url

        said = goldpan.run()

        assert scoped.contacts() == {}
    assert said.exit_code == 2
    assert_documented(said.json)
    assert "403" in said.json["problems"][0]
    assert missing in said.json["problems"][0]


def test_a_missing_property_stops_the_run_before_it_reads_or_writes_anybody(goldpan, sandbox, hub):
    assert hub.call("DELETE", f"{PROPERTIES}/member_since").status == 204
    before = writes_in(sandbox)

    said = goldpan.run()

    assert said.exit_code == 2
    assert "member_since" in said.json["problems"][0]
    assert "goldpan setup" in said.json["problems"][0]
    assert writes_in(sandbox) == before


def test_a_missing_option_stops_the_run_and_setup_adds_it(goldpan, sandbox, hub):
    raw = hub.call("GET", f"{PROPERTIES}/{TAGS}").json()
    kept = [option for option in raw["options"] if option["value"] != "expiring_soon"]
    hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"options": kept})

    said = goldpan.run()

    assert said.exit_code == 2
    assert "expiring_soon" in said.json["problems"][0]
    assert sandbox.contacts() == {}
    assert goldpan("setup", "--yes").exit_code == 0
    assert goldpan.run().exit_code == 0


def test_another_portal_than_the_allowed_one_is_neither_read_nor_written(goldpan, sandbox):
    goldpan.env["HUBSPOT_PORTAL_ID"] = "12345"

    said = goldpan.run()

    assert said.exit_code == 2
    assert all(number in said.json["problems"][0] for number in ("12345", str(sandbox.portal_id)))
    assert [request.path for request in sandbox.requests] == ["/account-info/v3/details"]


def test_hubspot_out_of_reach_is_a_failure_and_nothing_is_accepted(goldpan):
    goldpan.env["HUBSPOT_BASE_URL"] = "http://127.0.0.1:1"

    said = goldpan("run", "--as-of", AS_OF)

    assert said.exit_code == 1
    assert "can't be reached" in said.out
    assert "HUBSPOT_BASE_URL" in said.out
    assert not (goldpan.home / "archive" / "2026").exists()


def test_two_addresses_of_one_person_are_one_contact(goldpan, sandbox, hub):
    """Ada and Ben were merged in HubSpot: the record is written once, for the one whose membership counts."""
    goldpan.run()
    assert hub.merge(ADA, BEN).status == 200
    goldpan.deliver(members=[{**MEMBERS[0], "Customer Name": "Ada King"}, {**MEMBERS[1], "Customer Name": "Ben King"},
                             *MEMBERS[2:]])  # fmt: skip
    before = [request.path for request in sandbox.requests].count(UPDATE)

    said = goldpan.run()

    assert said.exit_code == 0, said.json["problems"]
    assert_documented(said.json)
    assert counted(said.json) == {"total": 6, "same_record": 1, "updated": 1, "unchanged": 3, "unsendable": 1}
    assert [request.path for request in sandbox.requests].count(UPDATE) == before + 1
    assert sandbox.contacts()[ADA]["customer_name"] == "Ada King"
    assert counted(goldpan.run().json) == {"total": 6, "same_record": 1, "unchanged": 4, "unsendable": 1}
