"""*Tags* and *Days*: what a forecast says of each tag, and its numbers day by day."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from goldpan.forecast import ForecastDay, courses_of
from goldpan.report.table import Column, Table, table_of, unique_headers
from goldpan.rules import Tag

AHEAD = (7, 14, 30)
"""Days ahead that people ask for; a forecast's last day joins them."""

TAGS, DAYS = "Tags", "Days"
_DATE = "Date"


def marks_of(days: Sequence[ForecastDay]) -> tuple[int, ...]:
    """How many days ahead the overview looks: the usual marks within the forecast, and its end."""
    last = len(days) - 1
    return (*(ahead for ahead in AHEAD if ahead < last), *([last] if last else []))


def labels_of(tags: Sequence[Tag]) -> dict[str, str]:
    """The label of every option by its value, in config order."""
    return {option.value: option.label for tag in tags for option in tag.options()}


def forecast_tables(days: Sequence[ForecastDay], tags: Sequence[Tag]) -> tuple[Table, Table]:
    """*Tags*: a row per option with today, the days people ask for, and the extremes. *Days*: a row per day.

    Args:
        days: At least the first one.
        tags: The rules that were counted.
    """
    return _overview(days, tags), _numbers(days, tags)


def _overview(days: Sequence[ForecastDay], tags: Sequence[Tag]) -> Table:
    labels, courses, marks = labels_of(tags), courses_of(days), marks_of(days)
    every = list(courses.values())
    on_marks = [
        (Column(f"{days[ahead].on:%Y-%m-%d}", "number", width=13), _counts([course.counts[ahead] for course in every]))
        for ahead in marks
    ]
    return table_of(
        TAGS,
        (Column("Tag", width=30), pd.Series([labels[value] for value in courses], dtype="str")),
        (Column(f"{days[0].on:%Y-%m-%d}", "number", width=13), _counts([course.counts[0] for course in every])),
        *on_marks,
        (Column("Lowest", "number"), _counts([course.lowest for course in every])),
        (Column("Lowest On", "date", width=13), _dates([course.lowest_on for course in every])),
        (Column("Highest", "number"), _counts([course.highest for course in every])),
        (Column("Highest On", "date", width=13), _dates([course.highest_on for course in every])),
        frozen=1,
    )


def _numbers(days: Sequence[ForecastDay], tags: Sequence[Tag]) -> Table:
    labels = labels_of(tags)
    headers = unique_headers(labels.values(), taken=[_DATE])
    return table_of(
        DAYS,
        (Column(_DATE, "date"), _dates([day.on for day in days])),
        *(
            (Column(header, "number"), _counts([day.tags[value] for day in days]))
            for value, header in zip(labels, headers, strict=True)
        ),
        frozen=1,
    )


def _counts(values: Sequence[int]) -> "pd.Series[int]":
    return pd.Series(values, dtype="int64")


def _dates(values: Sequence[date]) -> "pd.Series[pd.Timestamp]":
    return pd.Series(pd.to_datetime(pd.Series(values, dtype=object)), dtype="datetime64[us]")
