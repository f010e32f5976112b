"""Of all who want the lease one has it, whatever the clocks of their machines say."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import update

from sync.state import tables as t
from sync.state.leases import Holder, StoredLease
from sync.state.store import State

HERE = Holder("a machine", "12 345", "process 12 on here")
THERE = Holder("another machine", "67 890", "process 67 on there")
LONG = 60.0


def lives(_):
    return False


def is_dead(_):
    return True


def take(state: State, owner: str, holder: Holder = HERE, *, seconds: float = LONG, dead=lives) -> StoredLease | None:
    return state.leases.take(owner, holder, seconds=seconds, is_dead=dead)


def test_a_free_lease_is_taken_and_says_who_has_it(state):
    assert state.leases.current() is None

    assert take(state, "one") is None

    held = state.leases.current()
    assert (held.owner, held.holder) == ("one", HERE)
    assert str(held) == f"process 12 on here, since {held.taken_at:%Y-%m-%d %H:%M} UTC"


def test_who_comes_second_is_told_who_has_it(state):
    take(state, "one")

    assert take(state, "two", THERE) == state.leases.current()
    assert state.leases.current().owner == "one"


def test_of_many_at_once_exactly_one_gets_it(url):
    many, rounds = 8, 5
    State.open(url).close()
    together = threading.Barrier(many, timeout=60)

    def try_it(number):
        with State.open(url) as state:
            got = []
            for each in range(rounds):
                together.wait()
                got.append(take(state, f"{each}-{number}") is None)
                together.wait()
                state.leases.release(f"{each}-{number}")
            return got

    with ThreadPoolExecutor(many) as pool:
        results = list(pool.map(try_it, range(many)))

    assert [sum(got) for got in zip(*results, strict=True)] == [1] * rounds


def test_of_many_who_find_a_dead_one_s_exactly_one_gets_it(url):
    many = 8
    with State.open(url) as state:
        take(state, "dead")
    together = threading.Barrier(many, timeout=60)

    def try_it(number):
        with State.open(url) as state:
            together.wait()
            return take(state, f"{number}", dead=lambda holder: holder == HERE, holder=THERE) is None

    with ThreadPoolExecutor(many) as pool:
        assert sum(pool.map(try_it, range(many))) == 1


def test_a_dead_one_s_lease_is_taken_at_once(state):
    take(state, "one")

    assert take(state, "two", THERE, dead=lambda holder: holder == HERE) is None

    assert state.leases.current().owner == "two"


def test_a_lease_that_ran_out_is_anybody_s(state):
    take(state, "one", seconds=0)

    assert state.leases.current() is None
    assert take(state, "two", THERE) is None


def test_a_lease_from_before_the_clock_was_set_back_is_anybody_s(state):
    take(state, "one")
    with state.engine.begin() as connection:
        connection.execute(update(t.leases).values(expires_at=t.leases.c.expires_at + 7200))

    assert take(state, "two", THERE) is None


def test_its_owner_renews_it_and_nobody_else(state):
    take(state, "one", seconds=0)

    assert state.leases.renew("one", LONG)
    assert not state.leases.renew("two", LONG)
    assert state.leases.current().owner == "one"


def test_who_lost_it_can_not_renew_it_nor_give_it_back(state):
    take(state, "one", seconds=0)
    take(state, "two", THERE)

    assert not state.leases.renew("one", LONG)
    state.leases.release("one")

    assert state.leases.current().owner == "two"


def test_given_back_it_is_free(state):
    take(state, "one")

    state.leases.release("one")

    assert state.leases.current() is None
    assert take(state, "two", THERE) is None


def test_nobody_takes_it_while_a_transaction_relies_on_it(url):
    with State.open(url) as mine, State.open(url) as other:
        take(mine, "one")
        taken = threading.Event()

        def take_over():
            take(other, "two", THERE, dead=is_dead)
            taken.set()

        thread = threading.Thread(target=take_over)
        with mine.engine.begin() as connection:
            assert mine.leases.renew_in(connection, "one", LONG)
            thread.start()
            was_taken_meanwhile = taken.wait(0.3)
        thread.join()

        assert not was_taken_meanwhile
        assert other.leases.current().owner == "two"


def test_what_a_transaction_undid_was_not_renewed(state):
    take(state, "one", seconds=0)

    with state.engine.connect() as connection:
        state.leases.renew_in(connection, "one", LONG)
        connection.rollback()

    assert state.leases.current() is None
