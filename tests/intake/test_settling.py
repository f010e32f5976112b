"""A file is taken only when it is whole: nothing about it changed for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.intake.settling import Settling
from sync.sources import Found

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def file(fingerprint="1", *, key="members.csv", modified=NOON):
    return Found("inbox", key, key, 1, modified, fingerprint)


def keys(found):
    return [each.key for each in found]


class Looks:
    """Looks at given seconds after noon."""

    def __init__(self, seconds=30):
        self.settling = Settling(seconds)

    def __call__(self, second, *found, place="inbox"):
        return keys(self.settling.whole(found, NOON + timedelta(seconds=second), place=place))


def test_a_file_is_whole_when_it_was_the_same_for_the_whole_time():
    look = Looks()

    assert look(0, file()) == []
    assert look(29, file()) == []
    assert look(30, file()) == ["members.csv"]


def test_every_change_starts_the_time_anew():
    look = Looks()

    changed = file("2", modified=NOON + timedelta(seconds=29))
    look(0, file("1"))
    assert look(29, changed) == []
    assert look(58, changed) == []
    assert look(59, changed) == ["members.csv"]


def test_a_file_that_was_gone_in_between_starts_anew():
    look = Looks()

    look(0, file())
    look(20)
    assert look(31, file()) == []


def test_a_file_whose_own_time_is_long_ago_is_whole_when_a_second_look_finds_it_unchanged():
    look, old = Looks(), NOON - timedelta(hours=1)

    assert look(0, file(modified=old)) == []
    assert look(10, file(modified=old)) == ["members.csv"]


def test_a_copy_that_keeps_an_old_time_is_not_whole_while_it_grows():
    look, old = Looks(), NOON - timedelta(hours=1)

    assert [look(second, file(str(second), modified=old)) for second in (0, 10, 20, 30, 40)] == [[]] * 5
    assert look(50, file("40", modified=old)) == ["members.csv"]


def test_two_looks_at_once_are_not_two():
    look, old = Looks(), NOON - timedelta(hours=1)

    look(0, file(modified=old))
    assert look(0.2, file(modified=old)) == []


def test_a_time_in_the_future_makes_nothing_whole_earlier():
    look, ahead = Looks(), NOON + timedelta(hours=1)

    look(0, file(modified=ahead))
    assert look(10, file(modified=ahead)) == []
    assert look(30, file(modified=ahead)) == ["members.csv"]


def test_a_clock_that_is_set_back_starts_the_time_anew():
    look = Looks()

    look(0, file(modified=NOON + timedelta(days=1)))
    assert look(-3600, file(modified=NOON + timedelta(days=1))) == []
    assert look(-3570, file(modified=NOON + timedelta(days=1))) == ["members.csv"]


def test_files_settle_each_by_itself_and_places_too():
    look = Looks()

    later = file(key="b.csv", modified=NOON + timedelta(seconds=20))
    look(0, file(key="a.csv"))
    look(20, file(key="a.csv"), later)
    look(25, place="other")
    assert look(30, file(key="a.csv"), later) == ["a.csv"]


@pytest.mark.parametrize("modified", [NOON, NOON - timedelta(days=1)])
def test_without_a_time_to_settle_a_file_is_whole_at_once(modified):
    assert Looks(seconds=0)(0, file(modified=modified)) == ["members.csv"]
