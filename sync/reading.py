"""What HubSpot holds for contacts: by record id where one is known, which survives edits of the address and mergers."""

from collections.abc import Callable, Iterable, Mapping

from goldpan.config import Config
from goldpan.model import CurrentRecord
from goldpan.records import addresses_of
from sync.destinations import Destination


def read_current(
    destination: Destination,
    record_ids: Mapping[str, str | None],
    config: Config,
    on_batch: Callable[[int], None] = lambda _: None,
) -> dict[str, CurrentRecord]:
    """The records of these contacts.

    A known contact is read by its record id. One whose id is gone, or whose record has other addresses now, is looked
    for by its address as well: the address decides whose record it is. An address that only shows up as an additional
    one of a record that was read leads to that record, too.

    Args:
        destination: Where to look.
        record_ids: The contacts' addresses, with the record id where HubSpot once named one.
        config: The properties to read.
        on_batch: Told how many of the contacts have been read.

    Returns:
        The records by our address; contacts that HubSpot does not have are missing.
    """
    names = [spec.name for spec in config.properties.properties]
    emails_of: dict[str, list[str]] = {}
    for email, record_id in record_ids.items():
        if record_id:
            emails_of.setdefault(record_id, []).append(email)
    found: dict[str, CurrentRecord] = {}
    for batch in destination.read_contacts(list(emails_of), names, by="record_id"):
        found |= {email: record for key, record in batch.found.items() for email in emails_of[key]}
        on_batch(sum(len(emails_of[key]) for key in batch.asked))
    unsure = [email for email in record_ids if email not in found or email not in addresses_of(found[email])]
    for batch in destination.read_contacts(unsure, names):
        found |= batch.found
        on_batch(sum(not record_ids[email] for email in batch.asked))
    by_additional = {address: record for record in _distinct(found.values()) for address in record.additional_emails}
    found |= {email: by_additional[email] for email in record_ids if email not in found and email in by_additional}
    return found


def _distinct(records: Iterable[CurrentRecord]) -> Iterable[CurrentRecord]:
    return {record.record_id: record for record in records}.values()
