"""Cells of frames as Python's own values."""

from decimal import Decimal
from typing import Any

import pandas as pd

from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.explain.model import Row, Value
from goldpan.places import place_of_row


def plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any column in, a value of Python's own out
    """A cell: ``None`` where it is missing, dates without a time of day."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def row_of(export: Export, number: Any) -> Row:  # noqa: ANN401 - a cell of an Int64 column
    """A row as people find it, by its number in the export."""
    return place_of_row(export, int(number)) if export.is_united else int(number)


def exact_amount(micros: int) -> Decimal:
    """Whole millionths as money, unrounded."""
    return Decimal(micros).scaleb(-6)


def amount_of(micros: Any) -> Decimal | None:  # noqa: ANN401 - a cell of an Int64 column
    """A cell of whole millionths as money, unrounded; ``None`` where it is missing."""
    return None if pd.isna(micros) else exact_amount(int(micros))


def value_of(record: "pd.Series[Any]", column: str, type_: str) -> Value:
    """A row's value in a canonical column, unrounded, as the rules compare it."""
    if type_ == "money":
        return amount_of(record[f"{column}_micros"])
    value: Value = plain(record[column])
    return value


def values_of(record: "pd.Series[Any]", config: Config) -> dict[str, Value]:
    """The values of a membership row by canonical column."""
    return {column.name: value_of(record, column.name, column.type) for column in config.memberships.columns}
