"""What a database gives: it can be had again at any time, so that nothing of it is ever set aside."""

from datetime import datetime

from goldpan.errors import DataError
from sync.sources import Found
from sync.state.deliveries import Deliveries, StoredDelivery
from sync.state.tables import deliveries as _table


def confirm(deliveries: Deliveries, latest: StoredDelivery, found: Found, at: datetime) -> None:
    """Put on record that what came last was delivered once more: the database was asked, and nothing has changed.

    So an export is not old because nobody had anything to enter, and nobody waits for one that is up to date.

    Args:
        deliveries: The record.
        latest: What came last; its mark is the same.
        found: When the database was asked.
        at: Now.
    """
    if found.modified_at == latest.modified_at:
        return  # one and the same answer
    if latest.status == "duplicate":
        deliveries.mark(latest.delivery_id, modified_at=found.modified_at, claimed_at=at)
    elif latest.status == "accepted":
        row = record(deliveries, found, at)
        deliveries.mark(
            row.delivery_id,
            kind=latest.kind,
            sha256=latest.sha256,
            size_bytes=latest.size_bytes,
            path=latest.path,
            status="duplicate",
            reason=f"Nothing has changed since {latest.name} came.",
            finished_at=at,
        )


def refuse(deliveries: Deliveries, row: StoredDelivery, error: DataError, at: datetime) -> StoredDelivery | None:
    """Put on record that a snapshot can't be used.

    Args:
        deliveries: The record.
        row: Its claim.
        error: Why.
        at: Now.

    Returns:
        What is on record; `None` if the one before was refused with the same words: that was said.
    """
    same_key = _table.c.source == row.source, _table.c.key == row.key
    before = deliveries.find(*same_key, _table.c.delivery_id < row.delivery_id)
    if before and (before[-1].status, before[-1].reason) == ("refused", str(error)):
        deliveries.drop(row.delivery_id)
        deliveries.mark(before[-1].delivery_id, fingerprint=row.fingerprint, modified_at=row.modified_at)
        return None
    return deliveries.mark(row.delivery_id, status="refused", reason=str(error), finished_at=at)


def record(deliveries: Deliveries, found: Found, at: datetime, owner: str = "") -> StoredDelivery:
    """Put a file on record as claimed.

    Args:
        deliveries: The record.
        found: The file.
        at: Now.
        owner: The service that claims it.
    """
    return deliveries.add(
        source=found.source, key=found.key, fingerprint=found.fingerprint, name=found.name,
        size_bytes=found.size_bytes, modified_at=found.modified_at, at=at, reason=owner,
    )  # fmt: skip
