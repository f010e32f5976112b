"""How close sending comes to what HubSpot's burst limit allows, and how few requests a night needs.

The sandbox answers each request after 100 ms and allows 190 in any 10 s; it counts arrivals, and a request too many
gets a 429. Each measurement has a sandbox of its own, so that its window is empty at the start.

    python bench/sending.py [--contacts 20000] [--limit 190] [--latency 0.1] [--only NAME] [--json FILE]

To add a measurement: a function of ``Measured`` in ``MEASUREMENTS``, and its line in README.md.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from time import perf_counter

from goldpan.config import Config
from goldpan.desired import property_definitions
from goldpan.model import Action, Change
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.properties import missing_in
from sync.sandbox import TOKEN
from sync.settings import default_config_folder, load_config

WINDOW_SECONDS = 10.0
WORKERS = 16
SHORT_RUN = 9_000  # contacts: 90 requests, half of what a window holds


@dataclass(frozen=True)
class Measured:
    """One measurement: a sentence, whether the goal was met, and the figures behind it."""

    words: str
    is_met: bool
    figures: dict[str, float]


def new_contacts(url: str, arguments: argparse.Namespace) -> Measured:
    """Contacts that HubSpot doesn't know are read, then written.

    The limit lets the first 190 requests leave at once, and every later one 10 s after the one 190 before it; the last
    answer takes its 100 ms on top. The few requests of the preparation are in the window, too, as in every run.
    """
    config = load_config(default_config_folder())[1]
    changes = _changes(config, arguments.contacts)
    names = [spec.name for spec in config.properties.properties]
    with _destination(url, arguments) as destination:
        _set_up(destination, config)
        prepared = destination.requests.sent
        begin = perf_counter()
        absent = sum(len(batch.absent) for batch in destination.read_contacts([c.email for c in changes], names))
        between = perf_counter()
        applied = _written(destination, changes)
        seconds = perf_counter() - begin
        sent, throttled = destination.requests.sent - prepared, destination.requests.throttled
    assert absent == arguments.contacts
    needed = 2 * ceil(arguments.contacts / 100)
    allowed = (needed - 1) // arguments.limit * WINDOW_SECONDS + arguments.latency
    ratio = seconds / allowed
    return Measured(
        f"{sent} requests for {arguments.contacts:,} new contacts, {arguments.limit} per 10 s, "
        f"{arguments.latency * 1000:.0f} ms answers: read {between - begin:.2f} s + write "
        f"{seconds - between + begin:.2f} s = {seconds:.2f} s; the limit allows {allowed:.2f} s; ratio {ratio:.3f} "
        f"(goal 1.10); {throttled} answers were 429; {applied:,} of {arguments.contacts:,} applied",
        ratio <= 1.10 and throttled == 0 and applied == arguments.contacts,
        {"requests": sent, "seconds": seconds, "limit_seconds": allowed, "ratio": ratio, "throttled": throttled},
    )


def short_run(url: str, arguments: argparse.Namespace) -> Measured:
    """A run that the window holds needs no longer than its answers take, some of them at once."""
    config = load_config(default_config_folder())[1]
    changes = _changes(config, SHORT_RUN)
    with _destination(url, arguments) as destination:
        _set_up(destination, config)
        begin = perf_counter()
        applied = _written(destination, changes)
        seconds = perf_counter() - begin
        throttled = destination.requests.throttled
    least = ceil(SHORT_RUN / 100 / WORKERS) * arguments.latency
    ratio = seconds / least
    return Measured(
        f"{SHORT_RUN // 100} requests that one window holds: {seconds:.2f} s; their answers alone take {least:.2f} s, "
        f"{WORKERS} at once; ratio {ratio:.2f} (goal 3; spread evenly over the window it would be "
        f"{SHORT_RUN / 100 / arguments.limit * WINDOW_SECONDS / least:.1f}); {throttled} answers were 429",
        ratio <= 3 and throttled == 0 and applied == SHORT_RUN,
        {"requests": SHORT_RUN / 100, "seconds": seconds, "least_seconds": least, "ratio": ratio},
    )


MEASUREMENTS: dict[str, Callable[[str, argparse.Namespace], Measured]] = {
    "new-contacts": new_contacts,
    "short-run": short_run,
}


def main() -> None:
    """Measure each once, print the sentences, and exit with 1 when one misses its goal."""
    arguments = _arguments()
    results = {}
    for name, measure in MEASUREMENTS.items():
        if arguments.only in (None, name):
            with _sandbox(arguments) as url:
                results[name] = measure(url, arguments)
            print(f"{name}: {results[name].words}")
    if arguments.json:
        told = {"python": platform.python_version()} | {name: asdict(result) for name, result in results.items()}
        arguments.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if all(result.is_met for result in results.values()) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--limit", type=int, default=190, help="requests per 10 s")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds per answer")
    parser.add_argument("--only", choices=MEASUREMENTS, help="this measurement alone")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args()


@contextmanager
def _sandbox(arguments: argparse.Namespace) -> Iterator[str]:
    """The address of a sandbox in a process of its own, so that it takes no time from the sender's."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sync.sandbox", "--port", "0", "--store", str(Path(folder) / "sandbox.sqlite"),
                   "--burst-limit", str(arguments.limit), "--latency", str(arguments.latency)]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
            try:
                assert sandbox.stdout is not None
                yield sandbox.stdout.readline().strip()
            finally:
                sandbox.terminate()


def _destination(url: str, arguments: argparse.Namespace) -> HubSpotDestination:
    return HubSpotDestination(token=TOKEN, base_url=url, burst_limit=arguments.limit, workers=WORKERS)


def _set_up(destination: HubSpotDestination, config: Config) -> None:
    for step in missing_in(property_definitions(config), destination.properties(), frozenset()):
        destination.set_up(step)


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
