"""``goldpan run --approve``: that very plan, where it still holds, and nothing else; a ceiling, not a blank cheque."""

import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from sync.sandbox import Fault, Sandbox
from sync.sandbox.portal import MergedIds
from tests.cli.crowds import COUNT, address, members, orders
from tests.cli.installation import (
    ADA,
    AS_OF,
    BEN,
    CLEO,
    DAN,
    EVE,
    HELD,
    MEMBERS,
    READ,
    TAGS,
    UPDATE,
    UPSERT,
    WANTED,
    Said,
    member,
    tags_in,
    writes_in,
)
from tests.cli.situations import archive, edit, held_values, listed, make, renamed
from tests.cli.test_run import assert_documented, counted

EARLIER = "2026-11-19"
"""A day before one that was sent: every plan for it is held, however small."""
USUAL = {"total": 6, "unsendable": 1}


@pytest.fixture
def held(loaded):
    """A plan with new names for two contacts, that waits."""
    loaded.deliver(renamed(ADA, BEN))
    said = loaded.plan("--as-of", EARLIER)
    assert (said.exit_code, said.json["contacts"]["held"]) == (HELD, 2), said.all
    return said


@pytest.fixture
def crowd(goldpan):
    """A first load of 400 contacts, in four batches one after the other."""
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    goldpan.deliver(members(), orders())
    return goldpan


def assert_refused(goldpan, held, sandbox, *words):
    """Exit 2, an object that says why, and nothing written."""
    written = writes_in(sandbox)

    said = goldpan.approve(held)

    assert (said.exit_code, said.json["status"]) == (2, "failed"), said.all
    assert [word for word in words if word not in " ".join(said.json["problems"])] == []
    assert writes_in(sandbox) == written


def upserts(sandbox):
    return sum(request.path == UPSERT for request in sandbox.requests)


# --- what it sends ----------------------------------------------------------------------------------------------------


def test_an_approved_plan_is_sent_as_it_was_planned_for_its_own_day(goldpan, sandbox):
    held = goldpan.plan()

    said = goldpan.approve(held)

    assert_documented(said.json)
    assert (said.exit_code, said.json["as_of"], said.json["fingerprint"]) == (0, AS_OF, held.json["fingerprint"])
    assert date.fromisoformat(AS_OF) < date.fromisoformat(str(said.json["run_id"])[:8])  # approved on a later day
    assert counted(said.json) == USUAL | {"created": 5}
    assert tags_in(sandbox) == WANTED
    assert said.json["rows"] == held.json["rows"]
    assert said.json["inputs"] == held.json["inputs"]


def test_each_contact_is_read_again_and_those_that_moved_are_listed_and_left_alone(goldpan, sandbox, hub):
    for email in (ADA, BEN, EVE):
        make(hub, email, customer_name="Old Name")
    held = goldpan.plan()
    edit(hub, BEN, customer_name="By Hand")
    make(hub, CLEO, customer_name="Made Meanwhile")
    archive(hub, ADA)
    before = {email: sandbox.writes_of(email) for email in (BEN, CLEO)}

    said = goldpan.approve(held)

    assert_documented(said.json)
    assert (said.exit_code, counted(said.json)) == (
        0, USUAL | {"created": 1, "updated": 1, "moved": 2, "gone": 1},
    )  # fmt: skip
    assert {email: sandbox.writes_of(email) for email in (BEN, CLEO)} == before
    assert ADA not in sandbox.contacts()
    assert {email: tags_in(sandbox)[email] for email in (DAN, EVE)} == {DAN: WANTED[DAN], EVE: WANTED[EVE]}
    assert sorted(listed(goldpan).values()) == [1, 2]
    assert counted(goldpan.plan().json) == USUAL | {"updated": 2, "unchanged": 2, "gone": 1}
    assert tags_in(sandbox) == {email: tags for email, tags in WANTED.items() if email != ADA}


def test_a_tag_that_a_person_added_meanwhile_moves_the_contact_too(goldpan, sandbox, hub):
    make(hub, ADA, customer_name="Old Name")
    held = goldpan.plan()
    edit(hub, ADA, **{TAGS: "hfo_buy"})

    assert counted(goldpan.approve(held).json) == USUAL | {"created": 4, "moved": 1}
    assert tags_in(sandbox)[ADA] == {"hfo_buy"}


