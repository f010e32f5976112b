"""*Rejects and warnings*: every cell, row and contact that is not as it should be, and what to do about it."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from goldpan.columns import normalised_header
from goldpan.config import Config, ExportSpec
from goldpan.conform import Export
from goldpan.model import Outcome, Verdict
from goldpan.pipeline import Refined
from goldpan.reasons import reason_of
from goldpan.report.table import Column, Table, table_of
from goldpan.values.emails import is_valid_email

_FINDING = ("file", "sheet", "row", "column", "reason", "value")
_LINE = ("kind", *_FINDING, "details")

REFUSED, UNKNOWN, NEVER_SENT = "Refused by HubSpot", "Outcome unknown", "Never sent"
WARNING, SHARED, LEFT_ALONE, SKIPPED = "Warning", "Shared address", "Left alone", "Skipped rows"


def header_of(export: Export, spec: ExportSpec, column: str) -> str:
    """The header that stands for a canonical column in an export; "" where it has none."""
    found = {normalised_header(header): header for header in reversed(export.headers)}
    known = spec.column(column)
    accepted = map(normalised_header, known.headers if known else ())
    return next((found[header] for header in accepted if header in found), "")


def all_findings(memberships: Export, orders: Export, refined: Refined, config: Config) -> pd.DataFrame:
    """What is odd about single cells, and what only the whole export shows.

    Returns:
        One row per :class:`goldpan.model.Finding`: ``file, sheet, row, column, reason, value`` (``row`` int64, the
        others ``str``), memberships first, by row.
    """
    return pd.concat(
        [findings_of(memberships, config.memberships, refined), findings_of(orders, config.orders, refined)],
        ignore_index=True,
    )


def findings_of(export: Export, spec: ExportSpec, refined: Refined) -> pd.DataFrame:
    """The findings of one export, by row, shaped as :func:`all_findings` says."""
    notes = refined.notes[refined.notes["kind"] == export.kind]
    headers = {column: header_of(export, spec, column) for column in notes["column"].unique()}
    notes = notes.assign(file=export.file, sheet=export.sheet, column=notes["column"].map(headers).astype("str"))
    both = pd.concat([export.findings, notes[[*_FINDING]]], ignore_index=True).sort_values("row", kind="stable")
    types = {name: "int64" if name == "row" else "str" for name in _FINDING}
    return both[[*_FINDING]].astype(types).reset_index(drop=True)


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
            unsendable_lines(memberships, refined, config),
            all_findings(memberships, orders, refined, config).assign(kind=WARNING, details=""),
            shared_lines(memberships, refined, config),
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
    """The contacts without any address, each at its membership row."""
    contacts = refined.contacts[refined.contacts["email"].isna()].sort_values("source_row")
    header = header_of(memberships, config.memberships, "email")
    who = contacts["customer_id"].fillna(contacts["customer_name"]).fillna("")
    place = (NEVER_SENT, memberships.file, memberships.sheet)
    return _lines([
        (*place, row, header, "unsendable", value, "")
        for row, value in zip(contacts["source_row"], who, strict=True)
    ])  # fmt: skip


def shared_lines(memberships: Export, refined: Refined, config: Config) -> pd.DataFrame:
    """The contacts made of several customer ids, each at its membership row."""
    shared = refined.shared_emails.merge(refined.contacts[["contact_key", "source_row"]], on="contact_key")
    header = header_of(memberships, config.memberships, "email")
    place = (SHARED, memberships.file, memberships.sheet)
    columns = (shared[name] for name in ("source_row", "email", "contact_key", "customer_id_list"))
    return _lines([
        (*place, row, header, "shared_email", key if pd.isna(email) else email, f"customer ids {ids}")
        for row, email, key, ids in sorted(zip(*columns, strict=True))
    ])  # fmt: skip


def _left_alone_lines(left_alone: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    ordered = in_order_of_interest(left_alone)
    return _lines([(LEFT_ALONE, "", "", None, "", code, email, details) for code, email, details in ordered])


def in_order_of_interest(left_alone: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The same, those last whom the config leaves out: they can be thousands, and nobody need look at them."""
    return sorted(left_alone, key=lambda line: line[0] in _BY_CHOICE)


_BY_CHOICE = frozenset({"not_wanted", "suppressed"})


def _skipped_lines(memberships: Export, orders: Export) -> pd.DataFrame:
    return _lines([
        (SKIPPED, export.file, export.sheet, None, "", reason, f"{count:,} rows" if count != 1 else "1 row", "")
        for export in (memberships, orders)
        for reason, count in export.skipped.items()
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
