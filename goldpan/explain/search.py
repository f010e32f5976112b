"""Whom a question means: an address, an address of former times, or a customer id."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from goldpan.explain.model import FoundBy
from goldpan.explain.stages import Stages
from goldpan.values.emails import read_email
from goldpan.values.ids import read_id

_LONG_AGO = datetime(1900, 1, 1)  # noqa: DTZ001 - business dates have no zone
"""Stands for a missing date where rows are ranked: missing dates lose."""


@dataclass(frozen=True)
class Found:
    """The contact that a question means.

    Attributes:
        contact: Its row of the refined contacts, as a frame.
        found_by: What led to it.
        others_in_rows: The numbers of rows that speak for other contacts to which the same question leads.
    """

    contact: pd.DataFrame
    found_by: FoundBy
    others_in_rows: tuple[int, ...]


def find_contact(asked: str, stages: Stages) -> Found | None:
    """Find the contact; of several the one that RULES section 4 ranks first."""
    contacts, address, customer_key = stages.refined.contacts, read_email(asked)[0], read_id(asked)[1]
    ways: tuple[tuple[FoundBy, pd.Series[bool]], ...] = (
        ("email", contacts["email"] == address),
        ("earlier_email", contacts["contact_key"].isin(_keys_with(stages, "email", address))),
        ("customer_id", contacts["contact_key"].isin(_keys_with(stages, "customer_id_key", customer_key))),
    )
    for found_by, is_meant in ways:
        if is_meant.any():
            ranked = rank_rows(contacts[is_meant], stages)
            return Found(ranked.iloc[:1], found_by, tuple(map(int, ranked["source_row"].iloc[1:])))
    return None


def _keys_with(stages: Stages, column: str, value: str | None) -> "pd.Series[str]":
    """The contacts of the rows whose own cell reads so."""
    rows = stages.memberships.frame
    rows = rows.loc[rows[column] == value, "source_row"]
    linked = stages.linked
    return linked.loc[linked["source_row"].isin(rows), "contact_key"]


def rank_rows(rows: pd.DataFrame, stages: Stages) -> pd.DataFrame:
    """Rows in the order in which they would speak (RULES section 4), with ``covers``; the first one does."""
    today = pd.Timestamp(stages.refined.as_of)
    covers = (rows["member_since"] <= today) & (rows["expires_on"] > today)
    by: dict[str, Any] = {name: rows[name].fillna(_LONG_AGO) for name in ("expires_on", "created_on")}
    order = pd.DataFrame({"covers": covers, **by, "source_row": rows["source_row"]})
    order = order.sort_values([*order.columns], ascending=False)
    return rows.loc[order.index].assign(covers=covers)
