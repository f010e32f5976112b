"""Whoever is on the list of the suppressed is never written, by any command; at most cleared once."""

import pytest

from tests.cli.installation import ADA, BEN, CLEO, DAN, EVE, MEMBERS, TAGS, WANTED, member, tags_in, writes_in
from tests.cli.situations import (
    CLEARED,
    SETTLED,
    add_tags,
    archive,
    edit,
    held_values,
    make,
    members,
    night,
    quiet_night,
    renamed,
    restrict_options,
)
from tests.cli.test_run import counted

CLEAR = ('on_suppress = "leave"', 'on_suppress = "clear"')


def suppress(goldpan, *lines: str) -> None:
    """Write the list of those who are never written."""
    (goldpan.config / "suppressed.txt").write_text("\n".join(lines), encoding="utf-8")


def written_to(sandbox, email: str) -> int:
    """How often a contact was written."""
    return len(sandbox.writes_of(email))


@pytest.mark.parametrize(
    "entry",
    [ADA, "  ADA@Example.ORG  # asked us to", "mailto:ada@example.org", "0004102511", "4102511", "000000004102511"],
)
def test_a_suppressed_contact_is_neither_read_nor_made(goldpan, sandbox, entry):
    suppress(goldpan, "# asked not to be in HubSpot", "", entry)

    assert night(goldpan) == {"total": 6, "suppressed": 1, "created": 4, "unsendable": 1}
    assert ADA not in sandbox.contacts()
    assert quiet_night(goldpan, sandbox) == {"total": 6, "suppressed": 1, "unchanged": 4, "unsendable": 1}


@pytest.mark.parametrize("entry", ["@sub.example.org", "*@sub.example.org", "@SUB.example.org"])
def test_a_suppressed_domain_suppresses_its_subdomains_and_nobody_else(goldpan, sandbox, entry):
    suppress(goldpan, entry)
    goldpan.deliver(
        members({ADA: {"Contact Email": "ada@sub.example.org"}, BEN: {"Contact Email": "ben@deep.sub.example.org"}})
    )

    assert night(goldpan) == {"total": 6, "suppressed": 2, "created": 3, "unsendable": 1}
    assert sandbox.contacts().keys() == {CLEO, DAN, EVE}


def test_a_suppressed_second_customer_behind_one_address_suppresses_the_contact(goldpan, sandbox):
    suppress(goldpan, "4102517")
    goldpan.deliver([*MEMBERS, member(7, "Ada's Second Company", ADA, "2020-01-01", "2021-01-01")])

    assert night(goldpan) == {"total": 6, "suppressed": 1, "created": 4, "unsendable": 1}
    assert ADA not in sandbox.contacts()


def test_a_contact_that_is_suppressed_later_is_left_as_it_is(loaded, sandbox):
    suppress(loaded, ADA)
    loaded.deliver(renamed(ADA))

    assert quiet_night(loaded, sandbox) == {"total": 6, "suppressed": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_a_contact_that_is_suppressed_later_can_be_cleared_once_and_keeps_people_s_tags(loaded, sandbox, hub):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, ADA, "vip")
    loaded.configure("contacts.toml", CLEAR)
    suppress(loaded, ADA)

    assert night(loaded) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert held_values(sandbox, ADA) == CLEARED | {TAGS: "vip"}
    suppressed = {"total": 6, "suppressed": 1, "unchanged": 4, "unsendable": 1}
    assert quiet_night(loaded, sandbox) == suppressed
    edit(hub, ADA, customer_name="By hand")
    loaded.deliver(renamed(ADA))
    assert quiet_night(loaded, sandbox) == suppressed
    assert sandbox.contacts()[ADA]["customer_name"] == "By hand"


def test_a_suppressed_contact_that_left_the_exports_is_cleared_once_too(loaded, sandbox):
    loaded.configure("contacts.toml", CLEAR)
    loaded.deliver(members(without=(BEN,)))
    held = loaded.run()
    assert loaded.approve(held).exit_code == 0
    suppress(loaded, BEN)

    assert night(loaded) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert held_values(sandbox, BEN) == CLEARED
    assert quiet_night(loaded, sandbox) == {"total": 5, "unchanged": 4, "unsendable": 1}


def test_a_contact_that_is_taken_off_the_list_is_kept_right_again(loaded, sandbox):
    loaded.configure("contacts.toml", CLEAR)
    suppress(loaded, ADA)
    night(loaded)
    suppress(loaded)

    assert night(loaded) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_a_record_that_holds_a_suppressed_address_is_not_written_under_another_one(goldpan, sandbox, hub):
    """Ada is suppressed under an address that HubSpot has on the same record."""
    make(hub, ADA, firstname="Augusta")
    make(hub, "private@example.org")
    assert hub.merge(ADA, "private@example.org").status == 200
    suppress(goldpan, "private@example.org")
    before = written_to(sandbox, ADA)

    assert night(goldpan) == {"total": 6, "suppressed": 1, "created": 4, "unsendable": 1}
    assert night(goldpan) == {"total": 6, "suppressed": 1, "unchanged": 4, "unsendable": 1}
    assert written_to(sandbox, ADA) == before


