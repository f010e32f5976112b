"""Progress on standard error: bars on a terminal, a line a stage elsewhere."""

import sys
from time import perf_counter

from sync.progress import NoProgress, Progress


def progress_for(*, is_quiet: bool = False) -> Progress:
    """What fits where standard error goes."""
    if is_quiet:
        return NoProgress()
    return Bars() if sys.stderr.isatty() else Lines()


class Lines:
    """One line when a stage ends: what, how many, how long."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Remember what begins, and when."""
        self._stage, self._total, self._begin = stage, total, perf_counter()

    def advance(self, steps: int = 1) -> None:
        """Nothing to show between."""

    def finish(self) -> None:
        """Print the line."""
        count = "" if self._total is None else f" {self._total:,}"
        print(f"{self._stage}{count}: {perf_counter() - self._begin:.1f} s", file=sys.stderr, flush=True)


class Bars:
    """A bar per stage, with its count and the time left; a spinner where the count is not known."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        self._bars = RichProgress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
        )

    def start(self, stage: str, total: int | None = None) -> None:
        """Show a new bar."""
        self._bars.start()
        self._task = self._bars.add_task(stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar on."""
        self._bars.advance(self._task, steps)

    def finish(self) -> None:
        """Leave the bar full on the screen; the next one begins below it."""
        task = next(task for task in self._bars.tasks if task.id == self._task)
        self._bars.update(self._task, total=task.total or 1, completed=task.completed if task.total else 1)
        self._bars.stop()
        self._bars.remove_task(self._task)
