"""How a command carries out a run: SIGTERM ends it gently."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.record import RunRecord
    from sync.settings import AppSettings
    from sync.stopping import Stop


def carried_out(settings: "AppSettings", work: "Callable[[Stop], RunRecord]") -> "RunRecord":
    """The record of a run.

    Args:
        settings: Whose state.
        work: The run; it ends early once its stop is set.
    """
    from sync.lifecycle import give_up
    from sync.stopping import Stop, stopped_by_signals

    stop = Stop()
    with stopped_by_signals(stop, lambda: give_up(settings)):
        return work(stop)
