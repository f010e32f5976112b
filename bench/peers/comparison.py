"""The same job for Goldpan and three alternatives: two identical nights against a HubSpot with a bad day.

One request a record is slow: such a peer sends only the first few hundred, and the night is extrapolated from them.
Every peer has a portal of its own, in which marketing marked some contacts by hand before the first night.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.data.sets import AS_OF, files
from bench.peers.environment import python_with_peers
from bench.stage import ask, run_alone, sandbox
from bench.table.commands import goldpan
from bench.table.measuring import Bench, CannotMeasureError, tell
from bench.table.nights import BURST, LATENCY, TOKEN
from bench.table.printing import aligned

SAMPLE = 200
FULL_SAMPLE = 1_000
FAULTS = (
    {"does": "throttle", "path": "*contacts*", "every": 40, "retry_after": 1},
    {"does": "status", "status": 503, "path": "*contacts*", "every": 50},
    {"does": "drop", "when": "after", "method": "P*", "path": "*contacts*", "every": 60},
)
"""One request in 40 is a 429, one in 50 a 503, and one in 60 is carried out and never answered."""
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """One way to do the job.

    Attributes:
        words: The command for an address of HubSpot and a file for the addresses that were sent.
        does: What its seconds are of.
        environment: Beside that of this process.
    """

    name: str
    does: str
    words: Callable[[str, Path], list[str]]
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Night:
    """What one night took."""

    seconds: float
    requests: int
    by_status: Mapping[str, int]
    said: Mapping[str, Any]
    peak_mb: float

    def whole(self, share: float) -> float:
        """Seconds of a night with so many times the contacts: sending grows with them, what comes before does not."""
        return self.seconds + float(self.said.get("sending_seconds", 0.0)) * (share - 1)


@dataclass(frozen=True)
class Outcome:
    """What one peer came to.

    Attributes:
        of: Contacts of a whole night.
        sent: Of these it was to send so many; what follows is about them.
        whole_seconds: Of a whole first night, extrapolated where ``sent`` is less than ``of``; likewise the second.
        asked: Of those sent, how many there should be in HubSpot.
        missing, wrong: Contacts that HubSpot lacks, or holds with other values, after the second night.
        unwanted: Contacts that no rule wants.
        overwritten: Contacts whose mark by hand is gone, of so many ``marked``.
    """

    does: str
    of: int
    sent: int
    first: Night
    second: Night
    whole_seconds: float
    whole_second_seconds: float
    asked: int
    missing: int
    wrong: int
    unwanted: int
    overwritten: int
    marked: int
    peak_mb: float

    @property
    def contacts_per_second(self) -> float:
        """Over a whole first night."""
        return self.of / self.whole_seconds


def compare(bench: Bench) -> dict[str, Outcome]:
    """Both nights of everybody; the slow ones side by side, since they mostly wait."""
    bench.exports("peers")
    folder = bench.data / "comparison"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bench.side("portal:right", "peers", str(folder / "right.json"))()
    slow, alone = _peers(bench, folder)
    with ThreadPoolExecutor(len(slow) or 1) as threads:
        outcomes = [*threads.map(lambda peer: _play(bench, folder, peer), slow)]
    outcomes += [_play(bench, folder, peer) for peer in alone]
    return {peer.name: outcome for peer, outcome in zip([*slow, *alone], outcomes, strict=True)}


def as_text(outcomes: Mapping[str, Outcome]) -> str:
    """The comparison as people read it."""
    headers = ("who", "contacts", "night s", "contacts/s", "requests", "same again s", "requests", "missing", "wrong",
               "marks lost", "peak MB", "the seconds are of")  # fmt: skip
    lines = [_line(name, outcome) for name, outcome in outcomes.items()]
    partly = [f"{name}: the first {o.sent:,} of {o.of:,} contacts were sent; ≈ is extrapolated from them, requests, "
              "missing and wrong are of them." for name, o in outcomes.items() if o.sent < o.of]  # fmt: skip
    return "\n".join([aligned(headers, lines, left=(0, 11)), "", *partly])


def as_json(outcomes: Mapping[str, Outcome]) -> dict[str, object]:
    """Every figure."""
    return {name: {**asdict(each), "contacts_per_second": each.contacts_per_second} for name, each in outcomes.items()}


def _peers(bench: Bench, folder: Path) -> tuple[list[Peer], list[Peer]]:
    """Those that send a record a request, and those that don't."""
    right, python = str(folder / "right.json"), python_with_peers()
    exports = [*map(str, files(bench.data, "peers", "xlsx"))]
    sample = str(FULL_SAMPLE if bench.is_full else SAMPLE)
    home = folder / "home"
    _furnish(bench, home, exports)
    night = [sys.executable, str(HERE / "goldpan_night.py"), str(home), AS_OF.isoformat(), right]
    ours = Peer("goldpan", "all", lambda _url, sent: [*night, str(sent)], {"GOLDPAN_HOME": str(home)})
    if python is None:
        return [], [ours]

    def script(name: str, *before: str, after: tuple[str, ...] = ()) -> Callable[[str, Path], list[str]]:
        return lambda url, sent: [python, str(HERE / name), *before, url, TOKEN, *after, str(sent)]

    usual = Peer("usual script", "all", script("usual_script.py", *exports, after=(sample,)))
    drt = Peer("drt-core", "sending", script("drt_sync.py", right, after=(sample,)))
    return [usual, drt], [Peer("plain loop", "sending", script("plain_loop.py", right)), ours]


