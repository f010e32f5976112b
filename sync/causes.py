"""What time alone does: the accepted exports once more, refined at today's date."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from goldpan.config import Config
from goldpan.desired_contacts import DesiredContacts
from goldpan.errors import DataError, GoldpanError
from goldpan.former import former_among
from goldpan.model import Action, Cause, Change, Confirmed
from goldpan.pipeline import Refined
from goldpan.plan import DesiredContact
from goldpan.stored import split_options
from goldpan.suppression import Suppression
from sync.app import version
from sync.approved import Approved, what_it_does
from sync.archive.inputs import digest_of
from sync.archive.opening import input_file
from sync.exports import Delivery, exports_of_run
from sync.lifecycle import Work
from sync.settings import AppSettings, config_of
from sync.settings_file import KINDS
from sync.state import tables as t
from sync.state.contacts import ConfirmedContacts
from sync.state.inputs import StoredInput
from sync.state.runs import StoredRun


@dataclass(frozen=True)
class Tonight:
    """The exports of this run, and what they mean."""

    delivered: Sequence[Delivery]
    refined: Refined


@dataclass(frozen=True)
class Implied:
    """What the accepted exports, under the config that they were accepted with, make of today, where a plan changes it.

    Attributes:
        contacts: The contacts that the plan is about, as HubSpot should hold them, by address.
        cleared: What those of them who are no longer kept should hold, by address.
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

    def options_with_time(self, held: Mapping[str, Confirmed], tags: str) -> Iterator[tuple[str, set[str]]]:
        """The options of the tag property that each confirmed contact gets or loses with time alone."""
        for email, contact in self.contacts.items():
            confirmed = held.get(email)
            if confirmed is not None and confirmed.payload != contact.payload:
                before = split_options(json.loads(confirmed.payload).get(tags, ""))
                yield email, set(before) ^ set(split_options(contact.values.get(tags, "")))


def implied_by_accepted(
    work: Work, accepted: StoredRun | None, changes: Sequence[Change], contacts: ConfirmedContacts, tonight: Tonight
) -> Implied | None:
    """What the accepted exports imply today; ``None`` where that can't be told: then every change counts as data.

    Args:
        work: The run; a note says why it can't be told.
        accepted: The run whose exports were accepted last.
        changes: What the run wants to change.
        contacts: What HubSpot has confirmed so far.
        tonight: The run's own exports: where they are the accepted ones, nothing is read and refined again.
    """
    if accepted is None:
        return None
    try:
        why = _why_not(work, accepted)
        implied = None if why else _implied(work, accepted, changes, contacts, tonight)
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


def _implied(
    work: Work, accepted: StoredRun, changes: Sequence[Change], contacts: ConfirmedContacts, tonight: Tonight
) -> Implied | None:
    config = config_of(json.loads(work.state.runs.config_files(accepted.config_id) or "{}"))
    has_same_config = accepted.config_id == work.settings.config_id
    is_the_same = has_same_config and _are_exports_of(accepted, work, tonight.delivered)
    refined = tonight.refined if is_the_same else _refined(accepted, work, config)
    if refined is None:
        return None
    # Without the list of suppressed contacts: who is cleared because of it is cleared because of an edit.
    desired = DesiredContacts(refined, config)
    about = desired.contacts(desired.rows_of([change.email for change in changes]))
    cleared = {change.email for change in changes if change.action is Action.CLEAR}
    cleared.difference_update(desired.emails.take(desired.rows_of(cleared)).to_pylist())
    former = former_among(cleared, desired, contacts.known_of, suppression=Suppression(), config=config)
    return Implied(
        {contact.email: contact for contact in about},
        {contact.email: contact.payload for contact in former.contacts},
        has_same_config,
    )


def _refined(accepted: StoredRun, work: Work, config: Config) -> Refined | None:
    """What the exports of a run mean today; ``None`` if they are gone from the archive."""
    with exports_of_run(accepted.run_id, work.state, replace(work.settings, config=config)) as exports:
        return exports.refined(work.record.as_of, config) if exports else None


def _are_exports_of(accepted: StoredRun, work: Work, delivered: Sequence[Delivery]) -> bool:
    """Whether exports are the very ones of a run, to the byte."""
    try:
        return all(
            _are_the_same(
                [delivery for delivery in delivered if delivery.kind == kind],
                work.state.inputs.of_run(accepted.run_id, kind),
                work.settings,
            )
            for kind in KINDS
        )
    except (DataError, OSError):  # a file that was read is there no more
        return False


def _are_the_same(delivered: Sequence[Delivery], stored: Sequence[StoredInput], settings: AppSettings) -> bool:
    if [(each.source, each.sha256()) for each in delivered] != [(each.source, each.sha256) for each in stored]:
        return False
    # The identity alone does not tell: people may have been taken out of what the archive keeps (goldpan forget).
    paths = [(each.path, input_file(settings, kept)) for each, kept in zip(delivered, stored, strict=True)]
    return all(kept is not None and (kept == path or digest_of(kept) == digest_of(path)) for path, kept in paths)