def test_a_change_of_what_is_none_of_goldpans_business_moves_nobody(goldpan, sandbox, hub):
    make(hub, ADA, customer_name="Old Name")
    held = goldpan.plan()
    edit(hub, ADA, firstname="Ada", lastname="King")

    assert counted(goldpan.approve(held).json) == USUAL | {"created": 4, "updated": 1}
    assert tags_in(sandbox) == WANTED


def test_contacts_that_hold_the_planned_values_by_now_are_not_written_again(loaded, held, sandbox, hub):
    edit(hub, ADA, customer_name="New Name of ada")
    before = sandbox.writes_of(ADA)

    assert counted(loaded.approve(held).json) == USUAL | {"updated": 1, "unchanged": 4}
    assert sandbox.writes_of(ADA) == before
    assert counted(loaded.plan("--as-of", EARLIER).json) == USUAL | {"unchanged": 5}


@pytest.mark.parametrize("merged_ids", get_args(MergedIds))
def test_a_contact_that_was_merged_into_another_meanwhile_is_left_alone(loaded, held, sandbox, hub, merged_ids):
    """The other contact speaks for the record; it is not overwritten with the values of the one that is gone."""
    sandbox.settings.merged_ids = merged_ids
    edit(hub, CLEO, customer_name="Ben Okafor")  # what the plan for Ben expects
    assert hub.merge(CLEO, BEN).status == 200
    before = held_values(sandbox, CLEO)

    said = loaded.approve(held)

    assert counted(said.json) == USUAL | {"updated": 1, "unchanged": 3, "moved": 1}
    assert held_values(sandbox, CLEO) == before


def test_nothing_is_added_though_a_newer_export_lies_in_the_drop_folder(loaded, held, sandbox):
    loaded.deliver([*renamed(ADA, BEN, CLEO), member(7, "Fay Newcomer", "fay@example.org", "2026-01-01", "2027-01-01")])
    written = len(writes_in(sandbox))

    said = loaded.approve(held)

    assert counted(said.json) == USUAL | {"updated": 2, "unchanged": 3}
    assert len(writes_in(sandbox)) == written + 1
    names = {email: values["customer_name"] for email, values in sandbox.contacts().items()}
    assert names == {
        ADA: "New Name of ada", BEN: "New Name of ben", CLEO: "Cleo Moreau", DAN: "Dan Whitfield",
        EVE: "Eve Lindqvarn",
    }  # fmt: skip
    assert counted(loaded.plan("--as-of", EARLIER).json)["created"] == 1


def test_a_canary_that_was_held_is_approved_the_same_way(goldpan, sandbox):
    held = goldpan.plan("--only", BEN)

    assert counted(goldpan.approve(held).json) == {"total": 1, "created": 1}
    assert tags_in(sandbox) == {BEN: WANTED[BEN]}


def test_a_canary_is_tried_while_the_whole_load_waits(goldpan, sandbox):
    """Look at one contact in HubSpot first, then approve the rest of the very plan that you looked at."""
    everybody = goldpan.plan()
    canary = goldpan.plan("--only", BEN)

    assert counted(goldpan.approve(canary).json) == {"total": 1, "created": 1}
    assert counted(goldpan.approve(everybody).json) == USUAL | {"created": 4, "unchanged": 1}
    assert [len(sandbox.writes_of(email)) for email in WANTED] == [1] * 5


def test_a_repair_beyond_the_limits_is_approved_the_same_way(crowd, sandbox, hub):
    assert crowd.run().exit_code == 0
    ids = {email: values["hs_object_id"] for email, values in sandbox.contacts().items()}
    for some in (range(100), range(100, 110)):
        inputs = [{"id": ids[address(number)], "properties": {"customer_name": "By Hand"}} for number in some]
        assert hub.batch("update", *inputs).status == 200
    held = crowd("verify", "--repair", "--json")
    assert (held.exit_code, crowd.brakes()) == (HELD, ["changed"])
    edit(hub, address(3), customer_name="By Another Hand")

    said = crowd.approve(held)

    assert counted(said.json) == {"total": COUNT, "updated": 109, "unchanged": 290, "moved": 1}
    assert sandbox.contacts()[address(5)]["customer_name"] == "Member 5"
    assert sandbox.contacts()[address(3)]["customer_name"] == "By Another Hand"


# --- what it accepts --------------------------------------------------------------------------------------------------


