"""What leaves besides HubSpot itself: the rows of `hubspot.csv`, and the analysis columns of each tag."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.rules import Tag
from goldpan.steps.tags import tag_column
from goldpan.values.reading import TEXT

RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so could run in a spreadsheet."""

_NEEDS_QUOTES = r'[",\r\n]'
_AT_ONCE = 20_000  # contacts; those of 1,000,000 took 350 MB as one text


def guarded(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Texts for a file that a spreadsheet may open: an apostrophe goes before what could run as a formula."""
    runs = texts.str.startswith(RUNS_AS_FORMULA, na=False)
    return texts.where(~runs, "'" + texts) if runs.any() else texts


def tag_labels(contacts: pd.DataFrame, tags: Sequence[Tag]) -> "pd.Series[str]":
    """The labels of each contact's tags, in config order, joined by ``;``."""
    labels = {option.value: option.label for tag in tags for option in tag.options()}
    which, distinct = contacts["membership_status_tags"].factorize()
    joined = [";".join(labels[value] for value in values.split(";") if value) for values in distinct]
    return pd.Series(pd.array(joined, dtype="str").take(which), index=contacts.index)


def format_for_hubspot_export(contacts: pd.DataFrame, tags: Sequence[Tag]) -> pd.DataFrame:
    """The contacts that can be sent, as HubSpot's importer takes them.

    Args:
        contacts: One row per contact (:class:`goldpan.pipeline.Refined`).
        tags: The tags of the config.

    Returns:
        One row per sendable contact in the order given, all ``str``: Customer Name, Contact Email, Membership Status
        Tags (labels joined by ``;``), Total Order Value and Estimated Savings (two decimals, no thousands separator).
    """
    needed = ["customer_name", "email", "membership_status_tags", "total_order_value", "estimated_savings"]
    sendable = contacts.loc[contacts["email"].notna(), needed]
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
    return "".join(hubspot_csv_pieces(contacts, tags))


def hubspot_csv_pieces(contacts: pd.DataFrame, tags: Sequence[Tag]) -> Iterator[str]:
    """The same, some thousand rows at a time."""
    for start in range(0, max(len(contacts), 1), _AT_ONCE):
        rows = format_for_hubspot_export(contacts.iloc[start : start + _AT_ONCE], tags)
        # HubSpot's importer is not asked what it makes of a lone CR: a line break in a name is LF.
        names = rows["Customer Name"].str.replace(r"\r\n?", "\n", regex=True)
        yield as_csv(rows.assign(**{"Customer Name": names}), has_header=start == 0)


def as_csv(rows: pd.DataFrame, *, has_header: bool = True) -> str:
    """Rows as CSV: `,`, quotes where needed, LF; missing values are empty.

    pandas goes cell by cell, which takes four times as long; Arrow's own writer quotes every text.

    Args:
        rows: At least two columns, of texts (``str``) or whole numbers.
        has_header: Begin with the names of the columns.
    """
    header = [",".join(_quoted(pa.array(rows.columns, TEXT)).to_pylist())] if has_header else []
    cells = (_quoted(pa.array(rows[name], from_pandas=True).cast(TEXT)) for name in rows)
    return "\n".join([*header, *_joined(*cells, by=",").to_pylist(), ""])


def _quoted(texts: pa.Array) -> pa.Array:
    """In quotes where a reader would take a part of the text for the end of the cell or the row."""
    needs = pc.match_substring_regex(texts, _NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return texts
    quote = pa.scalar('"', TEXT)
    return pc.if_else(needs, _joined(quote, pc.replace_substring(texts, '"', '""'), quote, by=""), texts)


def _joined(*texts: pa.Array | pa.Scalar, by: str) -> pa.Array:
    return pc.binary_join_element_wise(*texts, pa.scalar(by, TEXT), null_handling="replace", null_replacement="")


def as_plain_numbers(amounts: "pd.Series[Any]") -> "pd.Series[str]":
    """Decimals as digits and one decimal point: ``-1234.50``; missing ones stay missing."""
    if isinstance(amounts.dtype, pd.ArrowDtype):
        texts = pa.array(amounts).cast(TEXT)
    else:
        texts = [None if pd.isna(amount) else f"{amount:f}" for amount in amounts]
    return pd.Series(pd.array(texts, dtype="str"), index=amounts.index)


def add_individual_boolean_tags_for_excel(contacts: pd.DataFrame, tags: Sequence[Tag]) -> pd.DataFrame:
    """Add, for each tag, ``<label> (True)`` and ``<label> (False)``: booleans, one the negation of the other."""
    pairs = {
        f"{tag.label} ({is_held})": contacts[tag_column(tag)] == is_held for tag in tags for is_held in (True, False)
    }
    return contacts.assign(**pairs)
