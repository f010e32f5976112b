"""The membership rows behind a contact: the chain of each, and which one speaks."""

from typing import Any

import pandas as pd

from goldpan.explain.model import Filled, JoinedBy, MembershipRow, Row, Speaker, Value, Why
from goldpan.explain.search import rank_rows
from goldpan.explain.stages import Stages
from goldpan.explain.values import plain, row_of, values_of
from goldpan.steps.renewals import FILLED_FROM_EARLIER_ROWS, IN_ORDER

_REASONS: tuple[tuple[str, Why], ...] = (
    ("covers", "covers"),
    ("expires_on", "latest_end"),
    ("created_on", "latest_creation"),
    ("source_row", "last_in_file"),
)


def explain_rows(contact_key: str, stages: Stages) -> tuple[tuple[MembershipRow, ...], tuple[Row, ...]]:
    """What became of each row behind a contact.

    Returns:
        Its rows, customer by customer in the order of their chains, and the rows of the same customers that another
        contact has.
    """
    linked = stages.linked
    mine = linked[linked["contact_key"] == contact_key]
    theirs = linked[linked["customer"].isin(mine["customer"])]
    placed = _placed(theirs)
    placed = placed.assign(first_row=placed.groupby("customer")["source_row"].transform("min"))
    placed = placed.sort_values(["first_row", *IN_ORDER])
    is_mine = placed["contact_key"] == contact_key
    own = stages.memberships.frame.set_index("source_row")
    findings = stages.findings("memberships", mine["source_row"])
    covers = rank_rows(mine, stages)["covers"]
    rows = tuple(
        MembershipRow(
            row=row_of(stages.memberships, record["source_row"]),
            cells=values_of(own.loc[record["source_row"]], stages.config),
            findings=findings.get(int(record["source_row"]), ()),
            link=record["link"],
            latest_end=plain(record["latest_end"]),
            gap_days=plain(record["gap_days"]),
            replaced_by=None if pd.isna(record["replaced_by"]) else row_of(stages.memberships, record["replaced_by"]),
            **_of_kept_row(record, covers=bool(covers[index])),
        )
        for index, record in placed[is_mine].iterrows()
    )
    others = placed.loc[~is_mine, "source_row"].sort_values()
    return rows, tuple(row_of(stages.memberships, number) for number in others)


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    """Whole customers, with ``latest_end`` of the rows before each, ``gap_days`` and ``link``.

    Which rows are one chain is the renewals step's answer; only the days between are counted here.
    """
    is_datable = rows["created_on"].notna() & rows["expires_on"].notna()
    dated = rows[is_datable].sort_values(["customer", *IN_ORDER])
    customers = dated["customer"]
    latest_end = dated["expires_on"].groupby(customers).cummax().groupby(customers).shift()
    before = dated["kept_row"].groupby(customers).shift()
    link = pd.Series("starts", index=dated.index).mask(before == dated["kept_row"], "continues")
    return rows.assign(
        latest_end=latest_end,
        gap_days=(dated["created_on"] - latest_end).dt.days.astype("Int64"),
        link=link.mask(before.isna(), "first").reindex(rows.index).fillna("undated"),
    )


def _of_kept_row(record: "pd.Series[Any]", *, covers: bool) -> dict[str, Any]:
    """What only a row that stays has."""
    if not pd.isna(record["replaced_by"]):
        return {"joined_by": None, "member_since": None, "renewals": None, "covers_as_of": None}
    return {
        "joined_by": _joined_by(record),
        "member_since": plain(record["member_since"]),
        "renewals": plain(record["renewals"]),
        "covers_as_of": covers,
    }


def _joined_by(record: "pd.Series[Any]") -> JoinedBy:
    if not pd.isna(record["email"]):
        return "address" if pd.isna(record["email_from_row"]) else "earlier_address"
    return "no_address" if record["contact_key"] == record["customer"] else "customer"


def explain_speaker(contact: "pd.Series[Any]", stages: Stages) -> Speaker:
    """Which of the rows that stay is the contact's membership, and what put it before the next best one."""
    linked = stages.linked
    stays = linked[(linked["contact_key"] == contact["contact_key"]) & linked["replaced_by"].isna()]
    number = int(contact["source_row"])
    row = row_of(stages.memberships, number)
    rivals = rank_rows(stays[stays["source_row"] != number], stages)
    if rivals.empty:
        return Speaker(row, "only_row", 0)
    speaks = rank_rows(stays[stays["source_row"] == number], stages).iloc[0]
    best = rivals.iloc[0]
    why = next(why for column, why in _REASONS if plain(speaks[column]) != plain(best[column]))
    return Speaker(row, why, len(rivals))


def explain_filled(contact: "pd.Series[Any]", rows: tuple[MembershipRow, ...], stages: Stages) -> tuple[Filled, ...]:
    """What the contact has though the row that speaks for it lacks it, and the rows where that stands."""
    cells_of = {row.row: row.cells for row in rows}
    speaks = cells_of[row_of(stages.memberships, contact["source_row"])]
    filled: dict[str, Value] = {
        column: plain(contact[column])
        for column in FILLED_FROM_EARLIER_ROWS
        if speaks[column] is None and not pd.isna(contact[column])
    }
    return tuple(
        Filled(column, str(value), tuple(row for row, cells in cells_of.items() if cells[column] == value))
        for column, value in filled.items()
    )


def nobody_elses(contact: "pd.Series[Any]", rows: tuple[MembershipRow, ...], stages: Stages) -> tuple[str, ...]:
    """The addresses of these rows that stand in no row of another contact, the contact's own first."""
    linked, everybody = stages.linked, stages.memberships.frame
    own_rows = linked.loc[linked["contact_key"] == contact["contact_key"], "source_row"]
    others = set(everybody.loc[~everybody["source_row"].isin(own_rows), "email"].dropna())
    email = plain(contact["email"])
    addresses = dict.fromkeys([email, *(row.cells["email"] for row in rows)])
    return tuple(str(each) for each in addresses if each is not None and (each == email or each not in others))
