"""What repeated orders are compared by besides the columns that are read by value."""

from collections.abc import Mapping

import pandas as pd

from goldpan.config import ExportSpec
from goldpan.values.reading import as_delivered
from goldpan.values.texts import BLANKS, shown


def other_columns(
    frame: pd.DataFrame, originals: pd.DataFrame, found: Mapping[str, int], spec: ExportSpec
) -> "pd.Series[str]":
    """Everything else that a row holds, as one text where its order id repeats, else "".

    Args:
        frame: The typed columns of orders.
        originals: Their cells as delivered, on the same index.
        found: Which column of ``originals`` each canonical column was read from.
        spec: How they were read.
    """
    repeats = frame["order_id_key"].notna() & frame["order_id_key"].duplicated(keep=False)
    others = originals[repeats]
    value_at = {position: frame.loc[repeats, _value_column(name, spec)] for name, position in found.items()}
    texts = [""] * len(others)
    for position in others.columns:
        # A cell without a readable value is compared by its text too, or two orders could become one.
        by_text = value_at[position].isna() if position in value_at else [True] * len(others)
        cells = zip(texts, as_delivered(others[position]), by_text, strict=True)
        texts = [f"{text}\x1f{shown(cell).strip(BLANKS) if by_text else ''}" for text, cell, by_text in cells]
    return pd.Series(texts, index=others.index, dtype="str").reindex(frame.index)


def _value_column(name: str, spec: ExportSpec) -> str:
    column = spec.column(name)
    return f"{name}_micros" if column and column.type == "money" else name
