"""How close sending comes to what HubSpot's burst limit allows, and whether it ever waits for more than that.

The sandbox answers each request after 100 ms and allows 190 in any 10 s; it counts arrivals, and a request too many
gets a 429. Each measurement has a sandbox in a process of its own, in whose store another one made the properties: so
its window is empty at the start.

    python -m bench.sending [--contacts 50000] [--limit 190] [--latency 0.1] [--only NAME] [--json FILE]

To add a measurement: a function of ``Measured`` in ``MEASUREMENTS``, and its line in README.md.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from time import perf_counter, process_time

from bench.homes import set_up
from bench.stage import ask, sandbox
from goldpan.config import Config
from goldpan.model import Action, Change
from sync.config_files import default_config_folder
from sync.destinations.hubspot import HubSpotDestination
from sync.sandbox import TOKEN
from sync.settings import load_config

WINDOW_SECONDS = 10.0
WORKERS = 16
MANY, SHORT = 20_000, 9_000  # contacts: a few windows full of requests, and half a window


@dataclass(frozen=True)
class Measured:
    """One measurement: a sentence, whether the goal was met, and the figures behind it."""

    words: str
    is_met: bool
    figures: dict[str, float]


@dataclass(frozen=True)
class Sending:
    """What became of contacts that HubSpot didn't know: they were read, then written.

    Attributes:
        contacts: How many there were,
        applied: and how many of them HubSpot took.
        requests: How many were needed,
        throttled: and how many answers were 429.
        busiest: The most requests that arrived at the sandbox in any 10 s.
        read_seconds: Until all were read,
        write_seconds: and from then until all were written.
        cpu_seconds: Processor time of this process meanwhile.
    """

    contacts: int
    applied: int
    requests: int
    throttled: int
    busiest: int
    read_seconds: float
    write_seconds: float
    cpu_seconds: float

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return self.read_seconds + self.write_seconds

    @property
    def is_whole(self) -> bool:
        """Whether all were applied, with as few requests as possible and without a 429."""
        return self.applied == self.contacts and self.throttled == 0 and self.requests == 2 * ceil(self.contacts / 100)

    def __str__(self) -> str:
        return (
            f"{self.requests} requests for {self.contacts:,} new contacts: read {self.read_seconds:.2f} s + write "
            f"{self.write_seconds:.2f} s = {self.seconds:.2f} s, {1000 * self.cpu_seconds / self.requests:.1f} ms of "
            f"processor time each; at most {self.busiest} arrived in 10 s, {self.throttled} answers were 429; "
            f"{self.applied:,} applied"
        )


def new_contacts(url: str, arguments: argparse.Namespace) -> Measured:
    """Does sending take longer than the limit for so many requests on average? 1,000 at 190 per 10 s: 52.6 s.

    What a run asks first is in the window, too: its look at the properties, and their making where they are missing.
    """
    sent = _sent(url, arguments, arguments.contacts, looks_first=True)
    limit_seconds = sent.requests / arguments.limit * WINDOW_SECONDS
    share = limit_seconds / sent.seconds
    return Measured(
        f"{sent}; {arguments.limit} per 10 s would take {limit_seconds:.2f} s: {share:.1%} of the limit (goal 97 %)",
        share >= 0.97 and sent.is_whole,
        {"seconds": sent.seconds, "limit_seconds": limit_seconds, "share": share} | asdict(sent),
    )


def full_windows(url: str, arguments: argparse.Namespace) -> Measured:
    """Does sending wait more often than the limit makes it?

    The limit lets the first 190 requests leave at once, and every later one 10 s after the one 190 before it; the last
    answer takes its 100 ms on top.
    """
    sent = _sent(url, arguments, MANY)
    least = (sent.requests - 1) // arguments.limit * WINDOW_SECONDS + arguments.latency
    ratio = sent.seconds / least
    return Measured(
        f"{sent}; {arguments.limit} in any 10 s allow {least:.2f} s; ratio {ratio:.3f} (goal 1.10)",
        ratio <= 1.10 and sent.is_whole,
        {"seconds": sent.seconds, "least_seconds": least, "ratio": ratio} | asdict(sent),
    )


def short_run(url: str, arguments: argparse.Namespace) -> Measured:
    """A run that the window holds needs no longer than its answers take, some of them at once."""
    requests = SHORT // 100
    with _destination(url, arguments) as destination:
        begin = perf_counter()
        applied = _written(destination, _changes(_config(), SHORT))
        seconds = perf_counter() - begin
        throttled = destination.requests.throttled
    least = ceil(requests / WORKERS) * arguments.latency
    ratio = seconds / least
    return Measured(
        f"{requests} requests that one window holds: {seconds:.2f} s; their answers alone take {least:.2f} s, "
        f"{WORKERS} at once; ratio {ratio:.2f} (goal 3; spread evenly over the window it would be "
        f"{requests / arguments.limit * WINDOW_SECONDS / least:.1f}); {throttled} answers were 429",
        ratio <= 3 and throttled == 0 and applied == SHORT,
        {"requests": requests, "seconds": seconds, "least_seconds": least, "ratio": ratio},
    )


MEASUREMENTS: dict[str, Callable[[str, argparse.Namespace], Measured]] = {
    "new-contacts": new_contacts,
    "full-windows": full_windows,
    "short-run": short_run,
}


def main() -> None:
    """Measure each once, print the sentences, and exit with 1 when one misses its goal."""
    arguments = _arguments()
    results = {}
    for name, measure in MEASUREMENTS.items():
        if arguments.only in (None, name):
            with _prepared_sandbox(arguments) as url:
                results[name] = measure(url, arguments)
            print(f"{name}: {results[name].words}", flush=True)
    if arguments.json:
        told = {"python": platform.python_version()} | {name: asdict(result) for name, result in results.items()}
        arguments.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if all(result.is_met for result in results.values()) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contacts", type=int, default=50_000, help="for new-contacts")
    parser.add_argument("--limit", type=int, default=190, help="requests per 10 s")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds per answer")
    parser.add_argument("--only", choices=MEASUREMENTS, help="this measurement alone")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args()


@contextmanager
def _prepared_sandbox(arguments: argparse.Namespace) -> Iterator[str]:
    """The address of a sandbox that has the properties and was not asked anything yet."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "sandbox.sqlite"
        with sandbox(store) as url, _destination(url, arguments) as destination:
            set_up(destination, _config())
        with sandbox(store, burst_limit=arguments.limit, latency=arguments.latency) as url:
            yield url


