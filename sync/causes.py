"""What time alone does: the accepted exports once more, refined at today's date."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from goldpan.desired import desired_contacts
from goldpan.errors import GoldpanError
from goldpan.former import former_contacts
from goldpan.model import Action, Cause, Change, Confirmed
from goldpan.pipeline import refine
from goldpan.plan import DesiredContact
from goldpan.stored import split_options
from goldpan.suppression import Suppression
from sync.app import version
from sync.approved import Approved, what_it_does
from sync.exports import exports_of_run
from sync.lifecycle import Work
from sync.planning import as_contacts
from sync.settings import config_of
from sync.state import tables as t
from sync.state.runs import StoredRun


@dataclass(frozen=True)
class Implied:
    """What the accepted exports, under the config that they were accepted with, make of today.

    Attributes:
        contacts: As HubSpot should hold them, by address.
        cleared: What those who are no longer kept should hold, by address.
        has_same_config: Whether the config and the list of suppressed contacts are those of the accepted run; else
            whoever is created now is created because of an edit.
    """

    contacts: Mapping[str, DesiredContact]
    cleared: Mapping[str, str]
    has_same_config: bool = True

    def cause_of(self, change: Change) -> Cause:
        """Time, where the accepted exports imply this very change; else data."""
        contact = self.contacts.get(change.email)
        if change.action is Action.CLEAR:
            is_implied = self.cleared.get(change.email) == change.payload
        else:
            is_implied = contact is not None and contact.payload == change.payload
            may_create = contact is not None and contact.may_create and self.has_same_config
            is_implied = is_implied and (change.action is Action.UPDATE or may_create)
        return Cause.TIME if is_implied else Cause.DATA

    def options_with_time(self, known: Mapping[str, Confirmed], tags: str) -> Iterator[tuple[str, set[str]]]:
        """The options of the tag property that each confirmed contact gets or loses with time alone."""
        for email, contact in self.contacts.items():
            held = known.get(email)
            if held is not None and held.payload != contact.payload:
                before = split_options(json.loads(held.payload).get(tags, ""))
                yield email, set(before) ^ set(split_options(contact.values.get(tags, "")))


def implied_by_accepted(work: Work, accepted: StoredRun | None, known: Mapping[str, Confirmed]) -> Implied | None:
    """What the accepted exports imply today; ``None`` where that can't be told: then every change counts as data.

    Args:
        work: The run; a note says why it can't be told.
        accepted: The run whose exports were accepted last.
        known: What HubSpot has confirmed so far.
    """
    if accepted is None:
        return None
    try:
        why = _why_not(work, accepted)
        implied = None if why else _implied(work, accepted, known)
    except GoldpanError as error:
        why, implied = str(error), None
    if implied is None:
        why = why or f"the exports of run {accepted.run_id} are gone from the archive."
        work.record.notes.append(f"Every change counts as caused by data, none by time alone: {why}")
    return implied


def with_causes(
    changes: Sequence[Change], implied: Implied | None, approved: Approved = frozenset()
) -> tuple[Change, ...]:
    """The changes, each with its cause."""

    def cause_of(change: Change) -> Cause:
        if what_it_does(change) in approved:
            return Cause.APPROVED
        return implied.cause_of(change) if implied is not None else Cause.DATA

    return tuple(replace(change, cause=cause_of(change)) for change in changes)


def _why_not(work: Work, accepted: StoredRun) -> str:
    """Why yesterday's code and config can't be had any more; "" where they can."""
    runs = work.state.runs
    if not runs.find(t.runs.c.run_id == accepted.run_id, t.runs.c.goldpan_version == version()):
        return f"Goldpan was another version in run {accepted.run_id}."
    if runs.config_files(accepted.config_id) is None:
        return f"the config of run {accepted.run_id} was not kept."
    return ""


def _implied(work: Work, accepted: StoredRun, known: Mapping[str, Confirmed]) -> Implied | None:
    config = config_of(json.loads(work.state.runs.config_files(accepted.config_id) or "{}"))
    exports = exports_of_run(accepted.run_id, work.state, replace(work.settings, config=config))
    if exports is None:
        return None
    refined = refine(exports["memberships"].frame, exports["orders"].frame, work.record.as_of, config)
    # Without the list of suppressed contacts: who is cleared because of it is cleared because of an edit.
    contacts = as_contacts(desired_contacts(refined, config), [spec.name for spec in config.properties.properties])
    former = former_contacts(known, contacts, contacts.keys(), suppression=Suppression(), config=config)
    cleared = {contact.email: contact.payload for contact in former.contacts}
    return Implied(contacts, cleared, has_same_config=accepted.config_id == work.settings.config_id)
