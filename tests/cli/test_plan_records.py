"""One record, one write: secondary addresses, mergers, and addresses that somebody corrects in HubSpot."""

import pytest

from sync.sandbox.faults import Fault
from tests.cli.installation import ADA, BEN, CLEO, UPDATE, WANTED, tags_in, writes_in
from tests.cli.situations import (
    SETTLED,
    add_tags,
    archive,
    listed,
    make,
    members,
    night,
    quiet_night,
    renamed,
    restrict_options,
)
from tests.cli.test_run import counted

ALIAS = "augusta@example.org"
CORRECTED = "ada.king@example.org"
RESOLUTIONS = ["unknown", "read", "write"]
"""What the id of a contact that was merged away may still do."""


REFUSAL = {"status": "error", "category": "VALIDATION_ERROR", "message": "no"}


def give_alias(hub, email: str, alias: str) -> None:
    """Somebody gives a contact an additional address: makes one with it, and merges."""
    make(hub, alias)
    assert hub.merge(email, alias).status == 200


def merge(hub, primary: str, other: str) -> None:
    """Somebody merges two contacts; the first one's values and address win."""
    assert hub.merge(primary, other).status == 200


def rename(hub, record_id: str, email: str) -> None:
    """Somebody corrects the address of a contact."""
    answer = hub.batch("update", {"id": record_id, "properties": {"email": email}})
    assert answer.status == 200, answer.data


# --- an additional address --------------------------------------------------------------------------------------------


def test_an_additional_address_is_that_record_and_the_primary_one_is_never_touched(goldpan, sandbox, hub):
    make(hub, "real.ada@example.org", firstname="Augusta")
    give_alias(hub, "real.ada@example.org", ADA)

    assert night(goldpan) == {"total": 6, "created": 4, "updated": 1, "unsendable": 1}
    assert ADA not in sandbox.contacts()
    assert tags_in(sandbox)["real.ada@example.org"] == WANTED[ADA]
    assert all("email" not in written for written in sandbox.writes_of("real.ada@example.org")[2:])
    assert quiet_night(goldpan, sandbox) == SETTLED


def test_two_of_ours_on_one_record_are_sent_as_the_better_ranked_one_and_nothing_is_summed(goldpan, sandbox, hub):
    """Ada's membership runs until 2027, Ben's until next month: Ada speaks for the record."""
    make(hub, BEN)
    give_alias(hub, BEN, ADA)

    held = goldpan.plan()
    assert listed(goldpan) == {"same_record": 1}
    said = goldpan.approve(held)
    assert counted(said.json) == {"total": 6, "created": 3, "updated": 1, "same_record": 1, "unsendable": 1}
    values = sandbox.contacts()[BEN]
    assert (values["customer_name"], values["total_order_value"]) == ("Ada Lovelace", "1000.01")
    assert tags_in(sandbox)[BEN] == WANTED[ADA]


def test_two_of_ours_on_one_record_stay_as_they_are_night_after_night(goldpan, sandbox, hub):
    make(hub, BEN)
    give_alias(hub, BEN, ADA)
    night(goldpan)
    before, contacts = writes_in(sandbox), sandbox.contacts()

    for _ in range(3):
        assert night(goldpan) == {"total": 6, "same_record": 1, "unchanged": 4, "unsendable": 1}
        assert listed(goldpan) == {"same_record": 1}
    assert (writes_in(sandbox), sandbox.contacts()) == (before, contacts)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("pair", [(ADA, BEN), (BEN, ADA)])
@pytest.mark.parametrize("changed", [ADA, BEN])
def test_contacts_merged_after_we_knew_both_are_sent_as_the_better_ranked_one(
    request, loaded, resolution, pair, changed
):
    (primary, other), sandbox, hub = pair, *map(request.getfixturevalue, ("sandbox", "hub"))
    sandbox.settings.merged_ids = resolution
    merge(hub, primary, other)
    loaded.deliver(renamed(changed))
    name = "New Name of ada" if changed == ADA else "Ada Lovelace"

    counts = night(loaded)

    assert counts["same_record"] == 1
    assert listed(loaded) == {"same_record": 1}
    values = sandbox.contacts()[primary]
    assert (values["customer_name"], values["total_order_value"]) == (name, "1000.01")
    assert tags_in(sandbox)[primary] == WANTED[ADA]
    before = writes_in(sandbox)
    assert night(loaded) == {"total": 6, "same_record": 1, "unchanged": 4, "unsendable": 1}
    assert writes_in(sandbox) == before


