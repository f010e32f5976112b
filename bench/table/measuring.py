"""How rows are measured: children in turn, limit first, then Goldpan; each a process of its own."""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from bench.data.sets import provide
from bench.stage import LONGEST, Finished, run_alone
from bench.table.goals import Measured


class CannotMeasureError(Exception):
    """A side of a row that can't be measured here; the message says why in a few words."""


@dataclass(frozen=True)
class Timed:
    """One child's work; ``cpu_seconds`` are of all processors together."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    counts: Mapping[str, object] = field(default_factory=dict)


TOOK = ("seconds", "cpu_seconds", "peak_mb")
"""What is known of every child, beside what its work came to."""

Side = Callable[[], Timed]


@dataclass(frozen=True)
class Bench:
    """What every row is measured with.

    Attributes:
        data: The folder of the exports.
        rounds: How often each side of a row is measured; `None` leaves it to the row.
        is_full: Whether rows that take long are measured.
    """

    data: Path
    rounds: int | None = None
    is_full: bool = False

    def exports(self, *names: str) -> None:
        """Make these sets of exports unless they are there."""
        for name in names:
            provide(self.data, name)

    def side(self, case: str, *words: str) -> Side:
        """A case of ``bench.cases`` (``module:function``), to be run in a child of its own."""
        return lambda: self._child(case, words)

    def in_turn(self, limit: Side | None, ours: Side, *, rounds: int = 3, peer: Side | None = None) -> Measured:
        """Measure both sides alternately, the limit first; the peer once, at the end."""
        measured = Measured()
        for number in range(self.rounds or rounds):
            if limit is not None and (number == 0 or measured.limit):
                self._measure("limit", limit, measured)
            self._measure("ours", ours, measured)
            if not measured.ours:
                break
        if peer is not None and measured.ours:
            self._measure("peer", peer, measured)
        return measured

    def command(self, words: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None,
                *, accepts: Sequence[int] = (0,)) -> Finished:  # fmt: skip
        """A whole command, alone.

        Raises:
            CannotMeasureError: It failed.
        """
        finished = run_alone(words, environment=environment, folder=folder)
        if finished.exit_code not in accepts:
            raise CannotMeasureError(f"{_shown(words)} ended with {finished.exit_code}: {_last_line(finished)}")
        return finished

    def _measure(self, name: str, side: Side, measured: Measured) -> None:
        try:
            timed = side()
        except CannotMeasureError as error:
            measured.remarks.append(f"{name}: {error}")
            return
        getattr(measured, name).append(timed.seconds)
        took = {each: getattr(timed, each) for each in TOOK}
        measured.figures.setdefault(name, []).append({**took, **timed.counts})
        if name == "ours":
            measured.peak_mb = max(measured.peak_mb, timed.peak_mb)
        tell(f"  {name} {timed.seconds:.2f} s ({timed.cpu_seconds:.2f} of processors), {timed.peak_mb:,.0f} MB")

    def _child(self, case: str, words: Sequence[str]) -> Timed:
        command = [sys.executable, "-m", "bench.cases.child", case, str(self.data), *words]
        finished = run_alone(command, longest=LONGEST)
        if finished.exit_code:
            raise CannotMeasureError(_last_line(finished) or f"exit code {finished.exit_code}")
        said = json.loads(finished.said.splitlines()[-1])
        return Timed(**{each: said[each] for each in TOOK}, counts=said["counts"])


def data_folder(named: Path | None) -> "AbstractContextManager[str | Path]":
    """Where the exports are kept: a named folder stays, another one goes with the run."""
    if named is None:
        return tempfile.TemporaryDirectory(prefix="goldpan-bench-")
    named.mkdir(parents=True, exist_ok=True)
    return nullcontext(named.resolve())


def tell(words: str) -> None:
    """Say how far it is, beside the table."""
    print(words, file=sys.stderr, flush=True)


def _shown(words: Sequence[str]) -> str:
    return " ".join(Path(word).name if "/" in word else word for word in words)


def _last_line(finished: Finished) -> str:
    lines = [line for line in finished.complaints.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
