"""What the accepted exports imply today: nothing is read and refined again where tonight's are just those."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from goldpan.model import Action, Change, Portal
from sync.causes import Implied, Tonight, implied_by_accepted
from sync.exports import Delivery
from sync.lifecycle import Work
from sync.record import RunRecord
from sync.settings import AppSettings, load_settings
from sync.settings_file import KINDS
from sync.state import tables as t
from sync.state.store import State
from tests.builders import memberships, refined
from tests.cli.installation import ADA, AS_OF, BEN, Installation

CHANGES = [Change(email, Action.UPDATE, {}, {}) for email in (ADA, BEN)]


@pytest.fixture
def settings(goldpan: Installation) -> AppSettings:
    """Of an installation whose exports were accepted; they lie in its drop folder still."""
    assert goldpan.run().exit_code == 0
    return settings_of(goldpan)


def settings_of(goldpan: Installation) -> AppSettings:
    return load_settings(goldpan.config, home=goldpan.home, use_environment=False)


def tonight(state: State, accepted: str, folder: Path) -> Tonight:
    """The exports in a folder, with a meaning that is not theirs: only one contact, who is called otherwise."""
    delivered = [
        Delivery(kind, folder / f"{kind}.csv", f"{kind}.csv", source=stored.source)
        for kind in KINDS
        for stored in state.inputs.of_run(accepted, kind)
    ]
    somebody = memberships({"Cust ID": "1", "Contact Email": ADA, "Customer Name": "Somebody Else"})
    return Tonight(delivered, refined(somebody))


def implied(settings: AppSettings, folder: Path) -> Implied:
    with State.open(settings.state_url) as state:
        accepted = state.runs.find(t.runs.c.status == "held", limit=1)[0]
        record = RunRecord("r", date.fromisoformat(AS_OF), datetime(2026, 11, 20, tzinfo=UTC), dry_run=True)
        contacts = state.contacts_of(accepted.destination, Portal(accepted.portal_id))
        delivered = tonight(state, accepted.run_id, folder)
        found = implied_by_accepted(Work(settings, record, state), accepted, CHANGES, contacts, delivered)
        assert found is not None, record.notes
        return found


def names(found: Implied) -> dict[str, str]:
    return {email: contact.values["customer_name"] for email, contact in found.contacts.items()}


AS_GIVEN = {ADA: "Somebody Else"}
AS_ARCHIVED = {ADA: "Ada Lovelace", BEN: "Ben Okafor"}


def test_exports_that_are_the_accepted_ones_are_taken_as_they_were_refined_tonight(goldpan, settings):
    found = implied(settings, goldpan.inbox)

    assert names(found) == AS_GIVEN
    assert found.has_same_config


def test_other_exports_are_not_taken_for_the_accepted_ones(goldpan, settings):
    members = goldpan.inbox / "memberships.csv"
    members.write_bytes(members.read_bytes() + b"\n")

    assert names(implied(settings, goldpan.inbox)) == AS_ARCHIVED


def test_what_people_were_taken_out_of_is_read_again(goldpan, settings):
    """`goldpan forget` rewrites what the archive keeps; the file that was delivered is what it was."""
    (kept,) = (settings.archive_folder / "inputs").rglob("memberships.csv")
    text = kept.read_text(encoding="utf-8")
    kept.write_text("".join(line for line in text.splitlines(keepends=True) if ADA not in line), encoding="utf-8")

    assert names(implied(settings, goldpan.inbox)) == {BEN: "Ben Okafor"}


def test_under_another_config_the_accepted_exports_are_refined_with_the_one_of_then(goldpan, settings):
    goldpan.configure("tags.toml", ('label = "HFO Buy"', 'label = "HFO bought"'))

    found = implied(settings_of(goldpan), goldpan.inbox)

    assert names(found) == AS_ARCHIVED
    assert not found.has_same_config


def test_exports_that_are_gone_from_the_archive_imply_nothing(goldpan, settings):
    for kept in (settings.archive_folder / "inputs").rglob("memberships.csv"):
        kept.unlink()

    with pytest.raises(AssertionError, match="are gone from the archive"):
        implied(settings, goldpan.inbox)