def test_when_the_better_ranked_one_leaves_the_exports_the_other_speaks_for_the_record(goldpan, sandbox, hub):
    make(hub, BEN)
    give_alias(hub, BEN, ADA)
    night(goldpan)
    goldpan.deliver(members(without=(ADA,)))

    said = goldpan.run()

    assert said.exit_code == 3  # two of seven rows are missing: a person looks first
    said = goldpan.approve(said)
    assert said.exit_code == 0
    assert tags_in(sandbox)[BEN] == WANTED[BEN]


def test_of_two_on_one_record_a_refused_better_one_is_counted_once(goldpan, sandbox, hub):
    make(hub, BEN)
    give_alias(hub, BEN, ADA)
    night(goldpan)
    sandbox.faults.replace([Fault("status", path=UPDATE, status=400, body=REFUSAL)])
    goldpan.deliver(renamed(ADA))
    assert goldpan.run().exit_code == 4

    assert night(goldpan) == {"total": 6, "same_record": 1, "refused": 1, "unchanged": 3, "unsendable": 1}


# --- an address that somebody corrected in HubSpot --------------------------------------------------------------------


def test_a_corrected_address_is_listed_and_left_and_the_tags_kept_right(loaded, sandbox, hub):
    rename(hub, hub.id_of(ADA), CORRECTED)

    assert night(loaded, "--as-of", "2026-12-20") == {"total": 6, "updated": 3, "unchanged": 2, "unsendable": 1}
    assert listed(loaded) == {"address_changed_in_hubspot": 1}
    assert ADA not in sandbox.contacts()
    assert "expiring_soon" in tags_in(sandbox)[CORRECTED]


def test_a_corrected_address_that_the_exports_take_over_is_the_same_record(loaded, sandbox, hub):
    rename(hub, hub.id_of(ADA), CORRECTED)
    loaded.deliver(members({ADA: {"Contact Email": CORRECTED}}))

    assert night(loaded) == SETTLED
    assert tags_in(sandbox)[CORRECTED] == WANTED[ADA]
    assert len(sandbox.contacts()) == 5
    assert quiet_night(loaded, sandbox) == SETTLED


def test_an_address_that_was_corrected_and_made_anew_is_the_contact_that_has_it_now(loaded, sandbox, hub):
    """The address decides who is meant; the record that had it keeps its values, and nothing swings to and fro."""
    rename(hub, hub.id_of(ADA), CORRECTED)
    make(hub, ADA, firstname="Another")
    loaded.deliver(renamed(ADA))

    assert night(loaded)["updated"] == 1
    assert tags_in(sandbox)[ADA] == WANTED[ADA]
    assert sandbox.contacts()[ADA]["customer_name"] == "New Name of ada"
    assert sandbox.contacts()[CORRECTED]["customer_name"] == "Ada Lovelace"
    assert quiet_night(loaded, sandbox) == SETTLED


def test_a_corrected_address_that_is_another_of_our_contacts_is_one_record(loaded, sandbox, hub):
    """Cleo's contact in HubSpot is given Ben's address after Ben's was deleted: the better ranked of both is sent."""
    record_id = hub.id_of(CLEO)
    archive(hub, BEN)
    rename(hub, record_id, BEN)
    loaded.deliver(renamed(BEN, CLEO))

    assert night(loaded) == {"total": 6, "updated": 1, "same_record": 1, "unchanged": 3, "unsendable": 1}
    assert sandbox.contacts()[BEN]["customer_name"] == "New Name of ben"
    assert quiet_night(loaded, sandbox) == {"total": 6, "gone": 1, "unchanged": 4, "unsendable": 1}


def test_people_s_tags_survive_a_merger(loaded, sandbox, hub):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, ADA, "vip")
    merge(hub, ADA, BEN)
    loaded.deliver(renamed(ADA))

    night(loaded)

    assert tags_in(sandbox)[ADA] == WANTED[ADA] | {"vip"}
