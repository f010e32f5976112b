"""Memberships and orders belong together: when a run starts, and when somebody has to be told."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.intake import Idle, Missing, Start, Wait
from sync.intake.pairing import Arrival, decide
from sync.settings_file import IntakeSettings

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTINGS = IntakeSettings(debounce_seconds=60, patience_minutes=120, other_kind_max_age_days=7)


def after(**time):
    return NOON + timedelta(**time)


def members(at=NOON, *, was_used=False):
    return Arrival("memberships", at, was_used)


def orders(at=NOON, *, was_used=False):
    return Arrival("orders", at, was_used)


def test_nothing_that_waits_is_nothing_to_do():
    assert decide([], {}, NOON, SETTINGS) == Idle()


def test_both_kinds_start_a_run_when_no_newer_version_came_for_a_while():
    waiting = [members(), orders(after(seconds=30))]

    assert decide(waiting, {}, after(seconds=89), SETTINGS) == Wait(after(seconds=90))
    assert decide(waiting, {}, after(seconds=90), SETTINGS) == Start()


def test_one_kind_waits_patiently_for_the_other():
    assert decide([members()], {"orders": NOON}, after(minutes=119), SETTINGS) == Wait(after(minutes=120), ("orders",))


def test_after_that_the_run_goes_on_with_the_last_accepted_export_of_the_other_kind():
    assert decide([members()], {"orders": after(days=-3)}, after(minutes=120), SETTINGS) == Start(("orders",))


@pytest.mark.parametrize(("age", "wanted"), [(timedelta(days=7), Start), (timedelta(days=7, seconds=1), Missing)])
def test_unless_that_is_older_than_configured(age, wanted):
    now = after(minutes=120)

    assert type(decide([members()], {"orders": now - age}, now, SETTINGS)) is wanted


def test_what_is_missing_is_told_in_words():
    decision = decide([orders()], {"memberships": after(days=-30)}, after(hours=3), SETTINGS)

    assert isinstance(decision, Missing)
    assert decision.kinds == ("memberships",)
    assert "30 days old" in decision.reason
    assert "other_kind_max_age_days = 7" in decision.reason


def test_before_anything_was_accepted_both_kinds_are_needed():
    decision = decide([members()], {}, after(hours=3), SETTINGS)

    assert isinstance(decision, Missing)
    assert "none was accepted before" in decision.reason


def test_what_was_missing_starts_the_run_when_it_comes():
    assert decide([members(), orders(after(hours=9))], {}, after(hours=9, seconds=60), SETTINGS) == Start()


def test_what_a_run_has_had_starts_no_other():
    assert decide([members(was_used=True), orders(was_used=True)], {}, after(days=1), SETTINGS) == Idle()


def test_what_is_new_starts_a_run_together_with_what_a_held_run_has_had():
    waiting = [members(after(days=-1), was_used=True), orders()]

    assert decide(waiting, {}, after(seconds=59), SETTINGS) == Wait(after(seconds=60))
    assert decide(waiting, {}, after(seconds=60), SETTINGS) == Start()


def test_only_what_is_awaited_is_waited_for():
    only_members = SETTINGS.model_copy(update={"awaits": ("memberships",)})

    assert decide([members()], {}, after(seconds=60), only_members) == Start()
    assert type(decide([orders()], {}, after(seconds=60), only_members)) is Wait


def test_several_sources_of_a_kind_are_awaited_as_one():
    waiting = [members(), members(after(seconds=50)), orders()]

    assert decide(waiting, {}, after(seconds=109), SETTINGS) == Wait(after(seconds=110))
    assert decide(waiting, {}, after(seconds=110), SETTINGS) == Start()


def test_a_kind_that_came_again_unchanged_has_come():
    again = {"orders": after(minutes=-20)}

    assert decide([members()], {"orders": after(days=-1)}, after(seconds=60), SETTINGS, again) == Start(("orders",))
    assert decide([], {"orders": after(days=-1)}, NOON, SETTINGS, again) == Idle()


def test_unless_that_was_another_night():
    again = {"orders": after(minutes=-121)}

    assert decide([members()], {"orders": NOON}, after(minutes=1), SETTINGS, again) == Wait(
        after(minutes=120), ("orders",)
    )
