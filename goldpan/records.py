"""Whose records were read: contacts that share one, and records that belong to somebody who is never written."""

from collections.abc import Collection, Iterator, Mapping
from operator import itemgetter

from goldpan.model import Confirmed, CurrentRecord
from goldpan.plan import DesiredContact
from goldpan.suppression import Suppression


def addresses_of(record: CurrentRecord) -> tuple[str, ...]:
    """All addresses of a record, its primary one first."""
    return (record.email, *record.additional_emails)


def on_records(
    records: Mapping[str, CurrentRecord], desired: Collection[str], wanted: Collection[str]
) -> Iterator[tuple[str, CurrentRecord]]:
    """The desired contacts that nobody asked for and whose address is on a record that was read, with that record."""
    for record in records.values():
        yield from ((email, record) for email in addresses_of(record) if email in desired and email not in wanted)


def of_suppressed(records: Mapping[str, CurrentRecord], suppression: Suppression) -> set[str]:
    """The contacts whose record holds a suppressed address, under whatever other address they are in the exports."""
    return {
        email for email, record in records.items() if any(map(suppression.has_email, addresses_of(record)))
    }  # fmt: skip


def others_on_records(
    records: Mapping[str, CurrentRecord],
    known: Mapping[str, Confirmed],
    desired: Mapping[str, DesiredContact],
    wanted: Collection[str],
) -> dict[str, tuple[str, int]]:
    """Which contact speaks for each record besides those that are planned for, and its rank: the best of them.

    Args:
        records: What was read, by address.
        known: What HubSpot confirmed, by address.
        desired: The contacts of the exports, by address.
        wanted: Those that are planned for.
    """
    read = [(record.record_id, email) for email, record in on_records(records, desired, wanted)]
    confirmed = [
        (held.record_id, email)
        for email, held in known.items()
        if held.record_id and email in desired and email not in wanted
    ]
    others: dict[str, tuple[str, int]] = {}
    for record_id, email in (*confirmed, *read):
        one = email, desired[email].rank
        others[record_id] = min(others.get(record_id, one), one, key=itemgetter(1))
    return others
