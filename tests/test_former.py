"""Contacts that the exports no longer speak for: who moved, who left, who is suppressed, and what becomes of them."""

import json
from dataclasses import replace

import pytest

from goldpan.config import Config
from goldpan.former import Former, former_contacts
from goldpan.model import Confirmed
from goldpan.plan import AddressMove, DesiredContact
from goldpan.policies import ContactPolicies
from goldpan.suppression import Suppression
from tests.builders import default_config

TAGS = "membership_status_tags"
OWN = [spec.name for spec in default_config().properties.properties]
FULL = json.dumps(dict.fromkeys(OWN, "x"), separators=(",", ":"), sort_keys=True)
BLANK = json.dumps(dict.fromkeys(OWN, ""), separators=(",", ":"), sort_keys=True)
HELD = Confirmed("1", FULL, "121", first_run_id="r1", run_id="r1")


def with_policies(**policies: object) -> Config:
    return default_config().model_copy(update={"contacts": ContactPolicies.model_validate(policies)})


def former(
    known: dict[str, Confirmed],
    *now: tuple[str, str],
    in_exports: tuple[str, ...] = (),
    suppression: Suppression | None = None,
    config: Config | None = None,
) -> Former:
    """What becomes of the known contacts, when the exports hold these addresses with their customers."""
    desired = {email: DesiredContact(email, {}, "{}", 0, customer_key=key) for email, key in now}
    return former_contacts(
        known, desired, {*desired, *in_exports}, suppression=suppression or Suppression(),
        config=config or default_config(),
    )  # fmt: skip


def test_a_contact_that_is_in_the_exports_is_not_former():
    assert former({"ann@x.com": HELD}, ("ann@x.com", "121")) == Former((), ())


def test_a_contact_that_left_is_kept():
    assert former({"ann@x.com": HELD}) == Former((), ())


@pytest.mark.parametrize(("on_left", "tag"), [("clear_tags", ""), ({"tag": "left"}, "left")])
def test_a_contact_that_left_loses_or_gets_tags_once(on_left, tag):
    config = with_policies(on_left=on_left)

    (gone,) = former({"ann@x.com": HELD}, config=config).contacts

    assert (gone.values, gone.is_kept, gone.may_create) == ({TAGS: tag}, False, False)
    assert json.loads(gone.payload) == json.loads(FULL) | {TAGS: tag}
    assert former({"ann@x.com": replace(HELD, payload=gone.payload)}, config=config) == Former((), ())


def test_a_customer_under_a_new_address_has_moved_and_the_old_contact_is_emptied_once():
    found = former({"ann@x.com": HELD}, ("ann.lee@x.com", "121"))

    assert found.moves == (AddressMove("ann@x.com", "ann.lee@x.com", "121"),)
    assert found.contacts[0].values == dict.fromkeys(OWN, "")
    assert found.contacts[0].payload == BLANK
    assert former({"ann@x.com": replace(HELD, payload=BLANK)}, ("ann.lee@x.com", "121")) == Former((), ())


@pytest.mark.parametrize(
    ("other", "has_moved"),
    [
        (Confirmed("2", FULL, "121", first_run_id="r1", run_id="r1"), False),  # both were there all the time
        (Confirmed("2", FULL, "121", first_run_id="r2", run_id="r2"), True),  # came later: the clearing was cut off
        (Confirmed("2", BLANK, "121", first_run_id="r0", run_id="r0"), True),  # was left once, and is taken up again
    ],
)
def test_of_two_known_addresses_of_a_customer_only_a_new_one_is_a_move(other, has_moved):
    found = former({"ann@x.com": HELD, "other@x.com": other}, ("other@x.com", "121"))

    assert bool(found.moves) == has_moved
    assert bool(found.contacts) == has_moved


def test_contacts_without_a_customer_id_never_move():
    known = {"ann@x.com": replace(HELD, customer_key="")}

    assert former(known, ("ben@x.com", "")) == Former((), ())


LISTED = [
    Suppression(emails=frozenset({"ann@x.com"})),
    Suppression(domains=frozenset({"x.com"})),
    Suppression(customer_keys=frozenset({"121"})),
]


@pytest.mark.parametrize("suppression", LISTED)
@pytest.mark.parametrize("in_exports", [(), ("ann@x.com",)])
def test_a_suppressed_contact_is_left_or_emptied_once(suppression, in_exports):
    known = {"ann@x.com": HELD}
    clear = with_policies(on_suppress="clear")

    assert former(known, in_exports=in_exports, suppression=suppression) == Former((), ())
    (gone,) = former(known, in_exports=in_exports, suppression=suppression, config=clear).contacts
    assert gone.payload == BLANK
    emptied = {"ann@x.com": replace(HELD, payload=BLANK)}
    assert former(emptied, in_exports=in_exports, suppression=suppression, config=clear) == Former((), ())


def test_a_suppressed_contact_is_neither_moved_nor_tagged_as_left():
    config = with_policies(on_left="clear_tags")

    found = former({"ann@x.com": HELD}, ("ann.lee@x.com", "121"), suppression=LISTED[0], config=config)

    assert found == Former((), ())


def test_a_value_that_only_fills_blanks_stays_when_a_contact_is_emptied():
    held = replace(HELD, payload=json.dumps(json.loads(FULL) | {"fill_blank:lastname": "Lee"}))

    (gone,) = former({"ann@x.com": held}, ("ann.lee@x.com", "121")).contacts

    assert json.loads(gone.payload)["fill_blank:lastname"] == "Lee"
    assert "lastname" not in gone.values
    emptied = {"ann@x.com": replace(held, payload=gone.payload)}
    assert former(emptied, ("ann.lee@x.com", "121")) == Former((), ())
