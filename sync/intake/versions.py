"""Of several exports of one kind from one source: which counts, and what the others are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sync.archive.inputs import Kept
from sync.exports import date_in
from sync.settings import AppSettings
from sync.state.deliveries import Deliveries, StoredDelivery

_SLACK = timedelta(days=1)
"""Clocks of other machines differ, and an export may bear the date of the night that it is for."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What a new delivery is.

    Attributes:
        status: ``waiting``, ``superseded`` or ``duplicate``.
        reason: Why, in words; empty for one that simply waits.
        supersedes: Those that waited before it.
    """

    status: str
    reason: str = ""
    supersedes: tuple[StoredDelivery, ...] = ()


def place(new: StoredDelivery, others: Sequence[StoredDelivery], settings: AppSettings) -> Placing:
    """Judge a new delivery by those of its kind that its source gave before.

    The same content as HubSpot has is no work. Older content that comes again is wanted back, unless its name says an
    earlier day than that of the last accepted: then somebody delivers a whole history once more. A version that never
    came before and is older than the last accepted one was held up (it was open, its bucket failed): HubSpot does not
    go back to it. What a database gives now is newer than what it gave before, whatever the clock said then.

    Args:
        new: With its kind and content.
        others: In the order of their arrival; without refused ones.
        settings: Which of two versions is the newer one, and where a file's time is a date.
    """
    waiting = tuple(each for each in others if each.status == "waiting")
    accepted = [each for each in others if each.status == "accepted"]
    last = accepted[-1] if accepted else None
    same = [each for each in others if each.sha256 == new.sha256]
    if any(each.status == "waiting" for each in same):
        return Placing("duplicate", "The same content waits already.")
    if same and not waiting and last is not None and (last.sha256 == new.sha256 or _is_named_before(new, last)):
        return Placing("duplicate", f"The same content came before as {same[-1].name}.")
    if _is_snapshot(new, settings):
        return Placing("waiting", supersedes=waiting)
    if last is not None and not same and _is_late(new, last, settings):
        return Placing("superseded", f"{last.name} is the newer version.")
    newer = max(waiting, key=lambda each: rank_of(each, settings), default=None)
    if newer is None or same or rank_of(newer, settings) <= rank_of(new, settings):
        return Placing("waiting", supersedes=waiting)
    return Placing("superseded", f"{newer.name} is the newer version.")


def put_in_place(
    deliveries: Deliveries, row: StoredDelivery, kept: Kept, kind: str, *, settings: AppSettings, at: datetime
) -> tuple[StoredDelivery, Placing]:
    """Put on record what a delivery is, now that its content is in the archive.

    Args:
        deliveries: The record.
        row: The claim.
        kept: Its content.
        kind: What it holds.
        settings: As for :func:`place`.
        at: Now.
    """
    others = deliveries.versions(row.source, kind)
    new = deliveries.mark(row.delivery_id, kind=kind, sha256=kept.sha256)
    placing = place(new, others, settings)
    row = deliveries.mark(
        row.delivery_id,
        supersedes=placing.supersedes,
        status=placing.status,
        reason=placing.reason,
        path=str(kept.path),
        finished_at=None if placing.status == "waiting" else at,
    )
    return row, placing


def _is_snapshot(delivery: StoredDelivery, settings: AppSettings) -> bool:
    return any(source.is_asked for source in settings.file.sources if source.name == delivery.source)


def _is_named_before(new: StoredDelivery, last: StoredDelivery) -> bool:
    day, last_day = date_in(new.name), date_in(last.name)
    return day is not None and last_day is not None and day < last_day


def _is_late(new: StoredDelivery, last: StoredDelivery, settings: AppSettings) -> bool:
    """Whether a version is older than the last accepted one; a date of a time to come is wrong and proves nothing."""
    (new_on, new_at, _), (last_on, last_at, _) = rank_of(new, settings), rank_of(last, settings)
    latest = last.claimed_at + _SLACK
    is_plausible = last_at <= latest and last_on <= latest.astimezone(settings.zone).date()
    return is_plausible and (new_on, new_at) < (last_on, last_at)


def rank_of(delivery: StoredDelivery, settings: AppSettings) -> tuple[date, datetime, str]:
    """How new a delivery is."""
    return rank(delivery.name, delivery.modified_at, settings)


def rank(name: str, modified_at: datetime, settings: AppSettings) -> tuple[date, datetime, str]:
    """The newest version has the highest: by the first date in its name, else by its time."""
    modified_on = modified_at.astimezone(settings.zone).date()
    if settings.file.intake.newest_by == "name_date":
        modified_on = date_in(name) or modified_on
    return modified_on, modified_at, name
