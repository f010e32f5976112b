"""``goldpan verify``: what drifted in HubSpot is told by property and tag, and repaired under the brakes."""

import pytest

from tests.cli.installation import ADA, BEN, CLEO, DAN, EVE, TAGS, WANTED, tags_in, writes_in
from tests.cli.situations import (
    SETTLED,
    add_tags,
    archive,
    edit,
    erase,
    listed,
    members,
    night,
    quiet_night,
    renamed,
    restrict_options,
)
from tests.cli.test_plan_records import rename
from tests.cli.test_run import counted

NOTHING = {"edited": {}, "cleared": {}, "tags_removed": {}, "tags_added": {}, "merged": 0, "deleted": 0,
           "address_changed": 0, "same_record": 0}  # fmt: skip


GOLD = """
[[tag]]
value = "gold"
label = "Gold"
all = [{ column = "customer_name", is_known = true }]
"""


def drift(goldpan, *arguments: object) -> dict:
    """What ``goldpan verify --json`` found."""
    said = goldpan("verify", "--json", *arguments)
    assert said.exit_code == 0, said.all
    contacts = dict(said.json["contacts"])
    assert contacts.pop("total") == sum(contacts.values())
    return said.json["drift"]


def found(goldpan) -> dict:
    """The findings that are not zero."""
    return {name: value for name, value in drift(goldpan).items() if value and name != "checked"}


def test_nothing_drifted_right_after_a_run(loaded, sandbox):
    before = writes_in(sandbox)

    assert drift(loaded) == NOTHING | {"checked": 5, "fine": 5, "drifted": 0}
    assert writes_in(sandbox) == before


def test_an_edited_value_is_counted_by_its_property(loaded, hub):
    edit(hub, ADA, customer_name="By hand", total_order_value="5")
    edit(hub, BEN, customer_name="By hand, too")

    assert found(loaded) == {"fine": 3, "drifted": 2, "edited": {"customer_name": 2, "total_order_value": 1}}


def test_a_value_that_a_workflow_cleared_is_told_apart_from_an_edit(loaded, hub):
    edit(hub, ADA, member_since="", customer_name="By hand")

    assert found(loaded) == {"fine": 4, "drifted": 1, "cleared": {"member_since": 1}, "edited": {"customer_name": 1}}


def test_tags_of_ours_that_were_removed_or_added_are_counted_by_tag(loaded, hub):
    edit(hub, ADA, **{TAGS: ";".join(sorted(WANTED[ADA] - {"hfo_buy"} | {"expiring_soon"}))})

    assert found(loaded) == {
        "fine": 4,
        "drifted": 1,
        "edited": {TAGS: 1},
        "tags_removed": {"hfo_buy": 1},
        "tags_added": {"expiring_soon": 1},
    }


def test_a_person_s_tag_is_no_drift(loaded, sandbox, hub):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, ADA, "vip")
    assert found(loaded) == {"fine": 5}

    restrict_options(hub, "vip")
    assert found(loaded) == {"fine": 5}


def test_a_value_in_another_spelling_is_no_drift(loaded, hub):
    edit(hub, ADA, total_order_value="1000.0100", membership_start="1767225600000")

    assert found(loaded) == {"fine": 5}


@pytest.mark.parametrize("delete", [archive, erase])
def test_a_deleted_contact_is_told_as_deleted(loaded, hub, delete):
    delete(hub, ADA)

    assert found(loaded) == {"fine": 4, "deleted": 1}


@pytest.mark.parametrize("resolution", ["unknown", "read", "write"])
def test_merged_contacts_are_told_as_merged_and_not_as_edited(loaded, sandbox, hub, resolution):
    sandbox.settings.merged_ids = resolution
    assert hub.merge(ADA, BEN).status == 200

    assert found(loaded) == {"fine": 4, "merged": 2, "same_record": 1}  # HubSpot gives both a new record


def test_an_address_that_somebody_changed_is_told(loaded, hub):
    rename(hub, hub.id_of(ADA), "ada.king@example.org")

    assert found(loaded) == {"fine": 5, "address_changed": 1}


def test_a_sample_looks_at_that_many(loaded):
    assert drift(loaded, "--sample", 2)["checked"] == 2
    assert drift(loaded, "--sample", 500)["checked"] == 5


def test_people_read_what_drifted_and_how_to_repair_it(loaded, hub):
    edit(hub, ADA, customer_name="By hand")

    said = loaded("verify")

    assert said.exit_code == 0
    assert "1 drifted" in said.out
    assert "customer_name" in said.out
    assert "goldpan verify --repair" in said.out


def test_before_any_run_there_is_nothing_to_verify(goldpan):
    assert drift(goldpan) == NOTHING | {"checked": 0, "fine": 0, "drifted": 0}


# --- repair -----------------------------------------------------------------------------------------------------------


