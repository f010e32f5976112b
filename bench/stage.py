"""What every measurement needs around the thing it measures: a sandbox beside it, a command run alone, files."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.request import Request, urlopen

LONGEST = 3600.0
"""Seconds after which a command is ended."""


class NoPace:
    """A clock that passes only where somebody waits."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds so far."""
        with self._lock:
            return self._seconds

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        with self._lock:
            self._seconds += seconds


@dataclass(frozen=True)
class Finished:
    """A command that ended.

    Attributes:
        seconds: From start to end.
        cpu_seconds: Of the processor, its own children included.
        peak_mb: The most memory it or one of its children had, by the operating system's account.
        said: What it wrote to standard output.
    """

    exit_code: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    said: str
    complaints: str


def run_alone(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    longest: float = LONGEST,
) -> Finished:
    """Run a command to its end, and ask the operating system what it took (see ``alone.py``).

    Args:
        command: Its words.
        environment: Variables beside those of this process.
        folder: Where it works.
        longest: Seconds after which it is killed.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        runner = [sys.executable, "-I", str(Path(__file__).with_name("alone.py")), str(said.fileno()), str(longest)]
        done = subprocess.run(
            [*runner, *command],
            stdout=subprocess.PIPE,
            stderr=complained,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            pass_fds=(said.fileno(),),
            check=True,
        )
        return Finished(**json.loads(done.stdout), said=_text(said), complaints=_text(complained))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


@contextmanager
def sandbox(store: Path, *, burst_limit: int = 0, latency: float = 0.0, module: str = "sync.sandbox") -> Iterator[str]:
    """The address of a HubSpot stand-in in a process of its own, so that it takes no time or memory from the sender's.

    Args:
        store: Its SQLite file; made if missing.
        burst_limit: Requests in any 10 seconds; 0 is no limit.
        latency: Seconds per answer.
        module: What is run.
    """
    command = [sys.executable, "-m", module, "--port", "0", "--store", str(store),
               "--burst-limit", str(burst_limit), "--latency", str(latency)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def ask(address: str, body: Any = None, *, token: str = "", method: str = "") -> Any:  # noqa: ANN401 - JSON
    """The sandbox's answer to a GET, or with a body to a POST."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = Request(address, data, headers, method=method or ("GET" if body is None else "POST"))
    with urlopen(request) as answer:
        return json.load(answer)


def requests_of(url: str) -> Counter[str]:
    """The requests that arrived so far, by endpoint."""
    return Counter(ask(f"{url}/sandbox/stats")["by_endpoint"])


def batches_in(requests: Counter[str]) -> int:
    """How many of them read or wrote contacts by the hundred; the rest is preflight."""
    return sum(count for endpoint, count in requests.items() if "/batch/" in endpoint)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file, its folder made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