def test_after_an_approval_its_exports_are_the_accepted_ones(crowd):
    assert crowd.run().exit_code == 0
    crowd.deliver(members(300), orders())
    assert crowd.approve(crowd.plan()).exit_code == 0
    shutil.rmtree(crowd.inbox)

    again = crowd.plan()

    assert (again.exit_code, again.json["rows"]["read"]) == (0, 400)
    crowd.deliver(members(271), orders())
    assert crowd.plan().exit_code == 0
    crowd.deliver(members(240), orders())
    assert crowd.plan().exit_code == HELD


def test_a_plan_with_nothing_to_send_is_approved_too_and_its_exports_count(crowd, sandbox):
    assert crowd.run().exit_code == 0
    crowd.deliver(members(300), orders())
    held = crowd.plan()
    written = writes_in(sandbox)

    assert counted(crowd.approve(held).json) == {"total": 300, "unchanged": 300}
    assert writes_in(sandbox) == written
    assert crowd.plan().exit_code == 0


def test_a_canary_that_was_approved_accepts_no_exports(goldpan):
    goldpan.approve(goldpan.plan("--only", BEN))
    shutil.rmtree(goldpan.inbox)

    said = goldpan.plan()

    assert (said.exit_code, "none accepted before" in said.json["problems"][0]) == (2, True)


# --- what it refuses --------------------------------------------------------------------------------------------------


def test_a_plan_that_nobody_made_is_refused(loaded, held, sandbox):
    unknown = replace(held, out=held.out.replace(held.json["fingerprint"], "0123456789abcdef"))

    assert_refused(loaded, unknown, sandbox, "No plan 0123456789abcdef waits for approval")


def test_the_plan_of_a_dry_run_is_refused(loaded, sandbox):
    loaded.deliver(renamed(ADA))
    tried = loaded.plan("--as-of", EARLIER, "--dry-run")

    assert tried.exit_code == HELD
    assert_refused(loaded, tried, sandbox, "A dry run's does not")


@pytest.mark.parametrize("arguments", [(), ("--as-of", EARLIER)])
def test_after_a_newer_plan_it_is_refused_whether_that_one_was_sent_or_waits(loaded, held, sandbox, arguments):
    loaded.deliver(renamed(CLEO))
    newer = loaded.plan(*arguments)

    what = f"its plan waits: goldpan run --approve {newer.json['fingerprint']}" if arguments else "it is done"
    assert_refused(loaded, held, sandbox, "out of date", newer.json["run_id"], what)


def test_a_newer_plan_that_had_nothing_to_send_counts_as_well(loaded, held, sandbox):
    loaded.deliver()
    loaded.plan()

    assert_refused(loaded, held, sandbox, "out of date")


def test_a_newer_run_that_was_killed_while_it_sent_counts_as_well(loaded, held, sandbox):
    loaded.deliver(renamed(CLEO, DAN))
    kill_at(loaded, sandbox, Fault("hang", path=UPDATE, seconds=60), "run", "--as-of", AS_OF)
    sandbox.faults.replace([])

    assert_refused(loaded, held, sandbox, "out of date")


def test_a_held_canary_is_refused_after_a_newer_plan_for_everybody(goldpan, sandbox):
    canary = goldpan.plan("--only", BEN)
    everybody = goldpan.plan()

    assert_refused(goldpan, canary, sandbox, "out of date", everybody.json["run_id"])


def test_after_an_undo_it_is_refused(loaded, held, sandbox):
    approved = next(run for run in loaded("runs", "--json").json["runs"] if run["kind"] == "approve")
    assert loaded("undo", approved["run_id"], "--yes", "--json").exit_code == 0

    assert_refused(loaded, held, sandbox, "out of date")


def test_after_a_retry_it_is_refused(loaded, held, sandbox):
    """Whom HubSpot refused was planned for anew."""
    loaded.deliver([*renamed(ADA, BEN), member(8, "Bad", "bad@example.con", "2026-01-01", "2027-01-01")])
    assert loaded.plan().exit_code == 4
    loaded.deliver([*renamed(CLEO), member(8, "Bad", "bad@example.con", "2026-01-01", "2027-01-01")])
    held = loaded.plan("--as-of", EARLIER)
    assert loaded("retry", "--json").exit_code in (0, 4)

    assert_refused(loaded, held, sandbox, "out of date")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("tags.toml", ('label = "HFO Buy"', 'label = "Bought at HFO"')),
        ("properties.toml", ('label = "Customer Name"', 'label = "Customer"')),
        ("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"')),
        ("goldpan.toml", ("high_value_above = 1000", "high_value_above = 2000")),
        ("exports/orders.toml", ('decimal_mark = "."', 'decimal_mark = ","')),
    ],
)
def test_after_an_edit_of_the_config_it_is_refused(loaded, held, sandbox, file, change):
    loaded.configure(file, change)

    assert_refused(loaded, held, sandbox, "config changed", "Plan anew: goldpan run")


