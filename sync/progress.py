"""How long work shows itself while it runs; the command line decides whether that is a bar, a line or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Told of each stage and of the steps inside it."""

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage begins; `total` is how many steps it has, where that is known."""

    def advance(self, steps: int = 1) -> None:
        """Steps of the current stage are done."""

    def finish(self) -> None:
        """The current stage is done."""


class NoProgress:
    """Shows nothing."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Nothing."""


@contextmanager
def shown(progress: Progress, stage: str, total: int | None = None) -> Iterator[None]:
    """One stage, finished whatever happens in it."""
    progress.start(stage, total)
    try:
        yield
    finally:
        progress.finish()
