"""``python -m sync.sandbox``: the sandbox as a process of its own, for tests that kill it."""

import argparse
import signal
import sys
from pathlib import Path

from sync.sandbox.server import Sandbox


def main() -> None:
    """Serve until interrupted or terminated; the URL is the first line on standard output."""
    parser = argparse.ArgumentParser(prog="python -m sync.sandbox", description="A HubSpot stand-in on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--store", type=Path, default=None, help="SQLite file; memory without it")
    parser.add_argument("--burst-limit", type=int, default=190, help="requests in any 10 seconds, 0 for no limit")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer is held back")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Sandbox(
        arguments.store, port=arguments.port, burst_limit=arguments.burst_limit, latency_seconds=arguments.latency
    ) as sandbox:
        sys.stdout.write(sandbox.url + "\n")
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
