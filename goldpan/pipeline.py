"""All steps in order: two conformed exports become contacts, and tables that say what happened to every row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw
import pandas as pd

from goldpan.accounts import Counts, MoneyCheck, check_inputs, settle_accounts
from goldpan.columns import MICROS_PER_UNIT
from goldpan.config import Config
from goldpan.frames import Frame, Settle, as_it_is, canonical, collected
from goldpan.listing import list_merged_rows, list_notes, list_repeated_orders, list_shared_emails, list_shared_ids
from goldpan.steps.contacts import assign_contacts, unite_contacts
from goldpan.steps.measures import categorize_and_sort_memberships
from goldpan.steps.orders import (
    add_totals,
    find_repeated_orders,
    list_prospects,
    name_prospects,
    total_by_customer,
)
from goldpan.steps.renewals import link_renewals
from goldpan.steps.tags import calculate_all_membership_flags
from goldpan.values.money import in_cents

__all__ = ["LISTED", "Counts", "MoneyCheck", "Refined", "refine"]

OF_ALL_ROWS = ("source_row", "replaced_by", "customer_id", "customer_id_key", "total_order_value_micros")
"""What contacts need of the rows that were replaced, too."""

LISTED = 10_000
"""How many rows of each list beside the contacts come back from an engine that is made for more than fits a sheet."""


@dataclass(frozen=True)
class Refined:
    """What a pair of exports means on one date.

    Attributes:
        as_of: The run's date.
        contacts: One row per person in the order of RULES section 5: the typed columns of the membership row,
            ``contact_key``, ``email`` (missing if there is none to send to), ``customer_ids`` (how many are behind it),
            the measures, ``tag:<value>`` per tag, ``membership_status_tags``, ``total_order_value_micros`` (Int64), and
            ``total_order_value`` and ``estimated_savings`` (decimals rounded to cents).
        merged_rows: One row per membership row that a later one replaced, with ``replaced_by``.
        repeated_orders: One row per order row that stood in the export before, with ``repeats_row``.
        prospects: One row per buyer without a membership (RULES section 2).
        shared_emails: One row per contact made of several customer ids, with ``customer_id_list`` (as they are written)
            and ``customer_keys`` (a list of the ids as they are compared).
        notes: Findings that only the whole export shows: ``kind, row, column, reason, value``.
        money: Where the money of the orders went.
        counts: How many merged rows, repeated orders, prospects and notes there are. Frames of pandas list them all;
            from other engines the lists are the first of them (:func:`refine`).
    """

    as_of: date
    contacts: pd.DataFrame
    merged_rows: pd.DataFrame
    repeated_orders: pd.DataFrame
    prospects: pd.DataFrame
    shared_emails: pd.DataFrame
    notes: pd.DataFrame
    money: MoneyCheck
    counts: Counts

    def tag_counts(self, config: Config) -> Mapping[str, int]:
        """How many sendable contacts carry each option, in config order."""
        is_sendable = self.contacts["email"].notna()
        counts: dict[str, int] = {}
        for tag in config.tags:
            holding = int((is_sendable & self.contacts[f"tag:{tag.value}"]).sum())
            counts[tag.value] = holding
            if tag.otherwise:
                counts[tag.otherwise.value] = int(is_sendable.sum()) - holding
        return counts


def refine(
    memberships: Frame,
    orders: Frame,
    as_of: date,
    config: Config,
    *,
    settle: Settle = as_it_is,
    listed: int = LISTED,
) -> Refined:
    """Work out the contacts, and what became of each row.

    The frames are of one engine: pandas DataFrames, DuckDB relations or PySpark DataFrames. From the latter two only
    contacts, lists and numbers come back, never all orders or memberships; dates may be dates or times without a zone.

    Args:
        memberships: One row per membership row, as :class:`goldpan.conform.Export` holds it in ``frame``.
        orders: One row per order row, likewise.
        as_of: The business date; nothing reads the clock.
        config: The rules.
        settle: Works out what several steps need (``sync.engines`` brings one for each engine).
        listed: At most so many merged rows, repeated orders, prospects, and notes of each kind are listed, the first
            ones in their order, unless the frames are of pandas.

    Raises:
        DataError: ``amounts_too_large``, when the amounts are no amounts; ``too_many_rows``.
        FatalError: When rows or money do not add up (a defect of Goldpan; nothing is sent).
    """
    rules, at_most = config.rules, None if isinstance(memberships, pd.DataFrame) else listed
    memberships, orders = canonical(memberships), canonical(orders)
    size = check_inputs(memberships, orders)
    repeated = settle(find_repeated_orders(orders))
    totals = settle(total_by_customer(orders, repeated))
    linked = link_renewals(
        memberships, renewal_window_days=rules.renewal_window_days, match_on=rules.match_on, settle=settle
    )
    linked = settle(add_totals(linked, totals))
    prospects = list_prospects(memberships, totals)
    high_above = int(rules.high_value_above * MICROS_PER_UNIT // Decimal(1))
    counts, money = settle_accounts(
        size,
        orders=orders,
        repeated=repeated,
        totals=totals,
        linked=linked,
        prospects=prospects,
        high_above=high_above,
    )
    repeated_orders = list_repeated_orders(orders, repeated, at_most)
    merged_rows = list_merged_rows(linked, at_most)
    notes = list_notes(linked, repeated_orders, at_most)
    named = name_prospects(prospects, orders, at_most=at_most, settle=settle)
    # From here on only one frame of whole rows is kept at a time (pandas copies what it changes), in a list that is
    # used up by whoever goes on with it.
    rows = [nw.from_native(linked).filter(nw.col("replaced_by").is_null()).to_native()]
    linked = nw.from_native(linked).select(*OF_ALL_ROWS).to_native()
    rows.append(assign_contacts(rows.pop(), settle=settle))
    of_contacts = nw.from_native(rows[0]).select("source_row", "contact_key").to_native()
    united = [settle(unite_contacts(rows.pop(), linked, as_of=as_of, settle=settle))]
    shared = list_shared_ids(united[0], of_contacts, linked)
    contacts = _complete(united, as_of, config)
    return Refined(
        as_of=as_of,
        contacts=contacts,
        merged_rows=merged_rows,
        repeated_orders=repeated_orders,
        prospects=_with_potential(named, rules.prospect_savings_share, high_above),
        shared_emails=list_shared_emails(contacts, shared),
        notes=notes,
        money=money,
        counts=counts,
    )


def _complete(united: list[Frame], as_of: date, config: Config) -> pd.DataFrame:
    """The contacts with their measures, tags and amounts, in the order of the analysis; the list is used up."""
    rules = config.rules
    frame = categorize_and_sort_memberships(united.pop(), as_of=as_of, expiring_soon_days=rules.expiring_soon_days)
    frame = calculate_all_membership_flags(
        frame, config.tags, as_of=as_of, columns=config.contact_columns(), savings_share=rules.savings_share
    )
    contacts = collected(frame).reset_index(drop=True)
    money = [column.name for column in config.memberships.columns if column.type == "money"]
    return contacts.assign(
        customer_ids=contacts["customer_ids"].astype("int64"),
        **{name: contacts[name].astype(bool) for name in contacts if name.startswith("tag:")},
        total_order_value=in_cents(contacts["total_order_value_micros"]),
        estimated_savings=in_cents(contacts["total_order_value_micros"], rules.savings_share),
        **{name: in_cents(contacts[f"{name}_micros"]) for name in money},
    )


def _with_potential(prospects: Frame, share: Decimal, high_above: int) -> pd.DataFrame:
    listed = collected(prospects).reset_index(drop=True)
    micros = listed["total_order_value_micros"]
    return listed.assign(
        orders=listed["orders"].astype("int64"),
        total_order_value=in_cents(micros),
        potential_savings=in_cents(micros, share),
        is_high_value=(micros > high_above).astype(bool),
    )
