"""People who are gone stay gone, and people who are not wanted are not made; a person can say otherwise."""

import pytest

from sync.sandbox.faults import Fault
from tests.cli.installation import ADA, BEN, CLEO, DAN, EVE, UPDATE, WANTED, tags_in
from tests.cli.situations import (
    SETTLED,
    age,
    archive,
    erase,
    listed,
    make,
    members,
    night,
    quiet_night,
    renamed,
)
from tests.cli.test_run import counted

GONE = {"total": 6, "gone": 1, "unchanged": 4, "unsendable": 1}
DELETIONS = pytest.mark.parametrize("delete", [archive, erase])


@pytest.fixture
def without_ada(loaded, hub):
    """The same, a night after somebody deleted Ada's contact in HubSpot."""
    archive(hub, ADA)
    loaded.deliver(renamed(ADA))
    assert night(loaded) == GONE
    return loaded


@DELETIONS
def test_a_deleted_contact_is_listed_as_gone_and_not_made_again(loaded, sandbox, hub, delete):
    delete(hub, ADA)
    loaded.deliver(renamed(ADA))

    assert night(loaded) == GONE
    assert listed(loaded) == {"gone": 1}
    assert ADA not in sandbox.contacts()


def test_a_contact_that_is_gone_is_listed_every_night_and_not_read(without_ada, sandbox):
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        assert quiet_night(without_ada, sandbox, "--as-of", day) == GONE
        assert listed(without_ada) == {"gone": 1}


def test_a_contact_that_is_gone_stays_gone_when_its_values_change(without_ada, sandbox):
    without_ada.deliver(members({ADA: {"Customer Name": "Ada King"}}))

    assert night(without_ada) == GONE
    assert ADA not in sandbox.contacts()
    assert quiet_night(without_ada, sandbox) == GONE


def test_a_person_can_have_a_contact_made_again(without_ada, sandbox):
    assert night(without_ada, "--only", ADA, "--recreate") == {"total": 1, "created": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]
    assert quiet_night(without_ada, sandbox) == SETTLED


def test_a_contact_that_no_run_has_missed_yet_can_be_made_again_too(loaded, sandbox, hub):
    archive(hub, ADA)

    assert night(loaded, "--only", ADA, "--recreate") == {"total": 1, "created": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_recreate_is_for_named_contacts_only(without_ada):
    said = without_ada.run("--recreate")

    assert said.exit_code == 2
    assert "--only EMAIL --recreate" in said.json["problems"][0]


def test_recreate_makes_somebody_again_whom_the_config_would_not_make(loaded, sandbox, hub):
    loaded.configure("contacts.toml", ('create = "all"', 'create = "none"'))
    archive(hub, ADA)
    loaded.deliver(renamed(ADA))
    assert night(loaded) == GONE

    assert night(loaded, "--only", ADA, "--recreate") == {"total": 1, "created": 1}
    assert ADA in sandbox.contacts()


def test_an_erased_contact_that_hubspot_refuses_to_make_again_is_told(loaded, sandbox, hub):
    erase(hub, ADA)
    loaded.deliver(renamed(ADA))
    night(loaded)

    said = loaded.run("--only", ADA, "--recreate")

    assert said.exit_code == 4
    assert said.json["contacts"]["refused"] == 1


def test_a_contact_that_somebody_makes_again_is_found_when_its_values_change(without_ada, sandbox, hub):
    make(hub, ADA)
    assert quiet_night(without_ada, sandbox) == GONE
    without_ada.deliver()

    assert night(without_ada) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_a_contact_that_somebody_makes_again_is_found_after_a_week(without_ada, sandbox, hub):
    make(hub, ADA)
    age(without_ada, "absences", "checked_at", 8)

    assert night(without_ada) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_a_night_on_which_hubspot_was_blind_is_mended_by_the_next_one(without_ada, sandbox, hub):
    make(hub, ADA)
    for column in ("since_at", "checked_at"):
        age(without_ada, "absences", column, 1)

    assert night(without_ada) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_a_contact_that_is_still_gone_after_a_week_is_looked_for_once(without_ada, sandbox):
    age(without_ada, "absences", "checked_at", 8)

    assert night(without_ada) == GONE
    assert quiet_night(without_ada, sandbox) == GONE


def test_a_contact_that_left_and_was_deleted_meanwhile_stays_gone_when_it_returns(loaded, sandbox, hub):
    loaded.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))
    archive(hub, ADA)
    loaded.deliver(
        [row for row in members() if row["Contact Email"] != ADA],
    )
    held = loaded.run()
    assert loaded.brakes(held.json["run_id"]) == ["fewer_rows", "fewer_contacts"] or held.exit_code == 0
    loaded.deliver(renamed(ADA))

    assert night(loaded)["gone"] == 1
    assert ADA not in sandbox.contacts()