def _sent(url: str, arguments: argparse.Namespace, contacts: int, *, looks_first: bool = False) -> Sending:
    config = _config()
    changes = _changes(config, contacts)
    names = [spec.name for spec in config.properties.properties]
    with _destination(url, arguments) as destination:
        if looks_first:
            set_up(destination, config)
        before = destination.requests.sent
        cpu, begin = process_time(), perf_counter()
        absent = sum(len(batch.absent) for batch in destination.read_contacts([c.email for c in changes], names))
        between = perf_counter()
        applied = _written(destination, changes)
        end, cpu = perf_counter(), process_time() - cpu
        requests, throttled = destination.requests.sent - before, destination.requests.throttled
    assert absent == contacts
    busiest = ask(f"{url}/sandbox/stats")["peak_burst"]
    return Sending(contacts, applied, requests, throttled, busiest, between - begin, end - between, cpu)


def _destination(url: str, arguments: argparse.Namespace) -> HubSpotDestination:
    return HubSpotDestination(token=TOKEN, base_url=url, burst_limit=arguments.limit, workers=WORKERS)


def _config() -> Config:
    return load_config(default_config_folder())[1]


def _written(destination: HubSpotDestination, changes: list[Change]) -> int:
    return sum(outcome.verdict == "applied" for batch in destination.write(changes) for outcome in batch)


def _changes(config: Config, count: int) -> list[Change]:
    tags = ";".join(tag.value for tag in config.tags)
    values = {
        "membership_status_tags": tags, "total_order_value": "1234.50", "estimated_savings": "98.76",
        "membership_start": "2026-01-01", "membership_expires": "2026-12-31", "member_since": "2020-01-01",
        "membership_category": "active", "customer_id": "00012345", "customer_name": "Riverside Bakery",
    }  # fmt: skip
    before = dict.fromkeys(values, "")
    return [Change(f"member.{n}@example.com", Action.CREATE, before, values) for n in range(count)]


if __name__ == "__main__":
    main()