def _furnish(bench: Bench, home: Path, exports: list[str]) -> None:
    bench.command(goldpan("init", str(home)))
    for path in map(Path, exports):
        shutil.copyfile(path, home / "inbox" / path.name)


def _play(bench: Bench, folder: Path, peer: Peer) -> Outcome:
    stem = peer.name.replace(" ", "-")
    store, sent, work = folder / f"{stem}.sqlite", folder / f"{stem}.sent", folder / stem
    work.mkdir()
    right = str(folder / "right.json")
    bench.side("portal:furnish", str(store), right)()
    first, second = (_night(peer, store, sent, work) for _ in range(2))
    judged = bench.side("portal:judge", str(store), right, str(sent))().counts
    share = first.said["of"] / first.said["sent"]
    tell(f"  {peer.name}: {first.seconds:.1f} s, again {second.seconds:.1f} s")
    return Outcome(
        does=peer.does,
        of=first.said["of"],
        sent=first.said["sent"],
        first=first,
        second=second,
        whole_seconds=first.whole(share),
        whole_second_seconds=second.whole(share),
        peak_mb=max(first.peak_mb, second.peak_mb),
        **{name: int(str(judged[name])) for name in ("asked", "missing", "wrong", "unwanted", "overwritten", "marked")},
    )


def _night(peer: Peer, store: Path, sent: Path, work: Path) -> Night:
    with sandbox(store, burst_limit=BURST, latency=LATENCY, module="bench.peers.stand_in") as url:
        ask(f"{url}/sandbox/faults", FAULTS)
        access = {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN}
        finished = run_alone(peer.words(url, sent), environment=access | dict(peer.environment or {}), folder=work)
        stats = ask(f"{url}/sandbox/stats")
    if finished.exit_code:
        raise CannotMeasureError(f"{peer.name} ended with {finished.exit_code}:\n{finished.complaints}")
    said = json.loads(finished.said.splitlines()[-1])
    return Night(finished.seconds, stats["requests"], stats["by_status"], said, finished.peak_mb)


def _line(name: str, outcome: Outcome) -> tuple[str, ...]:
    about = "≈" if outcome.sent < outcome.of else ""
    return (
        name,
        f"{outcome.of:,}",
        f"{about}{outcome.whole_seconds:.1f}",
        f"{outcome.contacts_per_second:,.0f}",
        f"{outcome.first.requests:,}",
        f"{about}{outcome.whole_second_seconds:.1f}",
        f"{outcome.second.requests:,}",
        f"{outcome.missing:,}",
        f"{outcome.wrong:,}",
        f"{outcome.overwritten} of {outcome.marked}",
        f"{outcome.peak_mb:,.0f}",
        outcome.does,
    )
