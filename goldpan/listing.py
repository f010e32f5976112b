"""Lists beside the contacts: what was merged, who shares an address, and what only a whole export shows."""

import narwhals.stable.v2 as nw
import pandas as pd

from goldpan.frames import Frame, Narwhal, collected, only_rows
from goldpan.steps.contacts import ids_behind


def list_merged_rows(linked: Frame, at_most: int | None = None) -> pd.DataFrame:
    """The membership rows that a later one replaced, in file order."""
    return _first_rows(nw.from_native(linked).filter(~nw.col("replaced_by").is_null()), at_most)


def list_repeated_orders(orders: Frame, repeated: Frame, at_most: int | None = None) -> pd.DataFrame:
    """The orders that stood in the export before, with ``repeats_row``, in file order."""
    rows = nw.from_native(repeated).select("source_row", "repeats_row")
    rows = rows if at_most is None else rows.sort("source_row").head(at_most)
    listed = only_rows(nw.from_native(orders), rows)
    return _first_rows(listed.join(rows, on="source_row", how="inner"))


def list_shared_ids(united: Frame, stays: Frame, linked: Frame) -> pd.DataFrame:
    """The ids behind contacts of several customer ids.

    Args:
        united: :func:`goldpan.steps.contacts.unite_contacts`.
        stays: The rows that stay, with ``contact_key``.
        linked: Every membership row.

    Returns:
        By ``contact_key`` (the index): ``customer_id_list`` (the ids as they are written) and ``customer_keys`` (a list
        of the ids as they are compared), both in file order.
    """
    several = nw.from_native(united).select("contact_key", "customer_ids").filter(nw.col("customer_ids") > 1)
    rows = nw.from_native(stays).join(several.select("contact_key"), on="contact_key", how="semi")
    ids = collected(_first_ids(rows, nw.from_native(linked)).to_native()).sort_values("source_row")
    return ids.groupby("contact_key").agg(
        customer_id_list=("customer_id", "; ".join), customer_keys=("customer_id_key", list)
    )


def list_shared_emails(contacts: pd.DataFrame, ids: pd.DataFrame) -> pd.DataFrame:
    """Contacts of several customer ids, in the order of the contacts.

    Args:
        contacts: One row per contact, complete.
        ids: :func:`list_shared_ids`.
    """
    columns = ["contact_key", "email", "customer_name", "customer_ids", "total_order_value"]
    shared = contacts.loc[contacts["customer_ids"] > 1, columns]
    if shared.empty:
        nobody = pd.Series(dtype="str")
        return shared.assign(customer_id_list=nobody, customer_keys=nobody).reset_index(drop=True)
    return shared.merge(ids, left_on="contact_key", right_index=True, how="left").reset_index(drop=True)


def _first_ids(rows: Narwhal, linked: Narwhal) -> Narwhal:
    """Each customer id behind the contacts of some rows, as the first row with it writes it."""
    return (
        ids_behind(rows, linked, "source_row")
        .group_by("contact_key", "customer_id_key")
        .agg(nw.col("source_row").min())
        .join(linked.select("source_row", "customer_id"), on="source_row", how="inner")
    )


def list_notes(linked: Frame, repeated_orders: pd.DataFrame, at_most: int | None = None) -> pd.DataFrame:
    """Findings that only the whole export shows: ``kind, row, column, reason, value``, memberships first, by row.

    Args:
        linked: Every membership row.
        repeated_orders: :func:`list_repeated_orders`.
        at_most: How many of the memberships.
    """
    taken = nw.from_native(linked).filter(~nw.col("email_from_row").is_null()).select("source_row", "email")
    filled = _first_rows(taken, at_most)
    return pd.concat(
        [
            _notes("memberships", filled, "email", "email_from_earlier_row"),
            _notes("orders", repeated_orders, "order_id", "repeated_order"),
        ],
        ignore_index=True,
    )


def _notes(kind: str, rows: pd.DataFrame, column: str, reason: str) -> pd.DataFrame:
    texts = {"kind": kind, "column": column, "reason": reason}
    notes = pd.DataFrame({name: pd.Series(text, index=rows.index, dtype="str") for name, text in texts.items()})
    notes = notes.assign(row=rows["source_row"].astype("int64"), value=rows[column].astype("str"))
    return notes[["kind", "row", "column", "reason", "value"]]


def _first_rows(rows: Narwhal, at_most: int | None = None) -> pd.DataFrame:
    rows = rows.sort("source_row")
    rows = rows if at_most is None else rows.head(at_most)
    return collected(rows.to_native()).reset_index(drop=True)
