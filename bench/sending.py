"""How close reading and writing new contacts come to what HubSpot's burst limit allows.

The sandbox answers each request after 100 ms and allows 190 in any 10 s. 20,000 contacts that it does not know are
first read (200 requests), then written (200 requests). The limit lets the first 190 requests leave at once, and every
later one 10 s after the one 190 before it; the last answer takes its 100 ms on top.

    python bench/sending.py [--contacts 20000] [--limit 190] [--latency 0.1] [--json FILE]
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from math import ceil
from pathlib import Path
from time import perf_counter, sleep

from goldpan.config import Config
from goldpan.desired import property_definitions
from goldpan.model import Action, Change
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.properties import missing_in
from sync.sandbox import TOKEN
from sync.settings import default_config_folder, load_config

WINDOW_SECONDS = 10.0


def main() -> None:
    """Measure once, print the ratio, and exit with 1 when it misses the goal."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sync.sandbox", "--port", "0", "--store", str(Path(folder) / "sandbox.sqlite"),
                   "--burst-limit", str(arguments.limit), "--latency", str(arguments.latency)]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
            try:
                assert sandbox.stdout is not None
                result = _measure(sandbox.stdout.readline().strip(), arguments)
            finally:
                sandbox.terminate()
    print(
        f"{result['requests']} requests for {arguments.contacts:,} new contacts, {arguments.limit} per 10 s, "
        f"{arguments.latency * 1000:.0f} ms answers\n"
        f"read {result['read_seconds']:.2f} s + write {result['write_seconds']:.2f} s = {result['seconds']:.2f} s; "
        f"the limit allows {result['limit_seconds']:.2f} s; ratio {result['ratio']:.3f} (goal 1.15)\n"
        f"{result['throttled']} answers were 429; {result['applied']:,} of {arguments.contacts:,} applied"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if result["ratio"] <= 1.15 and result["applied"] == arguments.contacts else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--limit", type=int, default=190, help="requests per 10 s")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds per answer")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args()


def _measure(url: str, arguments: argparse.Namespace) -> dict[str, object]:
    config = load_config(default_config_folder())[1]
    changes = _changes(config, arguments.contacts)
    names = [spec.name for spec in config.properties.properties]
    with HubSpotDestination(token=TOKEN, base_url=url, burst_limit=arguments.limit) as setup:
        for step in missing_in(property_definitions(config), setup.properties(), frozenset()):
            setup.set_up(step)
    sleep(WINDOW_SECONDS)
    with HubSpotDestination(token=TOKEN, base_url=url, burst_limit=arguments.limit) as destination:
        begin = perf_counter()
        absent = sum(len(batch.absent) for batch in destination.read_contacts([c.email for c in changes], names))
        between = perf_counter()
        applied = sum(o.verdict == "applied" for batch in destination.write(changes) for o in batch)
        end = perf_counter()
        requests = destination.requests
    assert absent == arguments.contacts
    needed = 2 * ceil(arguments.contacts / 100)
    allowed = (needed - 1) // arguments.limit * WINDOW_SECONDS + arguments.latency
    return {
        "python": platform.python_version(),
        "requests": requests.sent,
        "throttled": requests.throttled,
        "applied": applied,
        "read_seconds": between - begin,
        "write_seconds": end - between,
        "seconds": end - begin,
        "limit_seconds": allowed,
        "ratio": (end - begin) / allowed,
    }


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