@pytest.mark.parametrize("sinks", [False, True])
def test_a_contact_that_is_deleted_between_read_and_write_is_gone_the_next_night(loaded, sandbox, hub, sinks):
    sandbox.settings.missing_sinks_updates = sinks
    loaded.deliver(renamed(ADA, BEN))
    held = loaded.plan("--as-of", "2026-11-01")
    deleted = hub.id_of(ADA)
    sandbox.faults.replace([Fault("delay", path=UPDATE, seconds=1.0, times=1)])

    with loaded.start("run", "--approve", held.json["fingerprint"], "--json") as going:
        while sandbox.faults.to_json()[0]["matched"] == 0:
            assert going.poll() is None, going.communicate()
        assert hub.batch("archive", {"id": deleted}).status == 204
        out, err = going.communicate(timeout=60)

    assert going.returncode in (0, 4), out + err
    assert ADA not in sandbox.contacts()
    counts = night(loaded, "--as-of", "2026-11-01")
    assert counts["gone"] == 1
    assert ADA not in sandbox.contacts()


# --- whom to create ---------------------------------------------------------------------------------------------------

RECENT = 'create = { all = [{ column = "days_until_expiration", at_least = -30 }] }'


def test_with_create_none_nobody_is_made_and_those_there_are_kept_right(goldpan, sandbox, hub):
    goldpan.configure("contacts.toml", ('create = "all"', 'create = "none"'))
    make(hub, ADA)

    assert night(goldpan) == {"total": 6, "updated": 1, "not_wanted": 4, "unsendable": 1}
    assert tags_in(sandbox) == {ADA: WANTED[ADA]}


def test_only_those_for_whom_the_conditions_hold_are_made(goldpan, sandbox):
    goldpan.configure("contacts.toml", ('create = "all"', RECENT))

    held = goldpan.plan()
    assert listed(goldpan) == {"not_wanted": 1}
    said = goldpan.approve(held)
    assert counted(said.json) == {"total": 6, "created": 4, "not_wanted": 1, "unsendable": 1}
    assert sandbox.contacts().keys() == {ADA, BEN, DAN, EVE}


def test_those_not_wanted_are_not_read_every_night(goldpan, sandbox):
    goldpan.configure("contacts.toml", ('create = "all"', RECENT))
    night(goldpan)

    assert quiet_night(goldpan, sandbox) == {"total": 6, "unchanged": 4, "not_wanted": 1, "unsendable": 1}


@pytest.mark.parametrize("found", ["values", "week"])
def test_somebody_not_wanted_is_kept_right_once_hubspot_has_them(goldpan, sandbox, hub, found):
    goldpan.configure("contacts.toml", ('create = "all"', RECENT))
    night(goldpan)
    make(hub, CLEO)
    if found == "values":
        goldpan.deliver(renamed(CLEO))
    else:
        age(goldpan, "absences", "checked_at", 8)

    assert night(goldpan) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[CLEO] == WANTED[CLEO]


def test_somebody_who_becomes_wanted_is_made_the_same_night(goldpan, sandbox):
    goldpan.configure("contacts.toml", ('create = "all"', RECENT))
    night(goldpan)
    goldpan.configure("contacts.toml", ("at_least = -30", "at_least = -300"))

    assert night(goldpan) == {"total": 6, "created": 1, "unchanged": 4, "unsendable": 1}
    assert CLEO in sandbox.contacts()


def test_somebody_made_while_wanted_is_kept_right_when_not_wanted_any_more(goldpan, sandbox):
    goldpan.configure("contacts.toml", ('create = "all"', RECENT))
    night(goldpan)

    counts = night(goldpan, "--as-of", "2026-12-20")

    assert counts["not_wanted"] == 1
    assert "recently_renewed" not in tags_in(sandbox)[EVE]
    assert "not_active_membership" in tags_in(sandbox)[BEN]
