"""What is written to whom: only what differs, by record id, with people's own tags and values left as they are."""

import pytest

from sync.init import set_up_folder
from tests.cli.installation import (
    ADA,
    BEN,
    CLEO,
    DAN,
    EVE,
    READ,
    TAGS,
    UPDATE,
    UPSERT,
    WANTED,
    Installation,
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
    make,
    members,
    night,
    options_of,
    quiet_night,
    renamed,
    restrict_options,
)
from tests.sandbox.hub import PROPERTIES

FILL_LASTNAME = """
[[property]]
name = "lastname"
column = "customer_name"
type = "text"
policy = "fill_blank"
adopt = true
"""


@pytest.fixture
def forgetful(loaded, tmp_path, sandbox):
    """A second installation that has never met the portal, with the same exports."""
    home = tmp_path / "forgetful"
    for _ in set_up_folder(home):
        pass
    other = Installation(home, sandbox.url)
    other.deliver()
    return other


def paths_since(sandbox, before: int) -> list[str]:
    """The requests about contacts since then."""
    return [request.path for request in sandbox.requests[before:] if "contacts/batch" in request.path]


def test_a_contact_that_hubspot_has_is_written_by_record_id_with_only_what_differs(loaded, sandbox):
    loaded.deliver(renamed(ADA))
    before = len(sandbox.requests)

    assert night(loaded) == {"total": 6, "updated": 1, "unchanged": 4, "unsendable": 1}
    assert paths_since(sandbox, before) == [READ, UPDATE]
    assert sandbox.writes_of(ADA)[-1] == {"customer_name": "New Name of ada"}


def test_a_contact_that_hubspot_lacks_is_upserted_with_every_owned_property(loaded, sandbox):
    before = len(sandbox.requests)
    loaded.deliver([*members(), {**members()[0], "Cust ID": "7", "Contact Email": "gil@example.org"}])

    assert night(loaded)["created"] == 1
    assert paths_since(sandbox, before) == [READ, UPSERT]
    assert sandbox.writes_of("gil@example.org")[0].keys() - {"email"} == CLEARED.keys()


def test_a_contact_that_was_there_before_goldpan_is_updated_and_keeps_what_is_not_goldpans(goldpan, sandbox, hub):
    make(hub, ADA, firstname="Augusta", customer_id="0004102511")

    assert night(goldpan) == {"total": 6, "created": 4, "updated": 1, "unsendable": 1}
    ada = sandbox.contacts()[ADA]
    assert (ada["firstname"], ada["customer_name"]) == ("Augusta", "Ada Lovelace")
    assert "customer_id" not in sandbox.writes_of(ADA)[-1]


def test_contacts_that_hold_everything_already_are_confirmed_without_a_write(forgetful, sandbox):
    before = writes_in(sandbox)

    assert night(forgetful) == SETTLED
    assert writes_in(sandbox) == before
    assert quiet_night(forgetful, sandbox) == SETTLED


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("total_order_value", "1000.010"),
        ("estimated_savings", "80.00"),
        ("membership_start", "1767225600000"),
        (TAGS, "not_recently_renewed;high_value_customer;not_expiring_soon;hfo_buy;active_membership"),
    ],
)
def test_another_spelling_of_the_same_value_is_no_difference(forgetful, sandbox, hub, name, spelling):
    edit(hub, ADA, **{name: spelling})
    before = writes_in(sandbox)

    assert night(forgetful) == SETTLED
    assert writes_in(sandbox) == before


def test_a_property_that_is_empty_here_and_null_there_is_the_same(goldpan, sandbox, forgetful):
    rows = members({ADA: {"Start Date": "", "Created Date": "", "Expiration Date": ""}})
    goldpan.deliver(rows)
    night(goldpan)
    assert held_values(sandbox, ADA)["membership_expires"] == ""
    forgetful.deliver(rows)
    before = writes_in(sandbox)

    assert night(forgetful) == SETTLED
    assert writes_in(sandbox) == before


def test_a_value_that_is_missing_now_empties_the_property(loaded, sandbox):
    loaded.deliver(members({ADA: {"Customer Name": ""}}))

    assert night(loaded)["updated"] == 1
    assert sandbox.writes_of(ADA)[-1] == {"customer_name": ""}


# --- tags of others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", [ADA, EVE])
def test_a_tag_that_somebody_added_stays_when_ours_change(loaded, sandbox, hub, email):
    restrict_options(hub, added=("vip",))
    add_tags(hub, sandbox, email, "vip")

    night(loaded, "--as-of", "2027-02-01")

    assert "vip" in tags_in(sandbox)[email]
    assert tags_in(sandbox)[email] != WANTED[email] | {"vip"}


def test_a_tag_of_ours_that_is_no_longer_true_goes(loaded, sandbox):
    night(loaded, "--as-of", "2026-12-02")

    assert tags_in(sandbox)[BEN] == WANTED[BEN] - {"active_membership", "expiring_soon"} | {
        "not_active_membership",
        "not_expiring_soon",
    }


