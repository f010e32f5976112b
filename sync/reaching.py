"""The way to the portal: which one it is, what it has, and what an earlier run left without an answer."""

import hashlib
from dataclasses import replace

import structlog

from goldpan.model import Change, Portal
from goldpan.plan import tag_property
from sync.app import version
from sync.apply import keep_proofs, settle
from sync.destinations.hubspot import HubSpotDestination
from sync.lifecycle import Work
from sync.planning import Reached
from sync.preflight import check_portal, check_properties
from sync.reading import read_current
from sync.state.contacts import ConfirmedContacts

log = structlog.get_logger()


def reach(work: Work, destination: HubSpotDestination) -> Reached:
    """Check the portal and its properties, and settle what earlier runs left unknown.

    Raises:
        ConfigError: Another portal than HUBSPOT_PORTAL_ID allows.
        SchemaError: HubSpot lacks a property or an option.
    """
    record, state = work.record, work.state
    record.requests = destination.requests
    portal = check_portal(destination, work.settings)
    record.portal_id = portal.portal_id
    schema = check_properties(destination, work.settings.config)
    name = tag_property(work.settings.config)
    remembered = state.options.of(destination.name, portal, name)
    contacts = state.contacts_of(destination.name, portal)
    if not record.dry_run:
        state.runs.reach(record.run_id, portal)
        _settle_earlier(work, destination, portal, contacts)
    return Reached(
        destination,
        portal,
        contacts,
        replace(schema.tag_options, owned=schema.tag_options.owned | remembered),
        circumstances=hashlib.sha256(f"{schema.digest} {version()}".encode()).hexdigest(),
    )


def _settle_earlier(work: Work, destination: HubSpotDestination, portal: Portal, contacts: ConfirmedContacts) -> None:
    """Read back what earlier runs have no proof of; what was never written is planned anew."""
    journal = work.state.journal
    unknown = journal.unknown(work.record.destination, portal)
    if not unknown:
        return
    latest: dict[str, tuple[str, Change]] = {change.email: (run_id, change) for run_id, change in unknown}
    changes = {email: change for email, (_, change) in latest.items()}
    current = read_current(
        destination, {email: change.record_id for email, change in changes.items()}, work.settings.config
    )
    outcomes, _ = settle(changes.values(), current, work.settings.config)
    keep_proofs(outcomes, changes, contacts, run_id=work.record.run_id, at=work.clock())
    for outcome in outcomes:
        journal.record(latest[outcome.email][0], [outcome], at=work.clock())
    journal.discard_unknown(work.record.destination, portal)
    log.info("changes.settled", unknown=len(unknown), proven=len(outcomes))
