"""Comparing whole columns, batch by batch, finds what a look at each confirmed contact would find."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldpan.config import Config
from goldpan.desired_contacts import DesiredContacts
from goldpan.former import FormerCandidates, former_among, former_contacts
from goldpan.model import Confirmed
from goldpan.payloads import TEXT, payload_of
from goldpan.pipeline import Refined
from goldpan.standing import CONFIRMED, DIFFERS, UNKNOWN, Standing, confirmed_before
from goldpan.stored import split_options
from goldpan.suppression import Suppression
from tests.builders import default_config, memberships, refined
from tests.test_desired_contacts import everybody, with_properties

TAGS = "membership_status_tags"
OWN = [spec.name for spec in default_config().properties.properties]
ADDRESSES = [f"m{number}@{domain}" for number in range(4) for domain in ("x.com", "y.org")]
POLICIES = [
    {},
    {"on_suppress": "clear"},
    {"on_left": "clear_tags"},
    {"on_left": {"tag": 'has "left"', "label": "Left"}, "on_suppress": "clear"},
]
LISTED = Suppression(frozenset({"m0@x.com"}), frozenset({"y.org"}), frozenset({"2"}))


@cache
def members() -> Refined:
    """The contacts of half of the addresses, the last one of a customer who is there under another one, too."""
    rows = [{"Cust ID": min(number, 3), "Contact Email": ADDRESSES[number]} for number in range(5)]
    return refined(memberships(*rows))


@cache
def desired_of(policy: int, *, is_listed: bool) -> tuple[Config, Suppression, DesiredContacts]:
    config = with_properties(**POLICIES[policy])
    suppression = LISTED if is_listed else Suppression()
    return config, suppression, DesiredContacts(members(), config, suppression)


def payloads(desired: DesiredContacts, email: str) -> st.SearchStrategy[str]:
    """What may be confirmed of an address: what is desired, something else, or next to nothing."""
    own = [contact.payload for contact in everybody(desired) if contact.email == email]
    values = dict.fromkeys(OWN, "x") | {TAGS: "hfo_buy;vip"}
    blank = dict.fromkeys(OWN, "")
    others = (
        values, values | {"customer_name": 'a "b" \\'}, values | {TAGS: ""}, values | {TAGS: 'has "left"'},
        values | {TAGS: "odd\n;vip"}, blank, blank | {"fill_blank:lastname": "Lee"}, {},
    )  # fmt: skip
    return st.sampled_from([*own * 4, *map(payload_of, others)])


@st.composite
def states(draw: st.DrawFn, desired: DesiredContacts) -> dict[str, Confirmed]:
    """What is confirmed, by address."""
    emails = draw(st.lists(st.sampled_from(ADDRESSES), unique=True))
    runs = st.tuples(*[st.sampled_from(["r1", "r2", "r3"])] * 2).map(sorted)
    keys = st.sampled_from(["", "1", "2", "3", "9"])
    return {email: Confirmed("1", draw(payloads(desired, email)), draw(keys), *draw(runs)) for email in emails}


def batches(known: Mapping[str, Confirmed], size: int) -> Iterator[tuple[pa.Array, pa.Array, pa.Array]]:
    """As the state hands them over."""
    rows = [(email, held.payload, held.customer_key) for email, held in known.items()]
    for start in range(0, len(rows), size):
        emails, texts, keys = zip(*rows[start : start + size], strict=True)
        yield pa.array(emails, TEXT), pa.array(texts, TEXT), pa.array(keys, TEXT)


def carriers(known: Mapping[str, Confirmed]) -> Counter[str]:
    """How many carry each option, one by one."""
    return Counter(
        option for held in known.values() for option in {*split_options(json.loads(held.payload).get(TAGS, ""))}
    )


def test_each_contact_stands_confirmed_different_or_unknown_and_the_others_are_named():
    config, suppression, desired = desired_of(1, is_listed=True)
    emails, payloads = desired.emails.to_pylist(), desired.payloads(np.arange(len(desired))).to_pylist()
    vip = payload_of({TAGS: "vip"})
    known = {
        emails[0]: Confirmed("1", payloads[0], "1"),  # suppressed
        emails[2]: Confirmed("2", vip, "1"),
        "z@x.com": Confirmed("3", vip, "9"),
        "b@x.com": Confirmed("4", vip, "9"),
    }

    standing = Standing(desired, FormerCandidates(suppression, config), config)
    for batch in batches(known, 3):
        standing.add(*batch)
    before = standing.before({})

    assert standing.codes.tolist() == [CONFIRMED, UNKNOWN, DIFFERS, UNKNOWN, UNKNOWN]
    assert before.missing == ("b@x.com", "z@x.com")
    assert before.carriers == {"vip": 3, **dict.fromkeys(split_options(json.loads(payloads[0])[TAGS]), 1)}
    assert emails[0] in standing.former.chosen(desired)


@pytest.mark.parametrize("is_listed", [False, True])
@pytest.mark.parametrize("policy", range(len(POLICIES)))
@settings(max_examples=40, deadline=None)
@given(data=st.data(), size=st.integers(1, 9))
def test_batches_tell_what_a_look_at_each_contact_tells(policy, is_listed, data, size):
    config, suppression, desired = desired_of(policy, is_listed=is_listed)
    known = data.draw(states(desired))
    contacts = {contact.email: contact for contact in everybody(desired)}

    standing = Standing(desired, FormerCandidates(suppression, config), config)
    for batch in batches(known, size):
        standing.add(*batch)
    before = standing.before({})

    codes = [
        UNKNOWN if email not in known else CONFIRMED if known[email].payload == contact.payload else DIFFERS
        for email, contact in contacts.items()
    ]
    assert standing.codes.tolist() == codes
    assert (standing.count, before.count) == (len(known), len(known))
    assert +Counter(before.carriers) == carriers(known)
    assert list(before.missing) == sorted(known.keys() - contacts.keys())[:5]
    assert confirmed_before(batches(known, size), config) == replace(before, missing=(), carriers=before.carriers)


@pytest.mark.parametrize("is_listed", [False, True])
@pytest.mark.parametrize("policy", range(len(POLICIES)))
@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 9))
def test_former_contacts_are_those_that_a_look_at_everybody_finds(policy, is_listed, data, size):
    config, suppression, desired = desired_of(policy, is_listed=is_listed)
    known = data.draw(states(desired))
    written = {contact.email: contact for contact in desired.contacts(np.flatnonzero(~desired.is_suppressed))}

    standing = Standing(desired, FormerCandidates(suppression, config), config)
    for batch in batches(known, size):
        standing.add(*batch)
    candidates = standing.former.chosen(desired)
    found = former_among(
        candidates, desired, lambda emails: {email: known[email] for email in emails if email in known},
        suppression=suppression, config=config,
    )  # fmt: skip

    wanted = former_contacts(known, written, desired.emails.to_pylist(), suppression=suppression, config=config)
    assert {contact.email: contact for contact in found.contacts} == {each.email: each for each in wanted.contacts}
    assert {*found.moves} == {*wanted.moves}


def test_who_left_and_can_not_change_is_not_looked_at():
    """Those who left stay in the state for good; with the default policies they cost no look at each of them."""
    config, suppression, desired = desired_of(0, is_listed=False)
    full = payload_of(dict.fromkeys(OWN, "x"))
    known = {"m3@y.org": Confirmed("1", full, "9"), "old@x.com": Confirmed("2", full, "2")}

    standing = Standing(desired, FormerCandidates(suppression, config), config)
    for batch in batches(known, 5):
        standing.add(*batch)

    assert standing.former.chosen(desired) == ["old@x.com"]  # its customer is there under another address


def chosen(policy: int, payload: Mapping[str, str], emails: Sequence[str] = ("m3@y.org",)) -> list[str]:
    config, suppression, desired = desired_of(policy, is_listed=False)
    candidates = FormerCandidates(suppression, config)
    batch = next(batches({email: Confirmed("1", payload_of(payload), "9") for email in emails}, 9))
    candidates.add(*batch, is_in_exports=[False] * len(emails))
    return candidates.chosen(desired)


def test_who_left_and_has_the_tags_of_those_who_left_is_not_looked_at_again():
    values = dict.fromkeys(OWN, "x")

    assert chosen(2, values) == ["m3@y.org"]
    assert chosen(2, values | {TAGS: ""}) == []
    assert chosen(3, values | {TAGS: 'has "left"'}) == []
    assert chosen(2, dict.fromkeys(OWN, "")) == []
