"""Several requests at once, one caller: the caller's thread alone hands out batches and takes what comes back."""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Batch = TypeVar("Batch")
Result = TypeVar("Result")


def chunks(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """The items in groups of ``size``, taken as they are needed."""
    rest = iter(items)
    return iter(lambda: tuple(islice(rest, size)), ())


def chunks_by(kind: Callable[[Item], Hashable], items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """The items in groups of one kind and ``size`` each, taken as they are needed.

    A group comes as soon as it is full; the short ones come at the end, the one that was begun first first.
    """
    begun: dict[Hashable, list[Item]] = {}
    for item in items:
        group = begun.setdefault(kind(item), [])
        group.append(item)
        if len(group) == size:
            yield tuple(begun.pop(kind(item)))
    yield from map(tuple, begun.values())


def in_parallel(
    work: Callable[[Batch], Result],
    batches: Iterator[Batch],
    *,
    workers: int,
    stop: threading.Event,
    before: Callable[[Batch], None] | None = None,
) -> Iterator[Result]:
    """What ``work`` makes of each batch, as the results come.

    A batch is taken only when a worker is free, and announced to ``before`` in the caller's thread. Once ``stop`` is
    set, or anything fails, no further batch is taken; those under way are waited for and their results yielded, then
    the first failure is raised. A caller that breaks off sets ``stop`` and waits for those under way too.
    """
    running: set[Future[Result]] = set()
    failure: BaseException | None = None
    with ThreadPoolExecutor(workers, thread_name_prefix="hubspot") as pool:
        try:
            while True:
                try:
                    while not stop.is_set() and len(running) < workers and (batch := next(batches, None)) is not None:
                        if before is not None:
                            before(batch)
                        running.add(pool.submit(work, batch))
                except Exception as error:  # noqa: BLE001 - raised below, when the batches under way are accounted for
                    failure = failure or error
                    stop.set()
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    if (trouble := future.exception()) is None:
                        yield future.result()
                        continue
                    failure = failure or trouble
                    stop.set()
        except BaseException:  # also a caller that breaks off
            stop.set()
            raise
    if failure is not None:
        raise failure
