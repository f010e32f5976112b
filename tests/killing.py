"""A kill at a step of some work, inside the test's own process: quick enough to try every step."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest


class Kill(BaseException):
    """The process is gone."""


@dataclass
class Made:
    """How many steps were begun, that of the kill among them, and those of whoever tidied up behind it."""

    steps: int = 0


@contextmanager
def killed_at(step: int, *operations: tuple[object, str]) -> Iterator[Made]:
    """What is done here ends right before one of these operations, the `step`-th of them all.

    Args:
        step: From 1 on.
        operations: Functions, each as its owner and its name; they work as ever but for the one that is killed.
    """
    made = Made()

    def counted(really):
        def go(*args, **options):
            made.steps += 1
            if made.steps == step:
                raise Kill
            return really(*args, **options)

        return go

    with pytest.MonkeyPatch.context() as killing:
        for owner, name in operations:
            killing.setattr(owner, name, counted(getattr(owner, name)))
        with suppress(Kill):
            yield made
