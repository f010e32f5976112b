"""`plan.xlsx`: a page about the plan, the changes with old and new values, and who is left alone and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import pandas as pd

from goldpan.brakes import TagMovement, TrippedBrake
from goldpan.config import Config
from goldpan.model import Action, Cause
from goldpan.reasons import reason_of
from goldpan.report.changes import changes_table
from goldpan.report.findings import mask
from goldpan.report.planned import NOT_SENT, Planned
from goldpan.report.table import Column, Table, Tone, table_of

_Line: TypeAlias = dict[str, object]
"""One line of the first sheet, by header; what it leaves out stays blank."""

_SECTION, _WHAT, _VALUE, _BY_DATA, _SHARE, _REMARK = "Section", "What", "Value", "Because of Data", "Share", "Remark"
_NUMBERS = ("Before", "Gains", "Losses", "After", _BY_DATA)

_ACTIONS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("To create", "HubSpot does not have them."),
    Action.UPDATE: ("To update", "At least one value differs from HubSpot's."),
    Action.CLEAR: ("To clear", "They left the exports, or are not to be written any more: Goldpan's values go."),
}


def plan_tables(planned: Planned, config: Config) -> tuple[Table, ...]:
    """The sheets of `plan.xlsx`: *Plan* on one page, *Changes* (old and new values), *Left alone*."""
    return _page(planned), changes_table(planned.changes, None, config), _left_alone_table(planned)


def _page(planned: Planned) -> Table:
    sections: dict[str, Iterator[_Line]] = {
        "This plan": _first_lines(planned),
        "Limits that it is beyond": _brake_lines(planned.brakes),
        "What to do": _advice_lines(planned),
        "Contacts (share of all contacts)": _contact_lines(planned),
        "Tags (share: of those who carry it, how many lose it)": _tag_lines(planned.tags),
        "To look at (see Left alone)": _left_alone_lines(planned),
    }
    lines = [{_SECTION: section, **line} for section, made in sections.items() for line in made]
    headers = (_SECTION, _WHAT, _VALUE, *_NUMBERS, _SHARE, _REMARK)
    frame = pd.DataFrame(lines, columns=[*headers], dtype=object)
    frame = frame.where(frame.notna(), None).astype({_SECTION: "str", _WHAT: "str", _SHARE: "float64"})
    tones: dict[str, Tone] = {"Held": "bad", "Not held": "good", **{_title(brake): "bad" for brake in planned.brakes}}
    return Table(
        "Plan",
        (
            Column(_SECTION),
            Column(_WHAT, width=32, tones=tones),
            Column(_VALUE, "any", width=26),
            *(Column(header, "any", width=11) for header in _NUMBERS),
            Column(_SHARE, "share", width=22),
            Column(_REMARK, width=90),
        ),
        frame,
        is_sectioned=True,
    )


def _title(brake: TrippedBrake) -> str:
    return brake.name.replace("_", " ").capitalize()


def _first_lines(planned: Planned) -> Iterator[_Line]:
    if planned.brakes:
        yield {_WHAT: "Held", _VALUE: "Nothing is written to HubSpot before a person approves this plan."}
    else:
        yield {_WHAT: "Not held", _VALUE: "The plan is within all limits: a run sends it without asking."}
    if planned.remark:
        yield {_WHAT: "Important", _VALUE: planned.remark}
    yield {_WHAT: "As of", _VALUE: planned.as_of.isoformat()}
    yield {_WHAT: "Fingerprint", _VALUE: planned.fingerprint}


def _brake_lines(brakes: Sequence[TrippedBrake]) -> Iterator[_Line]:
    for brake in brakes:
        yield {_WHAT: _title(brake), _VALUE: brake.what}
        yield {_WHAT: "   found", _VALUE: f"{brake.found:,.4g}" if brake.found % 1 else f"{brake.found:,.0f}"}
        yield {_WHAT: "   limit", _VALUE: brake.limit}
        if brake.examples:
            yield {_WHAT: "   for example", _VALUE: ", ".join(map(mask, brake.examples))}
    if not brakes:
        yield {_WHAT: "None"}


def _advice_lines(planned: Planned) -> Iterator[_Line]:
    yield {_WHAT: "Read", _VALUE: "Changes has every value, old and new. What its Cause calls Data is not routine."}
    if planned.brakes:
        yield {_WHAT: "If it is right", _VALUE: f"goldpan run --approve {planned.fingerprint}"}
        yield {_VALUE: "sends what Changes lists and nothing else; whoever changed in HubSpot meanwhile is left alone."}
        yield {_WHAT: "If it is wrong", _VALUE: "Correct the export or the config: the next run plans anew."}


def _contact_lines(planned: Planned) -> Iterator[_Line]:
    counts = planned.all_counts()
    total = sum(counts.values()) or 1
    by_data = Counter(change.action for change in planned.changes if change.cause is Cause.DATA)
    for action, (what, remark) in _ACTIONS.items():
        count = counts[action.value]
        yield {_WHAT: what, _VALUE: count, _BY_DATA: by_data[action], _SHARE: count / total, _REMARK: remark}
    for state in NOT_SENT:
        if counts[state] or state == "unchanged":
            reason = reason_of(state)
            yield {_WHAT: reason.title, _VALUE: counts[state], _SHARE: counts[state] / total, _REMARK: reason.meaning}


def _tag_lines(tags: Sequence[TagMovement]) -> Iterator[_Line]:
    for tag in tags:
        by_data = tag.data_gains + tag.data_losses
        numbers = (tag.before, tag.gains, tag.losses, tag.after, by_data)
        yield {
            _WHAT: tag.label,
            _VALUE: tag.value,
            **dict(zip(_NUMBERS, numbers, strict=True)),
            _SHARE: tag.losses / tag.before if tag.before else None,
            _REMARK: f"Because of data {tag.data_gains:,} gain it and {tag.data_losses:,} lose it."
            if by_data
            else None,
        }
    if not tags:
        yield {_WHAT: "None"}


def _left_alone_lines(planned: Planned) -> Iterator[_Line]:
    codes = Counter(code for code, _, _ in planned.all_left_alone())
    for code, count in codes.items():
        reason = reason_of(code)
        yield {_WHAT: reason.title, _VALUE: count, _REMARK: reason.advice or reason.meaning}
    if not codes:
        yield {_WHAT: "Nobody", _VALUE: 0}


def _left_alone_table(planned: Planned) -> Table:
    lines = pd.DataFrame(planned.all_left_alone(), columns=["reason", "email", "details"], dtype="str")
    words = {code: reason_of(code) for code in lines["reason"].unique()}
    titles = lines["reason"].map({code: reason.title for code, reason in words.items()})
    meanings = lines["reason"].map({code: reason.meaning for code, reason in words.items()})
    advice = lines["reason"].map({code: reason.advice for code, reason in words.items()})
    return table_of(
        "Left alone",
        (Column("Contact Email", width=32), lines["email"]),
        (Column("Why", width=34), titles.astype("str")),
        (Column("Details", width=50), lines["details"]),
        (Column("What It Means", width=100), meanings.astype("str")),
        (Column("What to Do", width=85), advice.astype("str")),
        frozen=1,
    )