def test_a_repair_puts_back_what_drifted_and_nothing_else_and_the_night_after_writes_nothing(loaded, sandbox, hub):
    restrict_options(hub, added=("vip",))
    edit(hub, ADA, customer_name="By hand", member_since="")
    edit(hub, EVE, **{TAGS: "vip;expiring_soon"})

    said = loaded("verify", "--repair", "--json")

    assert said.exit_code == 0, said.all
    assert counted(said.json) == {"total": 5, "updated": 2, "unchanged": 3}
    assert sandbox.writes_of(ADA)[-1].keys() == {"customer_name", "member_since"}
    assert tags_in(sandbox)[EVE] == WANTED[EVE] | {"vip"}
    assert quiet_night(loaded, sandbox) == SETTLED
    assert found(loaded) == {"fine": 5}


def test_a_repair_makes_nobody_again_and_the_next_run_neither(loaded, sandbox, hub):
    archive(hub, ADA)

    said = loaded("verify", "--repair", "--json")

    assert counted(said.json) == {"total": 5, "gone": 1, "unchanged": 4}
    assert ADA not in sandbox.contacts()
    loaded.deliver(renamed(ADA))
    assert night(loaded) == {"total": 6, "gone": 1, "unchanged": 4, "unsendable": 1}
    assert listed(loaded) == {"gone": 1}


def test_a_repair_leaves_merged_contacts_to_the_next_run_which_sends_the_better_ranked_one(loaded, sandbox, hub):
    """The merger kept Ben's values; Ada's membership counts. Only the exports know that."""
    assert hub.merge(BEN, ADA).status == 200

    said = loaded("verify", "--repair", "--json")

    assert counted(said.json) == {"total": 5, "same_record": 1, "unchanged": 4}
    assert night(loaded) == {"total": 6, "updated": 1, "same_record": 1, "unchanged": 3, "unsendable": 1}
    assert tags_in(sandbox)[BEN] == WANTED[ADA]


def test_a_repair_keeps_a_changed_address(loaded, sandbox, hub):
    rename(hub, hub.id_of(ADA), "ada.king@example.org")
    edit(hub, "ada.king@example.org", customer_name="By hand")

    said = loaded("verify", "--repair", "--json")

    assert counted(said.json) == {"total": 5, "updated": 1, "unchanged": 4}
    assert sandbox.contacts()["ada.king@example.org"]["customer_name"] == "Ada Lovelace"
    assert said.json["drift"]["address_changed"] == 1


def test_a_repair_beyond_the_brakes_is_held_and_can_be_approved(loaded, sandbox, hub):
    loaded.configure("goldpan.toml", ("changed_contacts = 100", "changed_contacts = 1"))
    night(loaded)
    for email in (ADA, BEN, CLEO):
        edit(hub, email, customer_name="By hand")
    before = sandbox.contacts()

    held = loaded("verify", "--repair", "--json")

    assert held.exit_code == 3
    assert counted(held.json) == {"total": 5, "held": 3, "unchanged": 2}
    assert loaded.brakes(held.json["run_id"]) == ["changed"]
    assert sandbox.contacts() == before
    said = loaded.approve(held)
    assert said.exit_code == 0, said.json["problems"]
    assert sandbox.contacts()[CLEO]["customer_name"] == "Cleo Moreau"
    assert found(loaded) == {"fine": 5}


def test_a_repair_can_be_undone(loaded, sandbox, hub):
    edit(hub, ADA, customer_name="By hand")
    before = sandbox.contacts()
    run_id = loaded("verify", "--repair", "--json").json["run_id"]

    assert loaded("undo", run_id, "--yes", "--json").exit_code == 0
    assert sandbox.contacts() == before


def test_a_retired_tag_whose_option_is_gone_is_not_written_back(loaded, sandbox, hub):
    loaded.configure("tags.toml", append=GOLD)
    assert loaded("setup", "--yes").exit_code == 0
    night(loaded)
    text = (loaded.config / "tags.toml").read_text(encoding="utf-8")
    (loaded.config / "tags.toml").write_text(text.removesuffix(GOLD), encoding="utf-8")
    restrict_options(hub, "gold")

    assert found(loaded) == {"fine": 5}
    said = loaded("verify", "--repair", "--json")
    assert counted(said.json) == {"total": 5, "unchanged": 5}


def test_an_unreachable_hubspot_is_told_and_nothing_is_reported_as_drift(loaded):
    loaded.env["HUBSPOT_BASE_URL"] = "http://127.0.0.1:1"

    said = loaded("verify", "--json")

    assert said.exit_code == 1
    assert said.json["drift"] is None


def test_contacts_that_left_the_exports_are_verified_as_well(loaded, hub):
    loaded.deliver(members(without=(DAN,)))
    edit(hub, DAN, customer_name="By hand")

    assert found(loaded) == {"fine": 4, "drifted": 1, "edited": {"customer_name": 1}}
