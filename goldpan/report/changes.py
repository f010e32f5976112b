"""*Changes*: what a run changes in HubSpot, property by property, before it is sent and after."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from goldpan.config import Config, PropertySpec
from goldpan.desired import property_definitions
from goldpan.model import Action, Cause, Change, Outcome, PropertyDefinition, Verdict
from goldpan.report.findings import words_of
from goldpan.report.table import Column, Table, Tone, table_of
from goldpan.stored import as_stored, split_options

_ACTIONS = {Action.CREATE: "Create", Action.UPDATE: "Update", Action.CLEAR: "Clear"}
_CAUSES = {Cause.TIME: "Time", Cause.DATA: "Data", Cause.APPROVED: "Approved", None: ""}
_VERDICTS = {
    Verdict.APPLIED: "Applied",
    Verdict.REFUSED: "Refused",
    Verdict.UNKNOWN: "Unknown",
    Verdict.GONE: "Gone",
    Verdict.MOVED: "Changed meanwhile",
}
NOT_SENT = "Not sent"
_TONES: Mapping[str, Mapping[str, Tone]] = {
    "Action": {"Create": "good", "Clear": "bad"},
    "Cause": {"Data": "warning"},
    "Outcome": {"Applied": "good", "Refused": "bad", "Unknown": "warning", "Gone": "warning"},
}
_WIDTHS = {"Contact Email": 32, "Before": 45, "After": 45, "Added or Removed": 60, "Reason": 26, "Details": 60}
_OF_A_CONTACT = ("Contact Email", "Action", "Cause")
_OF_A_PROPERTY = ("Property", "Before", "After", "Added or Removed")
_OF_AN_OUTCOME = ("Outcome", "Reason", "Details")
_WHOSE = "change"


def changes_table(changes: Sequence[Change], outcomes: Mapping[str, Outcome] | None, config: Config) -> Table:
    """*Changes*: one row per property whose value in HubSpot differs, in the order of the changes.

    Options are shown by their labels. A property that stays as it was, or stays empty, has no row.

    Args:
        changes: What is to be sent, or was.
        outcomes: What came of it, by address; a change without one is *Not sent*. ``None`` for a plan, which has no
            outcomes yet: their columns are left out.
        config: The properties.
    """
    definitions = property_definitions(config)
    parts = [
        _differences(changes, spec, definition)
        for spec, definition in zip(config.properties.properties, definitions, strict=True)
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values(_WHOSE, kind="stable", ignore_index=True)
    whose = rows.pop(_WHOSE)
    of_each = [_texts(_OF_A_CONTACT, map(_who_and_why, changes))]
    if outcomes is not None:
        of_each.append(_texts(_OF_AN_OUTCOME, (_told(outcomes.get(change.email)) for change in changes)))
    contact, *outcome = [frame.take(whose).reset_index(drop=True) for frame in of_each]
    frame = pd.concat([contact, rows, *outcome], axis=1)
    return table_of(
        "Changes",
        *((Column(header, width=_WIDTHS.get(header), tones=_TONES.get(header, {})), frame[header]) for header in frame),
        frozen=1,
    )


def _texts(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(headers)
    return pd.DataFrame({header: pd.Series(each, dtype="str") for header, each in zip(headers, columns, strict=True)})


def _who_and_why(change: Change) -> tuple[str, str, str]:
    return change.email, _ACTIONS[change.action], _CAUSES[change.cause]


def _told(outcome: Outcome | None) -> tuple[str, str, str]:
    if outcome is None:
        return NOT_SENT, "", ""
    return _VERDICTS[outcome.verdict], outcome.reason, words_of(outcome) if outcome.reason else ""


def _differences(changes: Sequence[Change], spec: PropertySpec, definition: PropertyDefinition) -> pd.DataFrame:
    """The changes of one property that show: which change, and the words for it."""
    name, show = spec.name, _words(spec, {option.value: option.label for option in definition.options})
    found = [number for number, change in enumerate(changes) if name in change.after]
    pairs: dict[tuple[str, str], int] = {}  # tags and categories repeat thousands of times: each pair is read once
    which = [
        pairs.setdefault((changes[number].before.get(name, ""), changes[number].after[name]), len(pairs))
        for number in found
    ]
    words = [show(*pair) for pair in pairs]
    differs = pd.Series([each is not None for each in words], dtype=bool)
    texts = _texts(_OF_A_PROPERTY[1:], (each or ("", "", "") for each in words))
    frame = texts.take(which).reset_index(drop=True)
    frame.insert(0, "Property", pd.Series(definition.label, index=frame.index, dtype="str"))
    frame[_WHOSE] = pd.Series(found, dtype="int64")
    return frame[differs.take(which).to_numpy()]


def _words(spec: PropertySpec, labels: Mapping[str, str]) -> Callable[[str, str], tuple[str, str, str] | None]:
    """How people read a value before, the one after, and what came and went; ``None`` where both are the same."""

    def read(value: str) -> str:
        if labels:
            return "; ".join(labels.get(option, option) for option in split_options(value))
        return str(as_stored(value, spec)) if spec.type == "date" else value

    def show(before: str, after: str) -> tuple[str, str, str] | None:
        if before == after or (before and as_stored(before, spec) == as_stored(after, spec)):
            return None
        return read(before), read(after), _moved(before, after, read) if spec.type == "tags" else ""

    return show


def _moved(before: str, after: str, read: Callable[[str], str]) -> str:
    """Which options came and went, where there were any before."""
    old, new = split_options(before), split_options(after)
    parts = {
        "added": [option for option in new if option not in old],
        "removed": [option for option in old if option not in new],
    }
    return " | ".join(f"{word}: {read(';'.join(options))}" for word, options in parts.items() if options and old)
