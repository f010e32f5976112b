"""Being told to stop: what is under way may end, nothing new begins."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from goldpan.errors import StoppedError

IN_FLIGHT_SECONDS = 20.0
"""So long the requests under way are waited for."""
AT_MOST_SECONDS = 28.0
"""So long after the first signal the process has ended, whatever hangs; service managers kill after 30 to 90."""
STOPPED = 128 + signal.SIGTERM


class Stop(threading.Event):
    """Set once the work is to end; it may be a part of a larger one, and is set with that.

    Args:
        whole: The larger one.
    """

    def __init__(self, whole: threading.Event | None = None) -> None:
        super().__init__()
        self._whole = whole

    def is_set(self) -> bool:
        """Whether this, or what it is a part of, was told to end."""
        return super().is_set() or (self._whole is not None and self._whole.is_set())

    def check(self) -> None:
        """Go on, or not.

        Raises:
            StoppedError: It is set.
        """
        if self.is_set():
            raise StoppedError("Goldpan was told to stop. The next run settles what was under way.")


@contextmanager
def stopped_by_signals(
    stop: threading.Event, give_up: Callable[[], None], *, signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
) -> Iterator[None]:
    """Let a signal end the work: the first one gently, a second one at once.

    Args:
        stop: Set by the first signal.
        give_up: Called in a thread of its own when the work has not ended after a while; then the process ends.
        signals: Which ones.
    """
    timers: list[threading.Timer] = []

    def end() -> None:
        give_up()
        os._exit(STOPPED)

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(STOPPED)
        stop.set()
        for seconds, what in ((IN_FLIGHT_SECONDS, end), (AT_MOST_SECONDS, lambda: os._exit(STOPPED))):
            timer = threading.Timer(seconds, what)
            timer.daemon = True
            timer.start()
            timers.append(timer)

    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