def test_after_an_edit_of_the_list_of_suppressed_contacts_it_is_refused(loaded, held, sandbox):
    (loaded.config / "suppressed.txt").write_text(f"{ADA}\n", encoding="utf-8")

    assert_refused(loaded, held, sandbox, "config changed", "suppressed")


def test_an_edit_that_is_taken_back_and_a_comment_do_no_harm(loaded, held):
    loaded.configure("tags.toml", append="\n# a comment\n")
    loaded.configure("goldpan.toml", ("high_value_above = 1000 ", "high_value_above = 1000  "))

    assert loaded.approve(held).exit_code == 0


def test_with_the_token_of_another_portal_it_is_refused(loaded, held, sandbox, furnished_file, tmp_path):
    shutil.copyfile(furnished_file, tmp_path / "other.sqlite")
    with Sandbox(tmp_path / "other.sqlite", burst_limit=0, portal_id=99000002) as other:
        loaded.env["HUBSPOT_BASE_URL"] = other.url

        assert_refused(loaded, held, sandbox, "for portal 99000001", "belongs to portal 99000002")
        assert writes_in(other) == []
    loaded.env["HUBSPOT_BASE_URL"] = sandbox.url
    assert loaded.approve(held).exit_code == 0


def test_with_another_destination_in_the_config_it_is_refused(loaded, held, sandbox):
    loaded.configure("goldpan.toml", ('destination = "hubspot" ', 'destination = "sandbox" '))

    assert_refused(loaded, held, sandbox, 'destination = "hubspot"', 'says "sandbox"')


def test_what_was_sent_already_is_refused(loaded, held, sandbox):
    first = loaded.approve(held)
    assert first.exit_code == 0

    assert_refused(loaded, held, sandbox, "sent already", first.json["run_id"])


def test_what_hubspot_refused_of_it_was_sent_all_the_same(goldpan, sandbox):
    goldpan.deliver([*MEMBERS, member(8, "Bad", "bad@example.con", "2026-01-01", "2027-01-01")])
    held = goldpan.plan()
    assert goldpan.approve(held).exit_code == 4

    assert_refused(goldpan, held, sandbox, "sent already")


@pytest.mark.parametrize("option", [("--dry-run",), ("--as-of", AS_OF), ("--only", ADA)])
def test_it_takes_no_other_option(loaded, held, sandbox, option):
    written = writes_in(sandbox)

    said = loaded("run", "--json", "--approve", held.json["fingerprint"], *option)

    assert (said.exit_code, "takes no other option" in said.json["problems"][0]) == (2, True)
    assert writes_in(sandbox) == written


# --- broken off -------------------------------------------------------------------------------------------------------


def kill_at(goldpan, sandbox, fault, *arguments):
    """Kill a command when this fault has struck."""
    sandbox.faults.replace([fault])
    with goldpan.start(*arguments) as process:
        while not struck(sandbox):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)


