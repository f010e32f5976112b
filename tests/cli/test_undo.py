"""``goldpan undo``: what a run replaced is put back where nobody changed it since; nobody is deleted."""

import sys
from io import StringIO

import pytest

from sync.sandbox.faults import Fault
from tests.cli.installation import (
    ADA,
    AS_OF,
    BEN,
    CLEO,
    DAN,
    EVE,
    MEMBERS,
    TAGS,
    UPDATE,
    UPSERT,
    WANTED,
    member,
    tags_in,
    writes_in,
)
from tests.cli.situations import (
    CLEARED,
    SETTLED,
    add_tags,
    archive,
    edit,
    held_values,
    listed,
    night,
    quiet_night,
    renamed,
    restrict_options,
)
from tests.cli.test_run import assert_documented, counted

LATER = "2026-12-20"
"""A month later: Ada, Ben and Eve carry other tags by then."""


@pytest.fixture
def changed(loaded, sandbox):
    """A second night, that changed three contacts: the portal before it, the installation, and the run."""
    before = sandbox.contacts()
    said = loaded.run("--as-of", LATER)
    assert counted(said.json)["updated"] == 3
    return before, loaded, said.json["run_id"]


def undo(goldpan, run: str, *arguments: str):
    """``goldpan undo RUN --yes --json``."""
    return goldpan("undo", run, "--yes", "--json", *arguments)


def test_a_whole_run_is_put_back(changed, sandbox):
    before, goldpan, run_id = changed

    said = undo(goldpan, run_id)

    assert said.exit_code == 0, said.all
    assert_documented(said.json)
    assert counted(said.json) == {"total": 3, "updated": 3}
    assert sandbox.contacts() == before


def test_an_undo_is_a_run_of_its_own_on_record(changed):
    _, goldpan, run_id = changed
    undone = undo(goldpan, run_id).json

    shown = goldpan("show", undone["run_id"], "--json").json

    assert (shown["kind"], shown["parent_id"], shown["status"]) == ("undo", run_id, "done")
    assert f"taking back run {run_id}" in goldpan("show", undone["run_id"]).out


def test_contacts_that_the_run_created_are_cleared_and_not_deleted(goldpan, sandbox, hub):
    run_id = goldpan.run().json["run_id"]
    edit(hub, ADA, firstname="Augusta")

    said = undo(goldpan, run_id)

    assert counted(said.json) == {"total": 5, "updated": 5}
    assert all(held_values(sandbox, email) == CLEARED for email in WANTED)
    assert sandbox.contacts()[ADA]["firstname"] == "Augusta"


def test_people_s_tags_stay_and_only_our_own_options_are_put_back(changed, sandbox, hub):
    _, goldpan, run_id = changed
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, ADA, "vip")

    said = undo(goldpan, run_id)

    assert counted(said.json) == {"total": 3, "updated": 3}
    assert tags_in(sandbox)[ADA] == WANTED[ADA] | {"vip"}


def test_a_tag_that_a_person_took_away_before_the_undo_is_not_put_back(loaded, sandbox, hub):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, ADA, "vip")
    run_id = loaded.run("--as-of", LATER).json["run_id"]
    edit(hub, ADA, **{TAGS: ";".join(tags_in(sandbox)[ADA] - {"vip"})})

    undo(loaded, run_id)

    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_what_somebody_changed_since_is_listed_and_left(changed, sandbox, hub):
    _, goldpan, run_id = changed
    edit(hub, BEN, **{TAGS: "expiring_soon"})

    said = undo(goldpan, run_id)

    assert said.exit_code == 0
    assert tags_in(sandbox)[BEN] == {"expiring_soon"}
    assert tags_in(sandbox)[EVE] == WANTED[EVE]
    assert listed(goldpan, said.json["run_id"]) == {"moved": 1}
    assert "1 contacts have values that somebody changed since" in said.err
    assert counted(said.json) == {"total": 3, "updated": 3}  # Ben's category is put back


