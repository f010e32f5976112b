"""The rows of whole commands: wall time from start to exit, as a person waits for them."""

import sys
from pathlib import Path

from bench.stage import Finished
from bench.table.goals import Measured
from bench.table.measuring import Bench, Timed
from bench.table.prepared import code_of, is_made, made

ROUNDS = 7
NIGHTS = 2
"""Runs that `goldpan runs` lists."""


def goldpan(*words: str) -> list[str]:
    """The command of this environment."""
    return [sys.executable, "-m", "sync.cli", *words]


def help_(bench: Bench) -> Measured:
    """What starts fastest."""
    return bench.in_turn(lambda: _pass(bench), lambda: _timed(bench.command(goldpan("--help"))), rounds=ROUNDS)


def runs(bench: Bench) -> Measured:
    """The list of the last nights."""
    config = str(_home_with_runs(bench) / "config")
    words = goldpan("runs", "--config", config)
    return bench.in_turn(lambda: _pass(bench), lambda: _timed(bench.command(words)), rounds=ROUNDS)


def _pass(bench: Bench) -> Timed:
    return _timed(bench.command([sys.executable, "-c", "pass"]))


def _timed(finished: Finished) -> Timed:
    return Timed(finished.seconds, finished.cpu_seconds, finished.peak_mb)


def _home_with_runs(bench: Bench) -> Path:
    """The folder of a demo that ran."""
    folder = bench.data / "demo"
    by = code_of("sync/state/**/*.py", "sync/demo/*.py", "config/**/*.toml")
    if not is_made(folder, by):
        for _ in range(NIGHTS):
            bench.command(goldpan("demo"), folder=folder)
        made(folder, by)
    return folder / "goldpan-demo"