# --- every other command ----------------------------------------------------------------------------------------------


def test_an_approval_sends_nobody_who_was_suppressed_since(goldpan, sandbox):
    held = goldpan.plan()
    suppress(goldpan, ADA)

    said = goldpan.approve(held)

    assert said.exit_code == 2
    assert "config changed" in said.json["problems"][0]
    assert sandbox.contacts() == {}


def test_a_canary_does_not_write_a_suppressed_contact(loaded, sandbox):
    suppress(loaded, ADA)
    loaded.deliver(renamed(ADA))

    assert quiet_night(loaded, sandbox, "--only", ADA) == {"total": 1, "suppressed": 1}


def test_a_canary_does_not_make_a_suppressed_contact_again(loaded, sandbox, hub):
    archive(hub, ADA)
    suppress(loaded, ADA)

    assert quiet_night(loaded, sandbox, "--only", ADA, "--recreate") == {"total": 1, "suppressed": 1}


def test_a_retry_does_not_send_a_suppressed_contact(goldpan, sandbox):
    bad = "grace@example.con"
    goldpan.deliver([*MEMBERS, member(7, "Grace Refused", bad, "2026-01-01", "2027-01-01")])
    assert goldpan.run().exit_code == 4
    suppress(goldpan, bad)
    before = writes_in(sandbox)

    said = goldpan("retry", "--as-of", "2026-11-20", "--json")

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 1, "suppressed": 1}
    assert writes_in(sandbox) == before


@pytest.mark.parametrize("entry", [ADA, "@example.org", "4102511", "4102517"])
def test_a_repair_leaves_suppressed_contacts_alone(goldpan, sandbox, hub, entry):
    """4102517 is a second customer behind Ada's address: only the exports know that."""
    goldpan.deliver([*MEMBERS, member(7, "Ada's Second Company", ADA, "2020-01-01", "2021-01-01")])
    goldpan.run()
    edit(hub, ADA, customer_name="By hand")
    suppress(goldpan, entry)
    before = written_to(sandbox, ADA)

    said = goldpan("verify", "--repair", "--json")

    assert said.exit_code == 0, said.all
    assert said.json["contacts"]["suppressed"] == (5 if entry == "@example.org" else 1)
    assert said.json["drift"]["drifted"] == 0
    assert written_to(sandbox, ADA) == before


@pytest.mark.parametrize("entry", [ADA, "@example.org", "4102511", "4102517"])
def test_an_undo_leaves_suppressed_contacts_alone(goldpan, sandbox, entry):
    goldpan.deliver([*MEMBERS, member(7, "Ada's Second Company", ADA, "2020-01-01", "2021-01-01")])
    run_id = goldpan.run().json["run_id"]
    suppress(goldpan, entry)
    before = written_to(sandbox, ADA)

    said = goldpan("undo", run_id, "--yes", "--json")

    assert said.exit_code == 0, said.all
    suppressed = 5 if entry == "@example.org" else 1
    assert counted(said.json) == {
        name: count
        for name, count in {"total": 5, "suppressed": suppressed, "updated": 5 - suppressed}.items()
        if count
    }
    assert written_to(sandbox, ADA) == before


# --- the file itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["jane@", "@", "jane@example", "jane doe@example.org", "a@x.com, b@x.com", "example.org", "Jane Doe"]
)
def test_a_line_that_means_nobody_stops_every_run_with_file_and_line(loaded, sandbox, line):
    suppress(loaded, "# the list", ADA, line)
    before = writes_in(sandbox)

    for command in (("run",), ("verify",), ("undo", "latest", "--yes"), ("retry",)):
        said = loaded(*command, "--json")
        assert said.exit_code == 2, command
        assert "suppressed.txt: line 3" in said.all
    assert writes_in(sandbox) == before


def test_every_broken_line_is_told_at_once(loaded):
    suppress(loaded, "jane@", ADA, "@")

    problem = loaded.run().json["problems"][0]

    assert "line 1" in problem
    assert "line 3" in problem


def test_a_configured_file_that_is_missing_stops_every_run(loaded, sandbox):
    loaded.configure("contacts.toml", ('# suppression_file = "suppressed.txt"', 'suppression_file = "stop.txt"'))
    before = writes_in(sandbox)

    said = loaded.run()

    assert said.exit_code == 2
    assert "stop.txt" in said.json["problems"][0]
    assert writes_in(sandbox) == before


def test_without_the_default_file_nobody_is_suppressed(loaded):
    assert not (loaded.config / "suppressed.txt").exists()
    assert night(loaded) == SETTLED
