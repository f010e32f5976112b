"""The caller's thread hands out and takes back; nothing is lost when something fails."""

import threading

import pytest

from sync.destinations.hubspot.parallel import chunks, chunks_by, in_parallel
from tests.hubspot.stage import drained


def run(work, items, **settings):
    defaults = {"workers": 3, "stop": threading.Event()}
    return in_parallel(work, iter(items), **defaults | settings)


def test_chunks_are_taken_as_needed():
    taken = []
    groups = chunks((taken.append(number) or number for number in range(5)), 2)

    assert next(groups) == (0, 1)
    assert taken == [0, 1]
    assert list(groups) == [(2, 3), (4,)]


def test_chunks_of_one_kind_come_as_they_are_full_and_the_short_ones_at_the_end():
    taken = []
    groups = chunks_by(str.isupper, (taken.append(letter) or letter for letter in "aBcdEfgHi"), 3)

    assert next(groups) == ("a", "c", "d")
    assert taken == list("aBcd")
    assert list(groups) == [("B", "E", "H"), ("f", "g", "i")]


def test_of_the_short_chunks_the_one_begun_first_comes_first():
    assert list(chunks_by(str.isupper, "aBcd", 3)) == [("a", "c", "d"), ("B",)]
    assert list(chunks_by(str.isupper, "Bacde", 3)) == [("a", "c", "d"), ("B",), ("e",)]
    assert list(chunks_by(str.isupper, "", 3)) == []


def test_every_batch_comes_back_once():
    assert sorted(run(lambda number: number * 10, range(50))) == [number * 10 for number in range(50)]


def test_no_more_than_the_workers_are_announced_ahead():
    announced, done = [], []
    results = run(lambda number: number, range(20), before=announced.append)

    for result in results:
        done.append(result)
        assert len(announced) <= len(done) + 3


def test_batches_are_announced_in_the_callers_thread():
    threads = set()

    list(run(lambda number: number, range(9), before=lambda _: threads.add(threading.get_ident())))

    assert threads == {threading.get_ident()}


def test_a_failure_is_raised_after_the_results_of_those_under_way():
    together = threading.Barrier(3)

    def work(number):
        together.wait(timeout=10)
        if number == 0:
            raise ValueError("first")
        return number

    results, failure = drained(run(work, range(3)))

    assert sorted(results) == [1, 2]
    assert str(failure) == "first"


def test_after_a_failure_nothing_more_is_taken():
    announced = []

    def work(number):
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        list(run(work, range(10), workers=1, before=announced.append))

    assert announced == [0]


def test_a_failing_announcement_ends_the_run_after_those_under_way():
    def before(number):
        if number == 2:
            raise OSError("disk full")

    results, failure = drained(run(lambda number: number, range(10), before=before))

    assert sorted(results) == [0, 1]
    assert str(failure) == "disk full"


def test_a_caller_that_breaks_off_stops_the_rest():
    announced, stop = [], threading.Event()
    results = run(lambda number: number, range(100), before=announced.append, stop=stop)

    next(results)
    results.close()

    assert stop.is_set()
    assert len(announced) <= 4
