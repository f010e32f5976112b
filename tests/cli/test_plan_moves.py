"""A customer with a new address, and contacts that leave the exports: told, cleared once, never deleted."""

import pytest

from sync.sandbox.faults import Fault
from tests.cli.installation import ADA, BEN, MEMBERS, TAGS, UPDATE, WANTED, member, tags_in, writes_in
from tests.cli.situations import (
    CLEARED,
    SETTLED,
    add_tags,
    age,
    archive,
    edit,
    held_values,
    listed,
    make,
    members,
    moved,
    night,
    options_of,
    quiet_night,
    renamed,
    restrict_options,
    second_row,
)
from tests.cli.test_run import counted

NEW = "ada.king@example.org"
REFUSED = "ada@example.con"
REFUSAL = {"status": "error", "category": "VALIDATION_ERROR", "message": "no"}
MOVED = {"total": 7, "created": 1, "updated": 1, "unchanged": 4, "unsendable": 1}


@pytest.fixture
def small_exports(loaded):
    """One contact fewer is a seventh of everybody here: the brakes on the exports are wide open."""
    loaded.configure("goldpan.toml", ("fewer_rows_share = 0.10", "fewer_rows_share = 0.90"),
                     ("fewer_contacts_share = 0.10", "fewer_contacts_share = 0.90"))  # fmt: skip
    return loaded


# --- a new address ----------------------------------------------------------------------------------------------------


def test_a_customer_with_a_new_address_is_made_there_and_cleared_under_the_old_one(loaded, sandbox, hub):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, ADA, "vip")
    edit(hub, ADA, firstname="Augusta")
    loaded.deliver(moved(ADA, NEW))

    assert night(loaded) == MOVED
    assert tags_in(sandbox)[NEW] == WANTED[ADA]
    assert held_values(sandbox, ADA) == CLEARED | {TAGS: "vip"}
    assert sandbox.contacts()[ADA]["firstname"] == "Augusta"


def test_the_pair_is_told_with_the_merge_that_it_suggests(loaded):
    loaded.deliver(moved(ADA, NEW))

    said = loaded.run()

    assert listed(loaded) == {"address_moved": 1}
    assert "1 customers have a new address in the exports: merge the two contacts in HubSpot" in said.err


def test_the_night_after_a_move_writes_nothing(loaded, sandbox):
    loaded.deliver(moved(ADA, NEW))
    night(loaded)

    assert quiet_night(loaded, sandbox) == SETTLED


def test_a_pair_that_a_person_merged_as_told_is_one_contact(loaded, sandbox, hub):
    loaded.deliver(moved(ADA, NEW))
    night(loaded)
    assert hub.merge(NEW, ADA).status == 200

    assert night(loaded, "--as-of", "2026-12-20")["updated"] == 3
    assert "expiring_soon" in tags_in(sandbox)[NEW]
    assert ADA not in sandbox.contacts()


def test_the_old_address_is_left_alone_while_another_contact_of_the_exports_has_it(loaded, sandbox):
    """Ada's customer moves, and her old address is that of a new customer now."""
    loaded.deliver([*moved(ADA, NEW), member(7, "Gil Newman", ADA, "2026-11-15", "2027-11-15")])

    assert night(loaded) == {"total": 7, "created": 1, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert sandbox.contacts()[ADA]["customer_name"] == "Gil Newman"
    assert sandbox.contacts()[NEW]["customer_name"] == "Ada Lovelace"
    assert listed(loaded) == {}


def test_a_customer_who_moves_back_is_cleared_under_the_address_left_this_time(loaded, sandbox):
    loaded.deliver(moved(ADA, NEW))
    night(loaded)
    loaded.deliver()

    assert night(loaded) == {"total": 7, "updated": 2, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]
    assert held_values(sandbox, NEW) == CLEARED
    assert quiet_night(loaded, sandbox) == SETTLED


def test_nobody_is_cleared_while_hubspot_refuses_the_new_address(loaded, sandbox):
    loaded.deliver(moved(ADA, REFUSED))

    said = loaded.run()

    assert said.exit_code == 4
    assert counted(said.json) == {"total": 7, "refused": 1, "held": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]
    assert quiet_night(loaded, sandbox) == {"total": 6, "refused": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_nobody_is_cleared_while_the_new_address_is_not_to_be_created(loaded, sandbox):
    loaded.configure("contacts.toml", ('create = "all"', 'create = "none"'))
    loaded.deliver(moved(ADA, NEW))

    for _ in range(2):
        assert night(loaded) == {"total": 6, "not_wanted": 1, "unchanged": 4, "unsendable": 1}
        assert tags_in(sandbox)[ADA] == WANTED[ADA]


def test_a_run_that_ends_between_the_two_is_completed_by_the_next(loaded, sandbox):
    loaded.deliver(moved(ADA, NEW))
    sandbox.faults.replace([Fault("status", path=UPDATE, status=401, times=1)])
    said = loaded.run()
    assert said.exit_code != 0
    assert NEW in sandbox.contacts()
    assert tags_in(sandbox)[ADA] == WANTED[ADA]
    sandbox.faults.replace([])

    assert night(loaded) == {"total": 7, "updated": 1, "unchanged": 5, "unsendable": 1}
    assert held_values(sandbox, ADA) == CLEARED
    assert listed(loaded) == {"address_moved": 1}
    assert quiet_night(loaded, sandbox) == SETTLED


def test_a_way_back_that_ends_between_the_two_is_completed_by_the_next(loaded, sandbox):
    loaded.deliver(moved(ADA, NEW))
    night(loaded)
    loaded.deliver()
    sandbox.faults.replace([Fault("status", path=UPDATE, nth=2, status=401)])
    assert loaded.run().exit_code != 0
    assert tags_in(sandbox)[NEW] == tags_in(sandbox)[ADA] == WANTED[ADA]
    sandbox.faults.replace([])

    assert night(loaded) == {"total": 7, "updated": 1, "unchanged": 5, "unsendable": 1}
    assert held_values(sandbox, NEW) == CLEARED


@pytest.mark.parametrize("comes", ["with the first", "later"])
def test_a_customer_with_two_addresses_of_which_one_leaves_has_not_moved(loaded, sandbox, comes):
    both = [*MEMBERS, second_row(1, NEW)]
    if comes == "later":
        night(loaded, "--as-of", "2026-11-19")
    loaded.deliver(both)
    night(loaded)
    night(loaded, "--as-of", "2026-11-21")
    loaded.deliver(moved(ADA, NEW)[:1] + [row for row in both if row["Contact Email"] not in (ADA, NEW)])
    before = writes_in(sandbox)

    said = loaded.run("--as-of", "2026-11-21")

    assert tags_in(sandbox)[ADA] == WANTED[ADA]
    assert listed(loaded) == {}
    assert said.exit_code in (0, 3)
    assert len(writes_in(sandbox)) - len(before) <= 1


# --- contacts that leave the exports ----------------------------------------------------------------------------------

LEAVES = '"no_longer_in_export"'


def test_a_contact_that_left_is_kept_as_it_is(small_exports, sandbox):
    small_exports.deliver(members(without=(BEN,)))

    assert quiet_night(small_exports, sandbox) == {"total": 5, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[BEN] == WANTED[BEN]


def test_a_contact_that_left_can_lose_its_tags(small_exports, sandbox, hub):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, BEN, "vip")
    small_exports.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))
    small_exports.deliver(members(without=(BEN,)))

    assert night(small_exports) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[BEN] == {"vip"}
    assert sandbox.contacts()[BEN]["customer_name"] == "Ben Okafor"
    assert quiet_night(small_exports, sandbox) == {"total": 5, "unchanged": 4, "unsendable": 1}


