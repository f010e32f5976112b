"""What `goldpan check` looks at, in the order in which a run needs it."""

from collections.abc import Callable, Iterator
from datetime import datetime

from sync.app import now
from sync.checks import habits, machine, places, portal
from sync.checks.check import Check
from sync.settings import AppSettings

__all__ = ["Check", "run_checks"]


def run_checks(settings: AppSettings, *, clock: Callable[[], datetime] = now) -> Iterator[Check]:
    """Look at everything a run needs.

    Nothing is written here or in HubSpot. In a bucket that Goldpan has to write, an object is put and taken away again.

    Args:
        settings: Checked when they were read: a file with secrets that everybody can read was refused then.
        clock: The time, to compare HubSpot's with.
    """
    yield from machine.checks(settings)
    yield from places.checks(settings)
    yield from habits.checks(settings, clock())
    yield from portal.checks(settings, clock)
