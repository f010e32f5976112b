"""`rejects.xlsx`: the rows of the exports that the source's owner should correct, as they were delivered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.model import Outcome, Verdict
from goldpan.pipeline import Refined
from goldpan.places import places_of_rows
from goldpan.reasons import reason_of
from goldpan.report.findings import findings_of, shared_lines, unsendable_lines
from goldpan.report.table import Column, Table, cells_as_delivered, unique_headers


class _Problem(NamedTuple):
    """One thing to correct in one row of an export, by its number there."""

    row: int
    reason: str
    column: str = ""
    details: str = ""
    email: str = ""  # of a contact that HubSpot refused

    def title(self) -> str:
        """What it is and where, in a few words."""
        column = f" ({self.column})" if self.column else ""
        return f"{reason_of(self.reason).title}{column}{self.details and f': {self.details}'}"


def rejects_workbook_tables(
    memberships: Export,
    orders: Export,
    refined: Refined,
    config: Config,
    outcomes: Mapping[str, Outcome],
    *,
    refused_since: Mapping[str, datetime] | None = None,
    times_refused: Mapping[str, int] | None = None,
) -> tuple[Table, ...]:
    """A sheet for each export that has something to correct: its own columns, with what and why in front.

    A row stands once, with all its problems: cells that could not be read, a contact that can't be sent or that HubSpot
    refused, an address that several customers share. An export of several files names the row's file as well. Headers
    and cells are as delivered, so that the corrected rows can be read again as an export.

    Args:
        memberships: The export as read, with its original cells.
        orders: Likewise.
        refined: What the two mean.
        config: How they were read.
        outcomes: What HubSpot said, by address; what it left unknown is nobody's to correct.
        refused_since: When HubSpot refused a contact first, by address.
        times_refused: How often it did, by address.
    """
    by_hubspot = [
        *_refused(memberships, refined, outcomes),
        *_of_lines(unsendable_lines(memberships, refined, config)),
    ]
    others = _of_lines(shared_lines(memberships, refined, config))
    found = [
        (memberships, [*by_hubspot, *_of_lines(findings_of(memberships, config.memberships, refined)), *others]),
        (orders, [*_of_lines(findings_of(orders, config.orders, refined))]),
    ]
    history = refused_since or {}, times_refused or {}
    return tuple(_table(export, problems, *history) for export, problems in found if problems)


def _of_lines(lines: pd.DataFrame) -> Iterable[_Problem]:
    details = lines["details"].tolist() if "details" in lines else [""] * len(lines)
    return map(_Problem, lines["row"].tolist(), lines["reason"].tolist(), lines["column"].tolist(), details)


def _refused(memberships: Export, refined: Refined, outcomes: Mapping[str, Outcome]) -> Iterable[_Problem]:
    """The rows of each contact that HubSpot refused: its membership's, and the one that gave the address if another."""
    refused = {email: said for email, said in outcomes.items() if said.verdict is Verdict.REFUSED}
    contacts = refined.contacts[refined.contacts["email"].isin(refused.keys())]
    rows = memberships.rows_of(refused.keys())
    given: dict[str, list[int]] = {}
    for email, row in zip(rows["email"], rows["source_row"].astype("int64"), strict=True):
        given.setdefault(email, []).append(row)
    for email, row in zip(contacts["email"], contacts["source_row"].astype("int64"), strict=True):
        said, giving = refused[email], given.get(email, [row])
        for each in dict.fromkeys((row, row if row in giving else giving[-1])):
            yield _Problem(each, said.reason, details=said.message, email=email)


def _table(
    export: Export, problems: Iterable[_Problem], since: Mapping[str, datetime], times: Mapping[str, int]
) -> Table:
    of_row: dict[int, list[_Problem]] = {}
    for problem in problems:
        of_row.setdefault(problem.row, []).append(problem)
    rows = sorted(of_row)
    front = [*_places(export, rows), *_problems([of_row[row] for row in rows], since, times)]
    headers = unique_headers(export.headers)
    columns = [_beside(column, headers) for column, _ in front]
    cells = cells_as_delivered(export, pd.Series(rows, dtype="int64"), headers)
    own = pd.DataFrame({column.header: values for column, (_, values) in zip(columns, front, strict=True)})
    return Table(
        export.kind.capitalize(),
        (*columns, *(Column(header, "any") for header in headers)),
        pd.concat([own, cells], axis=1),
        frozen=1,
    )


def _places(export: Export, rows: "list[int]") -> "list[tuple[Column, pd.Series[Any]]]":
    """Where each row stands."""
    places = places_of_rows(export, pd.Series(rows, dtype="int64"))
    row = (Column("Row", "number"), places["row"].astype("Int64"))
    return [(Column("File"), places["file"]), row] if export.is_united else [row]


def _problems(
    problems: "list[list[_Problem]]", since: Mapping[str, datetime], times: Mapping[str, int]
) -> "list[tuple[Column, pd.Series[Any]]]":
    """What is wrong with each row, and what to do."""
    titles = ["; ".join(dict.fromkeys(each.title() for each in row)) for row in problems]
    advice = [
        " ".join(dict.fromkeys(filter(None, (reason_of(each.reason).advice for each in row)))) for row in problems
    ]
    front = [
        (Column("Problem", width=60, tones={"HubSpot": "bad", "No valid": "bad"}), pd.Series(titles, dtype="str")),
        (Column("What to Do", width=80), pd.Series(advice, dtype="str")),
    ]
    refused = [next((each.email for each in row if each.email), "") for row in problems]
    days = [since[email].date() if email in since else None for email in refused]
    if any(days):
        front.append((Column("Refused Since", "date"), pd.Series(days, dtype="datetime64[s]")))
    counts = [times.get(email) for email in refused]
    if any(counts):
        front.append((Column("Times Refused", "number"), pd.Series(counts, dtype="Int64")))
    return front


def _beside(column: Column, headers: Iterable[str]) -> Column:
    """Goldpan's own column, under another header where the export has that one: the export's stay as they are."""
    taken = {header.casefold() for header in headers}
    header = column.header
    while header.casefold() in taken:
        header = f"Goldpan: {header}"
    return Column(header, column.kind, column.width, column.tones)
