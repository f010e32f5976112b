"""How many contacts carried each tag on the nights before, from the records of the runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, select

from goldpan.model import Portal
from goldpan.tag_sizes import NIGHTS, UnusualSize, unusual_sizes
from sync.state import tables as t
from sync.state.runs import Runs, is_full

if TYPE_CHECKING:
    from sync.record import RunRecord


@dataclass(frozen=True, slots=True)
class Night:
    """One business date: its last run that was sent, and how many contacts carried each tag by then."""

    as_of: date
    run_id: str
    tags: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """What `goldpan tags --json` says of it."""
        return {"as_of": self.as_of.isoformat(), "run_id": self.run_id, "tags": dict(self.tags)}


def nights_of(runs: Runs, *where: ColumnElement[bool], limit: int = NIGHTS) -> list[Night]:
    """The last nights on record, the oldest first; a date that was run twice is one night.

    Args:
        runs: The runs of the installation.
        where: Which of its runs count, besides that they are done.
        limit: How many nights.
    """
    counting = (is_full(), t.runs.c.status.in_(["done", "partial"]), *where)
    last_of_each_date = (
        select(func.max(t.runs.c.run_id))
        .where(*counting)
        .group_by(t.runs.c.as_of)
        .order_by(t.runs.c.as_of.desc())
        .limit(limit)
        .correlate(None)  # a query of its own, though `find` reads the same table
    )
    found = runs.find(t.runs.c.run_id.in_(last_of_each_date))
    nights = (Night(run.as_of, run.run_id, run.record.get("tags", {})) for run in found)
    return sorted(nights, key=lambda night: night.as_of)


def nights_of_last_portal(runs: Runs, destination: str, *, limit: int) -> list[Night]:
    """The last nights of the portal that this destination was written to last, the oldest first."""
    is_here = t.runs.c.destination == destination, t.runs.c.portal_id != ""
    last = runs.find(*is_here, is_full(), limit=1)
    return nights_of(runs, *is_here, t.runs.c.portal_id == last[0].portal_id, limit=limit) if last else []


def warnings_on_tag_sizes(runs: Runs, record: "RunRecord", destination: str, portal: Portal) -> list[str]:
    """What ops should look at before they trust tonight's tags: a line per tag whose size is not usual.

    Args:
        runs: The runs on record.
        record: Tonight's, with its tags counted.
        destination: Where it writes.
        portal: The nights of this portal count, those before tonight's business date.
    """
    nights = nights_of(
        runs,
        t.runs.c.destination == destination,
        t.runs.c.portal_id == portal.portal_id,
        t.runs.c.as_of < record.as_of,
    )
    return [_warning(unusual) for unusual in unusual_sizes([night.tags for night in nights], record.tags)]


def _warning(unusual: UnusualSize) -> str:
    usual = unusual.usual
    least = max(usual.lowest, 0)
    return (
        f"Tag {unusual.tag}: {unusual.tonight:,} contacts tonight; on the last {usual.nights} nights it was about "
        f"{usual.middle:,.0f} (usual is {least:,.0f} to {usual.highest:,.0f}). If nothing explains that, compare the "
        "exports with those of the night before; who gained or lost the tag is in the sheet Changes of the analysis, "
        "why one contact has it says: goldpan explain EMAIL"
    )