def test_one_property_that_somebody_changed_is_left_and_the_others_put_back(loaded, sandbox, hub):
    loaded.deliver(
        [*renamed(ADA)[:1], {**MEMBERS[1], "Customer Name": "Ben King", "Cust ID": "12345678"}, *MEMBERS[2:]]
    )
    said = loaded.run()
    edit(hub, BEN, customer_name="By hand")

    undone = undo(loaded, said.json["run_id"])

    ben = sandbox.contacts()[BEN]
    assert (ben["customer_name"], ben["customer_id"]) == ("By hand", "0004102512")
    assert sandbox.contacts()[ADA]["customer_name"] == "Ada Lovelace"
    assert listed(loaded, undone.json["run_id"]) == {"moved": 1}


def test_a_contact_that_was_deleted_since_is_listed_as_gone(changed, hub, sandbox):
    _, goldpan, run_id = changed
    archive(hub, BEN)

    said = undo(goldpan, run_id)

    assert counted(said.json) == {"total": 3, "updated": 2, "gone": 1}
    assert listed(goldpan, said.json["run_id"]) == {"gone": 1}
    assert BEN not in sandbox.contacts()


def test_contacts_that_were_merged_since_are_written_once(goldpan, hub, sandbox):
    run_id = goldpan.run().json["run_id"]
    assert hub.merge(ADA, BEN).status == 200

    said = undo(goldpan, run_id)

    assert said.exit_code == 0, said.json["problems"]
    assert counted(said.json) == {"total": 5, "updated": 4, "same_record": 1}
    assert held_values(sandbox, ADA) == CLEARED


def test_a_second_undo_finds_everything_back(changed, sandbox):
    before, goldpan, run_id = changed
    undo(goldpan, run_id)

    said = undo(goldpan, run_id)

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 3, "unchanged": 3}
    assert sandbox.contacts() == before


def test_an_undo_can_be_undone(changed, sandbox):
    _, goldpan, run_id = changed
    after = sandbox.contacts()
    undone = undo(goldpan, run_id).json["run_id"]

    said = undo(goldpan, undone)

    assert counted(said.json) == {"total": 3, "updated": 3}
    assert sandbox.contacts() == after
    assert quiet_night(goldpan, sandbox, "--as-of", LATER) == SETTLED


def test_an_undo_of_a_first_load_can_be_undone(goldpan, sandbox):
    run_id = goldpan.run().json["run_id"]
    after = sandbox.contacts()
    undone = undo(goldpan, run_id).json["run_id"]

    assert undo(goldpan, undone).exit_code == 0
    assert sandbox.contacts() == after
    before = writes_in(sandbox)
    assert night(goldpan) == SETTLED
    assert writes_in(sandbox) == before


def test_only_what_a_run_that_failed_half_way_wrote_is_put_back(loaded, sandbox):
    before = sandbox.contacts()
    loaded.deliver([*renamed(ADA, BEN), member(7, "Gil Newman", "gil@example.org", "2026-01-01", "2027-01-01")])
    sandbox.faults.replace([Fault("status", path=UPSERT, status=401)])
    failed = loaded.run()
    assert failed.exit_code != 0
    assert sandbox.contacts() != before
    sandbox.faults.replace([])

    said = undo(loaded, failed.json["run_id"])

    assert counted(said.json) == {"total": 2, "updated": 2}
    assert sandbox.contacts() == before


def test_what_a_run_wrote_without_hearing_an_answer_is_put_back_too(loaded, sandbox):
    before = sandbox.contacts()
    loaded.deliver(renamed(ADA, BEN))
    sandbox.faults.replace([Fault("status", when="after", path="*contacts/batch/*", nth=2, status=401),
                            Fault("status", path="*contacts/batch/*", status=401)])  # fmt: skip
    failed = loaded.run()
    assert failed.exit_code != 0
    sandbox.faults.replace([])

    undo(loaded, failed.json["run_id"])

    assert {email: values["customer_name"] for email, values in sandbox.contacts().items()} == {
        email: values["customer_name"] for email, values in before.items()
    }


def test_an_approved_run_is_undone_by_its_own_id_and_the_held_one_wrote_nothing(goldpan, sandbox):
    held = goldpan.plan()
    approved = goldpan.approve(held)

    nothing = undo(goldpan, held.json["run_id"])
    said = undo(goldpan, approved.json["run_id"])

    assert nothing.exit_code == 2
    assert "wrote nothing" in nothing.json["problems"][0]
    assert counted(said.json) == {"total": 5, "updated": 5}


