"""Each step, on each engine, gives what the naive per-row reference gives.

The reference says sections 2 to 6 one row at a time; here its functions stand beside the step that does the same to
whole columns. ``tests/test_refine_equals_reference.py`` compares the steps put together.
"""

from types import SimpleNamespace

import pytest
from hypothesis import given

from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.model import Sheet
from goldpan.steps.contacts import assign_contacts, unite_contacts
from goldpan.steps.measures import categorize_and_sort_memberships
from goldpan.steps.orders import (
    find_repeated_orders,
    link_repeated_orders,
    list_prospects,
    name_prospects,
    process_orders_and_add_value_tiers,
    total_by_customer,
)
from goldpan.steps.renewals import deduplicate_memberships, link_renewals
from goldpan.steps.tags import calculate_all_membership_flags
from tests.builders import default_config
from tests.drawing import examples
from tests.reference import pipeline as reference
from tests.reference.config import DEFAULTS
from tests.reference.rows import Member, Order, Row, read_member, read_order, split_rows
from tests.reference.tags import tag_holds
from tests.steps import engines
from tests.steps.frames import by_row, plain
from tests.strategies import AS_OF, exports, membership_exports, order_exports

MILLION = 10**6


def conformed(kind: str, rows: list[Row]) -> Export:
    headers = list(rows[0].cells)
    cells = [[row.cells.get(header) for header in headers] for row in rows]
    return conform([Sheet(kind, "", [headers, *cells])], getattr(default_config(), kind))


def read_members(rows: list[Row]) -> list[Member]:
    return [read_member(row, DEFAULTS)[0] for row in split_rows(rows).kept]


def read_orders(rows: list[Row]) -> list[Order]:
    return [read_order(row, DEFAULTS)[0] for row in split_rows(rows).kept]


@pytest.mark.parametrize("name", engines.NAMES)
@examples(30)
@given(rows=order_exports())
def test_repeated_orders_are_those_of_the_reference(name, rows):
    wanted = reference.find_repeated_orders(read_orders(rows))

    with engines.opened(name) as engine:
        got = engine.take(link_repeated_orders(engine.give(conformed("orders", rows).frame)))

    assert {row: first for row, first in by_row(got, "repeats_row").items() if first} == wanted


@pytest.mark.parametrize("name", engines.NAMES)
@examples(30)
@given(drawn=exports())
def test_values_and_prospects_are_those_of_the_reference(name, drawn):
    members, orders = read_members(drawn.memberships), read_orders(drawn.orders)
    counting = [order for order in orders if order.row not in reference.find_repeated_orders(orders)]
    known = {member.customer_key for member in members} - {None}
    totals = {key: sum(order.total_value or 0 for order in counting if order.customer_key == key) for key in known}
    prospects = reference.list_prospects([order for order in counting if order.customer_key not in known], DEFAULTS)

    with engines.opened(name) as engine:
        memberships = engine.give(conformed("memberships", drawn.memberships).frame)
        bought = engine.give(conformed("orders", drawn.orders).frame)
        valued = engine.take(process_orders_and_add_value_tiers(memberships, bought))
        by_customer = engine.settle(total_by_customer(bought, engine.settle(find_repeated_orders(bought))))
        listed = engine.take(name_prospects(list_prospects(memberships, by_customer), bought))

    assert by_row(valued, "total_order_value_micros") == {
        member.row: totals.get(member.customer_key, 0) * MILLION for member in members
    }
    assert {tuple(map(plain, row)) for row in listed.itertuples(index=False)} == {
        (p.customer_id, p.customer_name, p.orders, p.total_order_value * MILLION) for p in prospects
    }
    assert listed["customer_id"].isna().tolist()[:-1] == [False] * (len(listed) - 1)


@pytest.mark.parametrize("name", engines.NAMES)
@examples(30)
@given(rows=membership_exports())
def test_chains_and_survivors_are_those_of_the_reference(name, rows):
    survivors = reference.find_survivors(read_members(rows), DEFAULTS)

    with engines.opened(name) as engine:
        linked = engine.take(link_renewals(engine.give(conformed("memberships", rows).frame), settle=engine.settle))

    kept = linked[linked["replaced_by"].isna()]
    for column in ("member_since", "renewals", "customer_name", "original_purchase", "email"):
        assert by_row(kept, column) == {survivor.kept.row: getattr(survivor, column) for survivor in survivors}
    assert by_row(linked, "replaced_by") == {
        row.row: None if row.row == survivor.kept.row else survivor.kept.row
        for survivor in survivors
        for row in survivor.chain
    }
    assert set(kept.loc[kept["email_from_row"].notna(), "source_row"]) == {
        survivor.kept.row for survivor in survivors if survivor.has_email_from_earlier_row
    }


@pytest.mark.parametrize("name", engines.NAMES)
@examples(30)
@given(rows=membership_exports())
def test_contacts_are_the_groups_of_the_reference(name, rows):
    groups = reference.group_into_contacts(reference.find_survivors(read_members(rows), DEFAULTS))

    with engines.opened(name) as engine:
        memberships = engine.give(conformed("memberships", rows).frame)
        stays = engine.settle(deduplicate_memberships(memberships, settle=engine.settle))
        keys = by_row(engine.take(assign_contacts(stays, settle=engine.settle)), "contact_key")

    found: dict[object, set[int]] = {}
    for row, key in keys.items():
        found.setdefault(key, set()).add(row)
    assert sorted(map(sorted, found.values())) == sorted(sorted(s.kept.row for s in group) for group in groups)


@pytest.mark.parametrize("name", engines.NAMES)
@examples(20)
@given(drawn=exports())
def test_memberships_measures_order_and_tags_are_those_of_the_reference(name, drawn):
    wanted = reference.refine(drawn.memberships, drawn.orders, AS_OF)

    with engines.opened(name) as engine:
        memberships = engine.give(conformed("memberships", drawn.memberships).frame)
        orders = engine.give(conformed("orders", drawn.orders).frame)
        valued = engine.settle(process_orders_and_add_value_tiers(memberships, orders))
        linked = engine.settle(link_renewals(valued, settle=engine.settle))
        stays = engine.settle(deduplicate_memberships(valued, settle=engine.settle))
        stays = engine.settle(assign_contacts(stays, settle=engine.settle))
        contacts = engine.settle(unite_contacts(stays, linked, as_of=AS_OF, settle=engine.settle))
        ordered = engine.take(categorize_and_sort_memberships(contacts, as_of=AS_OF))
        config = default_config()
        flagged = engine.take(
            calculate_all_membership_flags(
                categorize_and_sort_memberships(contacts, as_of=AS_OF),
                config.tags,
                as_of=AS_OF,
                columns=config.contact_columns(),
            )
        )

    assert ordered["source_row"].tolist() == [contact.row for contact in wanted.contacts]
    by_number = {contact.row: contact for contact in wanted.contacts}
    for column in (
        "email",
        "member_since",
        "customer_name",
        "original_purchase",
        "days_until_expiration",
        "days_since_start",
    ):
        assert by_row(ordered, column) == {row: getattr(by_number[row], column) for row in sorted(by_number)}
    for tag in DEFAULTS.tags:
        holds = {row: tag_holds(tag, SimpleNamespace(**vars(by_number[row])), AS_OF) for row in sorted(by_number)}
        assert by_row(flagged, f"tag:{tag.value}") == holds
