"""Tags: each rule of `config/tags.toml` as a truth value, and all of them as HubSpot stores them (RULES section 6)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from goldpan.columns import ColumnType
from goldpan.frames import Frame
from goldpan.rules import RuleContext, Tag, as_expression


def tag_column(tag: Tag) -> str:
    """The name of the truth column of a tag."""
    return f"tag:{tag.value}"


def calculate_all_membership_flags(
    contacts: Frame,
    tags: Sequence[Tag],
    *,
    as_of: date,
    columns: Mapping[str, ColumnType],
    savings_share: Decimal = Decimal("0.08"),
) -> Frame:
    """Work out every tag of every contact.

    Args:
        contacts: One row per contact, with its measures.
        tags: The rules, in the order of the config.
        as_of: The run's date.
        columns: The columns that rules may name, with their types (:meth:`goldpan.config.Config.contact_columns`).
        savings_share: What part of the order value the estimated savings are.

    Returns:
        The same rows plus, per tag, ``tag:<value>`` (bool), and ``membership_status_tags`` (str): the values that hold
        and the opposites of those that don't, in config order, joined by ``;`` ("" if there are none).
    """
    context = RuleContext(columns=columns, as_of=as_of, savings_share=savings_share)
    flags = {tag_column(tag): as_expression(tag, context) for tag in tags}
    frame = nw.from_native(contacts)
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_columns(**flags)
        return frame.with_columns(_joined_once(frame, tags)).to_native()
    # From the conditions, not from the new columns: Spark takes a dot in a name for a field of something.
    return frame.with_columns(**flags, membership_status_tags=_joined(tags, list(flags.values()))).to_native()


def _joined_once(frame: nw.DataFrame[pd.DataFrame], tags: Sequence[Tag]) -> "nw.Series[pd.Series[str]]":
    """Each set of tags joined once, for pandas: contacts have few of them, and joining texts takes memory."""
    sets = np.zeros(len(frame), dtype=np.int64)
    for tag in tags:
        sets, _ = pd.factorize(sets * 2 + frame[tag_column(tag)].to_numpy())
    _, examples = np.unique(sets, return_index=True)
    joined = frame[examples].select(membership_status_tags=_joined(tags, [nw.col(tag_column(tag)) for tag in tags]))
    return joined["membership_status_tags"][sets]


def _joined(tags: Sequence[Tag], flags: Sequence[nw.Expr]) -> nw.Expr:
    values = [
        nw.when(flag)
        .then(nw.lit(tag.value))
        .otherwise(nw.lit(tag.otherwise.value if tag.otherwise else None, dtype=nw.String()))
        for tag, flag in zip(tags, flags, strict=True)
    ]
    return nw.concat_str(values, separator=";", ignore_nulls=True).fill_null("")
