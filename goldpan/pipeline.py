"""All steps in order: two conformed exports become contacts, and tables that say what happened to every row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from goldpan.columns import MICROS_PER_UNIT
from goldpan.config import Config
from goldpan.errors import DataError, FatalError
from goldpan.steps.contacts import assign_contacts, unite_contacts
from goldpan.steps.measures import categorize_and_sort_memberships
from goldpan.steps.orders import link_repeated_orders, list_prospects, process_orders_and_add_value_tiers
from goldpan.steps.renewals import link_renewals
from goldpan.steps.tags import calculate_all_membership_flags
from goldpan.values.money import in_cents

_LARGEST_SUM = 2**63 - 1


@dataclass(frozen=True)
class MoneyCheck:
    """RULES section 8, law 4, in whole millionths: ``total = customers + unmatched + blank_id``."""

    total: int
    customers: int
    unmatched: int
    blank_id: int


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
    """

    as_of: date
    contacts: pd.DataFrame
    merged_rows: pd.DataFrame
    repeated_orders: pd.DataFrame
    prospects: pd.DataFrame
    shared_emails: pd.DataFrame
    notes: pd.DataFrame
    money: MoneyCheck

    def tag_counts(self, config: Config) -> Mapping[str, int]:
        """How many sendable contacts carry each option, in config order."""
        sendable = self.contacts[self.contacts["email"].notna()]
        counts: dict[str, int] = {}
        for tag in config.tags:
            holding = int(sendable[f"tag:{tag.value}"].sum())
            counts[tag.value] = holding
            if tag.otherwise:
                counts[tag.otherwise.value] = len(sendable) - holding
        return counts


def refine(memberships: pd.DataFrame, orders: pd.DataFrame, as_of: date, config: Config) -> Refined:
    """Work out the contacts, and what became of each row.

    Args:
        memberships: One row per membership row, as :class:`goldpan.conform.Export` holds it in ``frame``.
        orders: One row per order row, likewise.
        as_of: The business date; nothing reads the clock.
        config: The rules.

    Raises:
        DataError: ``amounts_too_large``, when the amounts are no amounts.
        FatalError: When rows or money do not add up (a defect of Goldpan; nothing is sent).
    """
    _refuse_overflow(orders)
    rules = config.rules
    counted = link_repeated_orders(orders)
    valued = process_orders_and_add_value_tiers(memberships, counted)
    linked = link_renewals(valued, renewal_window_days=rules.renewal_window_days, match_on=rules.match_on)
    stays = assign_contacts(linked[linked["replaced_by"].isna()])
    contacts = unite_contacts(stays, linked, as_of=as_of)
    contacts = categorize_and_sort_memberships(contacts, as_of=as_of, expiring_soon_days=rules.expiring_soon_days)
    contacts = calculate_all_membership_flags(
        contacts,
        config.tags,
        as_of=as_of,
        columns=config.contact_columns(),
        savings_share=rules.savings_share,
    ).reset_index(drop=True)
    contacts = contacts.assign(
        total_order_value=in_cents(contacts["total_order_value_micros"]),
        estimated_savings=in_cents(contacts["total_order_value_micros"], rules.savings_share),
        **{
            column.name: in_cents(contacts[f"{column.name}_micros"])
            for column in config.memberships.columns
            if column.type == "money"
        },
    )
    prospects = list_prospects(memberships, counted)
    refined = Refined(
        as_of=as_of,
        contacts=contacts,
        merged_rows=linked[linked["replaced_by"].notna()].sort_values("source_row", ignore_index=True),
        repeated_orders=counted[counted["repeats_row"].notna()].reset_index(drop=True),
        prospects=_with_potential(prospects, config),
        shared_emails=_shared_emails(contacts, stays, linked),
        notes=_notes(linked, counted),
        money=_check_money(linked, counted, prospects),
    )
    if len(linked) != len(memberships) or len(counted) != len(orders):
        raise FatalError("Rows do not add up after refining; this is a defect of Goldpan. Nothing was sent.")
    return refined


def _refuse_overflow(orders: pd.DataFrame) -> None:
    largest = orders["total_value_micros"].abs().astype("Float64").sum()
    if largest > _LARGEST_SUM:
        raise DataError(
            "amounts_too_large",
            f"The order amounts add up to more than {_LARGEST_SUM / MICROS_PER_UNIT:,.0f}. Probably another column (an "
            "id?) is read as the amount: see total_value in config/exports/orders.toml.",
        )


def _with_potential(prospects: pd.DataFrame, config: Config) -> pd.DataFrame:
    micros = prospects["total_order_value_micros"]
    return prospects.assign(
        total_order_value=in_cents(micros),
        potential_savings=in_cents(micros, config.rules.prospect_savings_share),
        is_high_value=micros > int(config.rules.high_value_above * MICROS_PER_UNIT // Decimal(1)),
    )


def _shared_emails(contacts: pd.DataFrame, stays: pd.DataFrame, linked: pd.DataFrame) -> pd.DataFrame:
    """Contacts of several customer ids, with the ids as they are written, in file order."""
    shared = contacts.loc[
        contacts["customer_ids"] > 1, ["contact_key", "email", "customer_name", "customer_ids", "total_order_value"]
    ]
    contact_of_row = stays.set_index("source_row")["contact_key"]
    behind = linked.assign(contact_key=linked["replaced_by"].fillna(linked["source_row"]).map(contact_of_row))
    behind = behind[behind["contact_key"].isin(shared["contact_key"]) & behind["customer_id_key"].notna()]
    behind = behind.sort_values("source_row").drop_duplicates(["contact_key", "customer_id_key"])
    ids = behind.groupby("contact_key").agg(
        customer_id_list=("customer_id", "; ".join), customer_keys=("customer_id_key", list)
    )
    return shared.merge(ids, left_on="contact_key", right_index=True, how="left").reset_index(drop=True)


def _notes(linked: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    filled = linked[linked["email_from_row"].notna()]
    repeated = counted[counted["repeats_row"].notna()]
    notes = pd.concat(
        [
            _note("memberships", filled, "email", "email_from_earlier_row", filled["email"]),
            _note("orders", repeated, "order_id", "repeated_order", repeated["order_id"]),
        ],
        ignore_index=True,
    )
    return notes.sort_values(["kind", "row"], kind="stable", ignore_index=True)


def _note(kind: str, rows: pd.DataFrame, column: str, reason: str, value: "pd.Series[str]") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": pd.Series(kind, index=rows.index, dtype="str"),
            "row": rows["source_row"].astype("int64"),
            "column": pd.Series(column, index=rows.index, dtype="str"),
            "reason": pd.Series(reason, index=rows.index, dtype="str"),
            "value": value.astype("str"),
        }
    )


def _check_money(linked: pd.DataFrame, counted: pd.DataFrame, prospects: pd.DataFrame) -> MoneyCheck:
    by_customer = linked.loc[linked["customer_id_key"].notna(), ["customer_id_key", "total_order_value_micros"]]
    is_blank = prospects["customer_id"].isna()
    unmatched = prospects["total_order_value_micros"]
    money = MoneyCheck(
        total=int(counted.loc[counted["repeats_row"].isna(), "total_value_micros"].sum()),
        customers=int(by_customer.drop_duplicates("customer_id_key")["total_order_value_micros"].sum()),
        unmatched=int(unmatched[~is_blank].sum()),
        blank_id=int(unmatched[is_blank].sum()),
    )
    if money.total != money.customers + money.unmatched + money.blank_id:
        raise FatalError("The order amounts do not add up; this is a defect of Goldpan. Nothing was sent.")
    return money
