"""What leaves besides HubSpot itself: the rows of `hubspot.csv`, and the analysis columns of each tag."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from goldpan.rules import Tag
from goldpan.steps.tags import tag_column

RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so could run in a spreadsheet."""


def guarded(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Texts for a file that a spreadsheet may open: an apostrophe goes before what could run as a formula."""
    return texts.where(~texts.str.startswith(RUNS_AS_FORMULA, na=False), "'" + texts)


def tag_labels(contacts: pd.DataFrame, tags: Sequence[Tag]) -> "pd.Series[str]":
    """The labels of each contact's tags, in config order, joined by ``;``."""
    labels = {option.value: option.label for tag in tags for option in tag.options()}
    joined = {
        values: ";".join(labels[value] for value in values.split(";") if value)
        for values in contacts["membership_status_tags"].unique()
    }
    return contacts["membership_status_tags"].map(joined).astype("str")


def format_for_hubspot_export(contacts: pd.DataFrame, tags: Sequence[Tag]) -> pd.DataFrame:
    """The contacts that can be sent, as HubSpot's importer takes them.

    Args:
        contacts: One row per contact (:class:`goldpan.pipeline.Refined`).
        tags: The tags of the config.

    Returns:
        One row per sendable contact in the order given, all ``str``: Customer Name, Contact Email, Membership Status
        Tags (labels joined by ``;``), Total Order Value and Estimated Savings (two decimals, no thousands separator).
    """
    sendable = contacts[contacts["email"].notna()]
    return pd.DataFrame(
        {
            "Customer Name": guarded(sendable["customer_name"]),
            "Contact Email": guarded(sendable["email"]),
            "Membership Status Tags": guarded(tag_labels(sendable, tags)),
            "Total Order Value": as_plain_numbers(sendable["total_order_value"]),
            "Estimated Savings": as_plain_numbers(sendable["estimated_savings"]),
        }
    )


def hubspot_csv(contacts: pd.DataFrame, tags: Sequence[Tag]) -> str:
    """`hubspot.csv` as text: UTF-8 without BOM when encoded, `,`, quotes where needed, LF."""
    rows = format_for_hubspot_export(contacts, tags)
    # Python's csv leaves a lone CR unquoted, and readers would break the row in two there.
    names = rows["Customer Name"].str.replace(r"\r\n?", "\n", regex=True)
    text: str = rows.assign(**{"Customer Name": names}).to_csv(index=False, lineterminator="\n")
    return text


def as_plain_numbers(amounts: "pd.Series[Any]") -> "pd.Series[str]":
    """Decimals as digits and one decimal point: ``-1234.50``; missing ones stay missing."""
    texts = [None if pd.isna(amount) else f"{amount:f}" for amount in amounts]
    return pd.Series(texts, index=amounts.index, dtype="str")


def add_individual_boolean_tags_for_excel(contacts: pd.DataFrame, tags: Sequence[Tag]) -> pd.DataFrame:
    """Add, for each tag, ``<label> (True)`` and ``<label> (False)``: booleans, one the negation of the other."""
    pairs = {
        f"{tag.label} ({is_held})": contacts[tag_column(tag)] == is_held for tag in tags for is_held in (True, False)
    }
    return contacts.assign(**pairs)
