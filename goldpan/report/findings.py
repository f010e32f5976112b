"""*Rejects and warnings*: every cell, row and contact that is not as it should be, and what to do about it."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from goldpan.config import Config, ExportSpec
from goldpan.conformed import Export
from goldpan.model import Outcome, Verdict
from goldpan.pipeline import Refined
from goldpan.places import headers_of_rows, places_of_rows
from goldpan.reasons import reason_of
from goldpan.report.table import Column, Table, table_of
from goldpan.values.emails import is_valid_email

_FOUND = ("row", "column", "reason", "value")
_FINDING = ("file", "sheet", *_FOUND)
_LINE = ("kind", *_FINDING, "details")

REFUSED, UNKNOWN, NEVER_SENT = "Refused by HubSpot", "Outcome unknown", "Never sent"
WARNING, SHARED, LEFT_ALONE, SKIPPED = "Warning", "Shared address", "Left alone", "Skipped rows"


def all_findings(memberships: Export, orders: Export, refined: Refined, config: Config) -> pd.DataFrame:
    """What is odd about single cells, and what only the whole export shows.

    Returns:
        One row per :class:`goldpan.model.Finding`: ``file, sheet, row, column, reason, value`` (``row`` int64, the
        others ``str``), memberships first, by file and row.
    """
    return pd.concat(
        [
            as_people_find_them(export, findings_of(export, spec, refined))
            for export, spec in ((memberships, config.memberships), (orders, config.orders))
        ],
        ignore_index=True,
    )


def findings_of(export: Export, spec: ExportSpec, refined: Refined) -> pd.DataFrame:
    """The findings of one export: ``row`` (its number in the export), ``column, reason, value``, by row."""
    notes = refined.notes[refined.notes["kind"] == export.kind]
    notes = notes.assign(column=headers_of_rows(export, spec, notes["row"], notes["column"]))
    both = pd.concat([export.findings[[*_FOUND]], notes[[*_FOUND]]], ignore_index=True)
    types = {name: "int64" if name == "row" else "str" for name in _FOUND}
    return both.sort_values("row", kind="stable", ignore_index=True).astype(types)


def as_people_find_them(export: Export, lines: pd.DataFrame) -> pd.DataFrame:
    """Lines about rows of an export, led by ``file``, ``sheet`` and the ``row`` that Excel shows there."""
    return pd.concat([places_of_rows(export, lines["row"]), lines.drop(columns="row")], axis=1)


def rejects_table(
    memberships: Export,
    orders: Export,
    refined: Refined,
    config: Config,
    outcomes: Mapping[str, Outcome],
    *,
    left_alone: Sequence[tuple[str, str, str]] = (),
) -> Table:
    """*Rejects and warnings*: one line each, the gravest kind first.

    What HubSpot refused or left unknown; contacts without any address, which are never sent; cells and rows that could
    not be read as they stand; contacts made of several customer ids; contacts that the plan left alone (reason code,
    address, details), those of the config's choice last; how many rows were skipped.
    """
    lines = pd.concat(
        [
            _outcome_lines(outcomes),
            as_people_find_them(memberships, unsendable_lines(memberships, refined, config)).assign(kind=NEVER_SENT),
            all_findings(memberships, orders, refined, config).assign(kind=WARNING, details=""),
            as_people_find_them(memberships, shared_lines(memberships, refined, config)).assign(kind=SHARED),
            _left_alone_lines(left_alone),
            _skipped_lines(memberships, orders),
        ],
        ignore_index=True,
    )
    return _as_table(lines)


def outcomes_table(outcomes: Mapping[str, Outcome], left_alone: Sequence[tuple[str, str, str]] = ()) -> Table:
    """*Rejects and warnings* of a run that reads no exports: what HubSpot said, and who was left alone."""
    return _as_table(pd.concat([_outcome_lines(outcomes), _left_alone_lines(left_alone)], ignore_index=True))


def _as_table(lines: pd.DataFrame) -> Table:
    words = {code: reason_of(code) for code in lines["reason"].unique()}
    return table_of(
        "Rejects and warnings",
        (Column("Kind", tones={REFUSED: "bad", UNKNOWN: "warning", NEVER_SENT: "bad"}), lines["kind"]),
        (Column("File"), lines["file"]),
        (Column("Sheet"), lines["sheet"]),
        (Column("Row", "number"), lines["row"].astype("Int64")),
        (Column("Column"), lines["column"]),
        (Column("Reason"), lines["reason"]),
        (Column("Value"), lines["value"]),
        (Column("What It Means", width=100), _mapped(lines, {code: reason.meaning for code, reason in words.items()})),
        (Column("What to Do", width=80), _mapped(lines, {code: reason.advice for code, reason in words.items()})),
        (Column("Details", width=60), lines["details"]),
    )


def _mapped(lines: pd.DataFrame, words: Mapping[str, str]) -> "pd.Series[str]":
    return lines["reason"].map(words).astype("str")


def _lines(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*_LINE])
    return frame.astype({name: "Int64" if name == "row" else "str" for name in _LINE})


def _outcome_lines(outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    kinds = {
        Verdict.REFUSED: REFUSED,
        Verdict.UNKNOWN: UNKNOWN,
        Verdict.GONE: LEFT_ALONE,
        Verdict.MOVED: LEFT_ALONE,
    }
    told = [outcome for outcome in outcomes.values() if outcome.verdict in kinds]
    told.sort(key=lambda outcome: (outcome.verdict, outcome.reason, outcome.email))
    return _lines([
        (kinds[said.verdict], "", "", None, "", said.reason, said.email, words_of(said)) for said in told
    ])  # fmt: skip


def words_of(outcome: Outcome) -> str:
    """What HubSpot said, with the id of the request for its support."""
    request = f"(HubSpot request {outcome.correlation_id})" if outcome.correlation_id else ""
    return " ".join(filter(None, [outcome.message, request]))


def unsendable_lines(memberships: Export, refined: Refined, config: Config) -> pd.DataFrame:
    """The contacts without any address, each at its membership row (its number in the export)."""
    named = ["source_row", "customer_id", "customer_name"]
    contacts = refined.contacts.loc[refined.contacts["email"].isna(), named].sort_values("source_row")
    who = contacts["customer_id"].fillna(contacts["customer_name"]).fillna("")
    lines = pd.DataFrame({"row": contacts["source_row"], "reason": "unsendable", "value": who, "details": ""})
    return _about_addresses(lines, memberships, config)


def shared_lines(memberships: Export, refined: Refined, config: Config) -> pd.DataFrame:
    """The contacts made of several customer ids, each at its membership row (its number in the export)."""
    shared, contacts = refined.shared_emails, refined.contacts
    rows = contacts.loc[contacts["contact_key"].isin(shared["contact_key"]), ["contact_key", "source_row"]]
    shared = shared.merge(rows, on="contact_key").sort_values("source_row")
    who = shared["email"].fillna(shared["contact_key"])
    details = "customer ids " + shared["customer_id_list"]
    lines = pd.DataFrame({"row": shared["source_row"], "reason": "shared_email", "value": who, "details": details})
    return _about_addresses(lines, memberships, config)


def _about_addresses(lines: pd.DataFrame, memberships: Export, config: Config) -> pd.DataFrame:
    emails = pd.Series("email", index=lines.index)
    lines = lines.assign(column=headers_of_rows(memberships, config.memberships, lines["row"], emails))
    types = {name: "int64" if name == "row" else "str" for name in lines}
    return lines.astype(types).reset_index(drop=True)


def _left_alone_lines(left_alone: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    ordered = in_order_of_interest(left_alone)
    return _lines([(LEFT_ALONE, "", "", None, "", code, email, details) for code, email, details in ordered])


def in_order_of_interest(left_alone: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The same, those last whom the config leaves out: they can be thousands, and nobody need look at them."""
    return sorted(left_alone, key=lambda line: line[0] in _BY_CHOICE)


_BY_CHOICE = frozenset({"not_wanted", "suppressed"})


def _skipped_lines(memberships: Export, orders: Export) -> pd.DataFrame:
    return _lines([
        (SKIPPED, part.file, part.sheet, None, "", reason, f"{count:,} rows" if count != 1 else "1 row", "")
        for part in (*memberships.parts, *orders.parts)
        for reason, count in part.skipped.items()
        if count
    ])  # fmt: skip


_SHOWN_WHOLE = frozenset({"excel_error", "blank_row", "totals_row"})
"""Values of these reasons are Excel's or Goldpan's own, and about nobody."""


def mask(value: str, reason: str = "") -> str:
    """A value for terminals, logs and alerts, where nobody's data appears: ``j***@x.org``, or ``7 characters``."""
    if reason in _SHOWN_WHOLE or not value:
        return value
    if is_valid_email(value.lower()):
        return re.sub(r"(?<=^.).*(?=@)", "***", value)
    what = "digit" if value.isascii() and value.isdigit() else "character"
    return f"{len(value)} {what}{'s' if len(value) != 1 else ''}"