def struck(sandbox):
    return sandbox.faults.to_json()[0]["struck"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_approval_is_approved_again_and_goes_on(crowd, sandbox, when):
    held = crowd.plan()
    fault = Fault("hang", path=UPSERT, nth=3, when=when, seconds=60)
    kill_at(crowd, sandbox, fault, "run", "--approve", held.json["fingerprint"])
    sandbox.faults.replace([])
    written = len(sandbox.contacts())
    assert written == (300 if when == "after" else 200)

    said = crowd.approve(held)

    assert_documented(said.json)
    assert (said.exit_code, said.json["as_of"]) == (0, AS_OF)
    assert counted(said.json) == {"total": COUNT, "created": COUNT - written, "unchanged": written}
    assert [len(sandbox.writes_of(address(number))) for number in range(COUNT)] == [1] * COUNT
    assert_refused(crowd, held, sandbox, "sent already")
    assert counted(crowd.plan().json) == {"total": COUNT, "unchanged": COUNT}


def test_an_approval_on_which_hubspot_went_down_is_approved_again_and_goes_on(crowd, sandbox):
    held = crowd.plan()
    sandbox.faults.replace([Fault("delay", path=UPSERT, times=2), Fault("status", status=503, path=UPSERT)])
    broken = crowd.approve(held)
    assert broken.exit_code == 1
    assert_documented(broken.json)
    assert broken.json["contacts"]["created"] == 200
    sandbox.faults.replace([])

    said = crowd.approve(held)

    assert counted(said.json) == {"total": COUNT, "created": 200, "unchanged": 200}
    assert [len(sandbox.writes_of(address(number))) for number in range(COUNT)] == [1] * COUNT


def test_an_approval_that_could_not_read_hubspot_sends_nothing_and_is_approved_again(loaded, held, sandbox):
    written = writes_in(sandbox)
    sandbox.faults.replace([Fault("status", status=503, path=READ)])
    assert loaded.approve(held).exit_code == 1
    assert writes_in(sandbox) == written
    sandbox.faults.replace([])

    assert counted(loaded.approve(held).json) == USUAL | {"updated": 2, "unchanged": 3}


def test_who_was_made_and_then_deleted_stays_gone_when_it_goes_on(crowd, sandbox, hub):
    held = crowd.plan()
    fault = Fault("hang", path=UPSERT, nth=3, seconds=60)
    kill_at(crowd, sandbox, fault, "run", "--approve", held.json["fingerprint"])
    sandbox.faults.replace([])
    archive(hub, address(7))

    said = crowd.approve(held)

    assert counted(said.json) == {"total": COUNT, "created": 200, "unchanged": 199, "gone": 1}
    assert address(7) not in sandbox.contacts()


def test_the_night_after_a_killed_approval_plans_anew(crowd, sandbox):
    held = crowd.plan()
    fault = Fault("hang", path=UPSERT, nth=3, seconds=60)
    kill_at(crowd, sandbox, fault, "run", "--approve", held.json["fingerprint"])
    sandbox.faults.replace([])

    night = crowd.plan()

    assert_refused(crowd, held, sandbox, "out of date")
    if night.exit_code == HELD:
        night = crowd.approve(night)
    assert counted(night.json) == {"total": COUNT, "created": 200, "unchanged": 200}


def test_of_two_approvals_at_once_one_does_the_work(crowd, sandbox):
    held = crowd.plan()
    sandbox.faults.replace([Fault("delay", path=UPSERT, seconds=1.0, times=1)])

    with crowd.start("run", "--json", "--approve", held.json["fingerprint"]) as first:
        while not struck(sandbox):
            assert first.poll() is None, first.communicate()
        second = crowd.approve(held)
        out, err = first.communicate(timeout=60)

    assert second.exit_code == 5
    assert counted(Said(first.returncode, out, err).json) == {"total": COUNT, "created": COUNT}
    assert upserts(sandbox) == 4


# --- the fingerprint --------------------------------------------------------------------------------------------------


def fingerprint(goldpan, *arguments):
    return goldpan.plan("--dry-run", *arguments).json["fingerprint"]


def test_the_same_plan_has_the_same_fingerprint_in_every_run(loaded, held):
    again = loaded.plan("--as-of", EARLIER)

    assert re.fullmatch("[0-9a-f]{16}", held.json["fingerprint"])
    assert {fingerprint(loaded, "--as-of", EARLIER) for _ in range(2)} == {held.json["fingerprint"]}
    assert again.json["fingerprint"] == held.json["fingerprint"]
    assert loaded.approve(held).exit_code == 0  # the newer of the two that are the same


def test_anything_else_in_the_plan_gives_another_fingerprint(loaded, held, hub):
    seen = [held.json["fingerprint"], fingerprint(loaded), fingerprint(loaded, "--as-of", "2026-11-18")]
    loaded.deliver(renamed(ADA))
    seen.append(fingerprint(loaded, "--as-of", EARLIER))
    loaded.deliver(renamed(ADA, CLEO))
    seen.append(fingerprint(loaded, "--as-of", EARLIER))
    loaded.deliver(renamed(ADA, BEN))
    edit(hub, ADA, customer_name="By Hand")
    seen.append(fingerprint(loaded, "--as-of", EARLIER))

    assert len(set(seen)) == len(seen)


def test_a_plan_of_the_same_changes_that_time_or_data_caused_is_the_same_plan(loaded, held):
    """What is sent decides; the causes are an explanation."""
    with closing(sqlite3.connect(loaded.home / "state" / "goldpan.sqlite")) as state, state:
        state.execute("UPDATE runs SET goldpan_version = '0.0.1'")

    assert fingerprint(loaded, "--as-of", EARLIER) == held.json["fingerprint"]