def test_an_undo_that_could_not_begin_holds_nobody_up(loaded, sandbox):
    """Only an undo that wrote something makes the next run wait for a person."""
    held = loaded.run("--as-of", "2026-11-01").json["run_id"]
    assert undo(loaded, held).exit_code == 2

    assert night(loaded, "--as-of", LATER)["updated"] == 3


@pytest.mark.parametrize("run", ["20200101T000000", "no such run"])
def test_a_run_that_is_not_on_record_is_a_usage_error(loaded, sandbox, run):
    before = writes_in(sandbox)

    said = undo(loaded, run)

    assert said.exit_code == 2
    assert "goldpan runs" in said.json["problems"][0]
    assert writes_in(sandbox) == before


def test_without_a_terminal_and_without_yes_nothing_is_written(changed, sandbox):
    _, goldpan, run_id = changed
    before = writes_in(sandbox)

    said = goldpan.as_process("undo", run_id)

    assert said.exit_code == 2
    assert "--yes" in said.all
    assert writes_in(sandbox) == before


class Terminal(StringIO):
    """A person at the keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "is_put_back"), [("n", False), ("y", True)])
def test_on_a_terminal_it_asks_first(changed, sandbox, monkeypatch, answer, is_put_back):
    before, goldpan, run_id = changed
    after = sandbox.contacts()
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))

    said = goldpan("undo", run_id, "--json")

    assert said.exit_code == 0, said.all
    assert "3 contacts get their old values back" in said.err
    assert counted(said.json) == {"total": 3, "updated" if is_put_back else "held": 3}
    assert sandbox.contacts() == (before if is_put_back else after)


def test_after_a_no_the_next_run_is_not_held(changed, monkeypatch):
    _, goldpan, run_id = changed
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    goldpan("undo", run_id, "--json")

    assert night(goldpan, "--as-of", "2027-01-20")["updated"] >= 1


def test_a_dry_run_writes_nothing_anywhere(changed, sandbox):
    _, goldpan, run_id = changed
    before, contacts, runs = writes_in(sandbox), sandbox.contacts(), goldpan("runs", "--json").json

    said = goldpan("undo", run_id, "--dry-run", "--json")

    assert said.exit_code == 0
    assert counted(said.json) == {"total": 3, "updated": 3}
    assert (writes_in(sandbox), sandbox.contacts()) == (before, contacts)
    assert goldpan("runs", "--json").json == runs


# --- the night after --------------------------------------------------------------------------------------------------


def test_the_first_run_after_an_undo_is_held_and_can_be_approved_and_later_ones_are_not(changed, sandbox):
    before, goldpan, run_id = changed
    after = sandbox.contacts()
    undo(goldpan, run_id)

    for _ in range(2):
        held = goldpan.run("--as-of", LATER)
        assert held.exit_code == 3
        assert goldpan.brakes(held.json["run_id"]) == ["after_undo"]
        assert sandbox.contacts() == before
    assert goldpan.approve(held).exit_code == 0
    assert sandbox.contacts() == after
    assert night(goldpan, "--as-of", "2027-01-20")["updated"] >= 1


def test_the_undo_of_a_run_that_nothing_is_left_of_holds_only_runs_that_would_write(changed):
    _, goldpan, run_id = changed
    undo(goldpan, run_id)

    said = goldpan.plan("--as-of", AS_OF)

    assert said.exit_code == 0
    assert counted(said.json) == SETTLED


def test_an_undo_that_hubspot_refuses_in_part_says_so(changed, sandbox, hub):
    _, goldpan, run_id = changed
    refusal = {"status": "error", "category": "VALIDATION_ERROR", "message": "no"}
    sandbox.faults.replace([Fault("status", path=UPDATE, address=hub.id_of(BEN), status=400, body=refusal)])

    said = undo(goldpan, run_id)

    assert said.exit_code == 4
    assert counted(said.json) == {"total": 3, "updated": 2, "refused": 1}
    assert {ADA, CLEO, DAN} <= sandbox.contacts().keys()
