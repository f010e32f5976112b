"""*Changes*: what a run changed in HubSpot, property by property."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from goldpan.config import Config, PropertySpec
from goldpan.desired import property_definitions
from goldpan.model import Action, Change, Outcome, Verdict
from goldpan.plan import as_stored, split_options
from goldpan.report.findings import words_of
from goldpan.report.table import Column, Table, Tone, table_of

_ACTIONS = {Action.CREATE: "Create", Action.UPDATE: "Update"}
_VERDICTS = {Verdict.APPLIED: "Applied", Verdict.REFUSED: "Refused", Verdict.UNKNOWN: "Unknown"}
NOT_SENT = "Not sent"
_TONES: Mapping[str, Tone] = {"Applied": "good", "Refused": "bad", "Unknown": "warning"}
_HEADERS = (
    "Contact Email",
    "Action",
    "Property",
    "Before",
    "After",
    "Added or Removed",
    "Outcome",
    "Reason",
    "Details",
)
_WIDTHS = {"Before": 45, "After": 45, "Added or Removed": 60, "Reason": 26, "Details": 60}


def changes_table(changes: Sequence[Change], outcomes: Mapping[str, Outcome], config: Config) -> Table:
    """*Changes*: one row per property whose value in HubSpot differs, in the order of the changes.

    Options are shown by their labels. A property that stays as it was, or stays empty, has no row. A change without an
    outcome (a dry run, a held plan) is *Not sent*.
    """
    columns = list(zip(*_rows(changes, outcomes, config), strict=True)) or [()] * len(_HEADERS)
    return table_of(
        "Changes",
        *(
            (Column(header, width=_WIDTHS.get(header), tones=_TONES if header == "Outcome" else {}), _texts(values))
            for header, values in zip(_HEADERS, columns, strict=True)
        ),
        frozen=1,
    )


def _texts(values: Sequence[str]) -> "pd.Series[str]":
    return pd.Series(values, dtype="str")


def _rows(
    changes: Sequence[Change], outcomes: Mapping[str, Outcome], config: Config
) -> Iterator[tuple[str, str, str, str, str, str, str, str, str]]:
    properties = [
        (spec, definition.label, _reader(spec, {option.value: option.label for option in definition.options}))
        for spec, definition in zip(config.properties.properties, property_definitions(config), strict=True)
    ]
    for change in changes:
        outcome = outcomes.get(change.email)
        came_of_it = (
            (_VERDICTS[outcome.verdict], outcome.reason, words_of(outcome) if outcome.reason else "")
            if outcome
            else (NOT_SENT, "", "")
        )
        for spec, label, read in properties:
            before, after = change.before.get(spec.name, ""), change.after.get(spec.name)
            if after is None or before == after or (before and as_stored(before, spec) == as_stored(after, spec)):
                continue
            difference = _difference(before, after, read) if spec.type == "tags" else ""
            yield (change.email, _ACTIONS[change.action], label, read(before), read(after), difference, *came_of_it)


def _reader(spec: PropertySpec, labels: Mapping[str, str]) -> Callable[[str], str]:
    """How a stored value of a property is read by people."""
    known: dict[str, str] = {}  # tags and categories repeat thousands of times

    def read(value: str) -> str:
        if value not in known:
            if labels:
                known[value] = "; ".join(labels.get(option, option) for option in split_options(value))
            else:
                return str(as_stored(value, spec)) if spec.type == "date" else value
        return known[value]

    return read


def _difference(before: str, after: str, read: Callable[[str], str]) -> str:
    """Which options came and went, when there were any before."""
    old, new = split_options(before), split_options(after)
    parts = {
        "added": [option for option in new if option not in old],
        "removed": [option for option in old if option not in new],
    }
    return " | ".join(f"{word}: {read(';'.join(options))}" for word, options in parts.items() if options and old)