def test_a_contact_that_left_can_carry_one_tag_that_setup_makes(small_exports, sandbox, hub):
    small_exports.configure("contacts.toml", ('on_left = "keep"', f"on_left = {{ tag = {LEAVES} }}"))
    small_exports.deliver(members(without=(BEN,)))
    assert small_exports.run().exit_code == 2
    assert small_exports("setup", "--yes").exit_code == 0
    assert "no_longer_in_export" in options_of(hub)

    assert night(small_exports) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[BEN] == {"no_longer_in_export"}
    assert quiet_night(small_exports, sandbox) == {"total": 5, "unchanged": 4, "unsendable": 1}


@pytest.mark.parametrize("policy", ['"keep"', '"clear_tags"', f"{{ tag = {LEAVES} }}"])
def test_a_contact_that_returns_is_as_if_it_had_never_left(small_exports, sandbox, policy):
    small_exports.configure("contacts.toml", ('on_left = "keep"', f"on_left = {policy}"))
    small_exports("setup", "--yes")
    small_exports.deliver(members(without=(BEN,)))
    night(small_exports)
    small_exports.deliver()

    night(small_exports)

    assert tags_in(sandbox) == WANTED
    assert quiet_night(small_exports, sandbox) == SETTLED


def test_a_canary_counts_nobody_as_missing(small_exports, sandbox):
    small_exports.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))
    small_exports.deliver([row for row in renamed(ADA) if row["Contact Email"] != BEN])

    assert night(small_exports, "--only", ADA) == {"total": 1, "updated": 1}
    assert tags_in(sandbox)[BEN] == WANTED[BEN]


def test_a_contact_that_left_and_that_hubspot_refuses_to_clear_rests(small_exports, sandbox, hub):
    small_exports.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))
    small_exports.deliver(members(without=(BEN,)))
    sandbox.faults.replace([Fault("status", path=UPDATE, status=400, body=REFUSAL)])
    assert small_exports.run().exit_code == 4

    assert quiet_night(small_exports, sandbox) == {"total": 6, "refused": 1, "unchanged": 4, "unsendable": 1}
    age(small_exports, "refusals", "last_at", 8)
    assert night(small_exports)["refused"] == 1
    sandbox.faults.replace([])
    age(small_exports, "refusals", "last_at", 8)
    assert night(small_exports) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert tags_in(sandbox)[BEN] == set()


def test_contacts_that_a_run_never_wrote_are_nobody_s_to_clear(small_exports, sandbox, hub):
    make(hub, "stranger@example.org", **{TAGS: "active_membership"})
    small_exports.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))

    assert quiet_night(small_exports, sandbox) == SETTLED
    assert tags_in(sandbox)["stranger@example.org"] == {"active_membership"}


def test_a_contact_that_left_and_was_deleted_is_forgotten_without_a_word(small_exports, sandbox, hub):
    small_exports.configure("contacts.toml", ('on_left = "keep"', 'on_left = "clear_tags"'))
    archive(hub, BEN)
    small_exports.deliver(members(without=(BEN,)))

    assert night(small_exports) == {"total": 5, "unchanged": 4, "unsendable": 1}
    assert quiet_night(small_exports, sandbox) == {"total": 5, "unchanged": 4, "unsendable": 1}
    small_exports.deliver()
    assert night(small_exports) == {"total": 6, "gone": 1, "unchanged": 4, "unsendable": 1}