def retire_hfo(goldpan) -> None:
    """Take a tag out of the config."""
    start = '[[tag]]\nvalue = "hfo_buy"'
    text = (goldpan.config / "tags.toml").read_text(encoding="utf-8")
    _, _, rest = text.partition(start)
    goldpan.configure("tags.toml", (f"{start}{rest.partition('[[tag]]')[0]}", ""))


def test_a_retired_tag_leaves_the_contacts_and_its_option_stays(loaded, sandbox, hub):
    retire_hfo(loaded)

    assert night(loaded) == {"total": 6, "updated": 5, "unsendable": 1}
    hfo = {"hfo_buy", "not_hfo_buy"}
    assert tags_in(sandbox) == {email: tags - hfo for email, tags in WANTED.items()}
    assert options_of(hub) >= hfo


def test_a_retired_tag_leaves_a_contact_that_comes_into_reach_nights_later(loaded, sandbox, hub):
    """Only the state knows by then that the option was once Goldpan's."""
    retire_hfo(loaded)
    night(loaded)
    night(loaded, "--as-of", "2026-11-21")
    make(hub, "old@example.org", **{TAGS: "hfo_buy"})
    loaded.deliver([*members(), {**members()[0], "Cust ID": "7", "Contact Email": "old@example.org"}])

    night(loaded, "--as-of", "2026-11-22")

    assert tags_in(sandbox)["old@example.org"] == {
        "not_high_value_customer", "active_membership", "not_expiring_soon", "not_recently_renewed",
    }  # fmt: skip


def test_a_foreign_option_that_hubspot_no_longer_has_is_dropped_and_listed(loaded, sandbox, hub):
    restrict_options(hub, added=("vip", "board"))
    add_tags(hub, sandbox, ADA, "vip", "board")
    restrict_options(hub, "vip")

    said = loaded.run("--as-of", "2027-02-01")

    assert said.exit_code == 0, said.json["problems"]
    assert "board" in tags_in(sandbox)[ADA]
    assert "vip" not in tags_in(sandbox)[ADA]
    assert listed(loaded) == {"dropped_option": 1}
    assert "1 contacts carry an option that the tag property no longer has" in said.err


# --- policies ---------------------------------------------------------------------------------------------------------


def test_an_edit_of_an_owned_property_is_overwritten_when_the_contact_changes(loaded, sandbox, hub):
    edit(hub, ADA, customer_name="Edited", member_since="")
    loaded.deliver(members({ADA: {"Original Pu": ""}}))

    night(loaded)

    assert sandbox.writes_of(ADA)[-1].keys() == {TAGS, "customer_name", "member_since"}
    assert sandbox.contacts()[ADA]["customer_name"] == "Ada Lovelace"


def test_a_property_to_be_filled_is_written_only_where_hubspot_has_nothing(goldpan, sandbox, hub):
    goldpan.configure("properties.toml", append=FILL_LASTNAME)
    make(hub, ADA, lastname="King")
    make(hub, BEN)

    assert night(goldpan) == {"total": 6, "created": 3, "updated": 2, "unsendable": 1}
    names = {email: sandbox.contacts()[email]["lastname"] for email in (ADA, BEN, CLEO)}
    assert names == {ADA: "King", BEN: "Ben Okafor", CLEO: "Cleo Moreau"}
    assert quiet_night(goldpan, sandbox) == SETTLED


def test_a_filled_property_that_somebody_edits_later_stays_edited(goldpan, sandbox, hub):
    goldpan.configure("properties.toml", append=FILL_LASTNAME)
    night(goldpan)
    edit(hub, DAN, lastname="Whitfield-Moreau")
    goldpan.deliver(renamed(DAN))

    night(goldpan)

    assert sandbox.contacts()[DAN]["lastname"] == "Whitfield-Moreau"
    assert sandbox.contacts()[DAN]["customer_name"] == "New Name of dan"


def test_a_property_that_was_deleted_in_hubspot_stops_the_run_before_it_writes(loaded, sandbox, hub):
    assert hub.call("DELETE", f"{PROPERTIES}/member_since").status == 204
    loaded.deliver(renamed(ADA))
    before = writes_in(sandbox)

    assert loaded.run().exit_code == 2
    assert writes_in(sandbox) == before


def test_a_contact_that_was_deleted_between_read_and_write_is_not_made_again(loaded, sandbox, hub):
    loaded.deliver(renamed(ADA, BEN))
    held = loaded.plan("--as-of", "2026-11-01")
    assert held.exit_code == 3
    archive(hub, ADA)

    said = loaded.approve(held)

    assert said.exit_code == 0
    assert said.json["contacts"]["gone"] == 1
    assert ADA not in sandbox.contacts()
