"""`goldpan serve` as a process: its log as it is written, and signals."""

import json
import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.cli.installation import Installation

T = TypeVar("T")
Event = dict[str, Any]

PATIENCE_SECONDS = 60.0
"""Far more than anything here takes, also on a machine that has much else to do."""
QUICK = (
    ("settle_seconds = 30", "settle_seconds = 1"),
    ("poll_seconds = 10", "poll_seconds = 1"),
    ("debounce_seconds = 60", "debounce_seconds = 0"),
    ("port = 9464", "port = 0"),
    ('nightly = "30 5 * * *"', 'nightly = ""'),
    ('verify = "0 12 * * sun"', 'verify = ""'),
)
"""A service that takes files at once, and does nothing because of the hour at which the tests happen to run."""
LOADED = [("run", "held"), ("approve", "done")]
"""What is on record after the first exports."""


def wait_until(look: Callable[[], T], tell: Callable[[], str] = lambda: "") -> T:
    """Look until there is something; says what there is instead when nothing comes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < end, tell()
        time.sleep(0.02)
    return found


class Serving:
    """A running `goldpan serve`; whatever a test forgets, it is gone at the end of the block.

    Args:
        goldpan: Where.
        arguments: Behind `serve`.

    Attributes:
        process: The process.
        err: Every line of its standard error so far.
        heard: The log so far, as far as it was waited for.
    """

    def __init__(self, goldpan: Installation, *arguments: str) -> None:
        self.process = goldpan.start("serve", *arguments)
        self.err: list[str] = []
        self._heard = 0
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self.process.stderr, self.err), (self.process.stdout, []))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, lines: list[str]) -> None:
        lines.extend(line.rstrip("\n") for line in stream)

    def events(self, name: str = "", /, **values: object) -> list[Event]:
        """What it has logged by now; several names are separated by blanks."""
        events = [_event_of(line) for line in [*self.err]]
        return [event for event in events if event and _fits(event, name, values)]

    def hear(self, name: str, /, **values: object) -> Event:
        """The next event of this kind, from the last one on that was waited for; it may be still to come."""
        return wait_until(lambda: self._next(name, values), lambda: f"no {name} {values} in:\n{self.told()}")

    def _next(self, name: str, values: Event) -> Event | None:
        has_ended = self.process.poll() is not None
        lines = [*self.err]
        for number in range(self._heard, len(lines)):
            if (event := _event_of(lines[number])) and _fits(event, name, values):
                self._heard = number + 1
                return event
        assert not has_ended, f"it ended with {self.process.returncode} before {name} {values}:\n{self.told()}"
        return None

    def told(self) -> str:
        """Its log, for a test that fails."""
        return "\n".join(self.err[-60:])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for the end.

        Returns:
            The exit code.
        """
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """As a machine does that loses its power."""
        self.end(signal.SIGKILL)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """The exit code, once it has ended."""
        code = self.process.wait(timeout=seconds)
        for reader in self._readers:
            reader.join(timeout=10)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


def _event_of(line: str) -> Event:
    """A line of the log; nothing for what else is said, of which a library's may stand before it without an end."""
    place = line.find('{"')
    return json.loads(line[place:]) if place >= 0 else {}


def _fits(event: Event, name: str, values: Event) -> bool:
    return (not name or event.get("event") in name.split()) and all(
        event.get(key) == value for key, value in values.items()
    )
