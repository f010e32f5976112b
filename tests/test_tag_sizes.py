"""A tag's size tonight is unusual when it leaves median ± max(5·MAD, 20) of its last 28 nights."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.tag_sizes import UnusualSize, UsualSize, unusual_sizes, usual_size

SIZES = st.integers(0, 200) | st.integers(0, 10**9)


def middle_of(numbers):
    """The median as it is defined."""
    ordered = sorted(map(Fraction, numbers))
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def is_unusual(sizes, tonight):
    """The rule as it is written, in exact numbers."""
    recent = sizes[-28:]
    if len(recent) < 7:
        return False
    median = middle_of(recent)
    deviation = middle_of([abs(size - median) for size in recent])
    return not median - max(5 * deviation, 20) <= tonight <= median + max(5 * deviation, 20)


def found(sizes, tonight):
    return unusual_sizes([{"a": size} for size in sizes], {"a": tonight}) != ()


@given(sizes=st.lists(SIZES, max_size=40), near=st.integers(-2, 2), side=st.sampled_from([-1, 1]), apart=SIZES)
def test_it_is_the_rule_as_it_is_written(sizes, near, side, apart):
    """At both edges, where near is 0, and anywhere else."""
    usual = usual_size(sizes)
    edge = int(usual.highest if side > 0 else usual.lowest) if usual else 0

    for tonight in (edge + near, apart):
        assert found(sizes, tonight) == is_unusual(sizes, tonight)


@given(sizes=st.lists(SIZES, min_size=7, max_size=28))
def test_the_median_is_that_of_the_library_and_the_deviation_is_plain(sizes):
    usual = usual_size(sizes)

    assert usual.middle == statistics.median(sizes) == middle_of(sizes)
    deviation = statistics.median([abs(size - statistics.median(sizes)) for size in sizes])
    assert usual.highest - usual.middle == usual.middle - usual.lowest == max(5 * deviation, 20)
    assert usual.nights == len(sizes)


@given(sizes=st.lists(SIZES, min_size=7, max_size=28), seed=st.randoms(use_true_random=False))
def test_the_order_of_the_nights_does_not_matter(sizes, seed):
    assert usual_size(seed.sample(sizes, len(sizes))) == usual_size(sizes)


@pytest.mark.parametrize("tonight", [80, 100, 120])
def test_a_tag_that_never_moves_may_move_by_twenty(tonight):
    assert not found([100] * 28, tonight)


@pytest.mark.parametrize("tonight", [79, 121, 0])
def test_more_than_that_is_told_on_either_side(tonight):
    usual = UsualSize(nights=28, middle=100.0, lowest=80.0, highest=120.0)

    assert unusual_sizes([{"a": 100}] * 28, {"a": tonight}) == (UnusualSize("a", tonight, usual),)


def test_a_tag_that_moves_a_lot_may_move_by_five_deviations():
    sizes = [90, 110] * 14  # the deviation is 10

    assert [found(sizes, tonight) for tonight in (49, 50, 150, 151)] == [True, False, False, True]


def test_fewer_than_seven_nights_say_nothing():
    assert [found([100] * nights, 10_000) for nights in (0, 1, 6, 7)] == [False, False, False, True]


def test_only_the_last_28_nights_count():
    assert not found([5] * 28 + [1000] * 28, 1000)
    assert found([1000] * 28 + [5] * 28, 1000)


def test_one_night_that_was_odd_changes_nothing():
    assert usual_size([100] * 27 + [0]) == usual_size([100] * 28)


def test_each_tag_is_judged_by_the_nights_that_had_it_and_a_tag_that_left_by_none():
    nights = [{"old": 50, "same": 10}] * 20 + [{"same": 10, "young": 3}] * 6

    told = unusual_sizes(nights, {"young": 900, "same": 500, "brand_new": 7})

    assert [each.tag for each in told] == ["same"]
