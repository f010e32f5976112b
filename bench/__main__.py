"""``python -m bench``: every row of the table, each against its limit, and the peers on the same job.

python -m bench [--full] [--only ROW ...] [--list] [--rounds N] [--data DIR] [--json FILE]
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.data.sets import SHRUNK
from bench.peers import comparison
from bench.table.goals import Measured
from bench.table.measuring import Bench, CannotMeasureError, data_folder, tell
from bench.table.printing import as_json, as_text
from bench.table.rows import ROWS, Row

PEERS = "peers"


def main() -> None:
    """Measure, print the table, and exit with 1 when a goal is missed."""
    arguments = _arguments()
    chosen = [row for row in ROWS.values() if _is_wanted(row, arguments)]
    if arguments.list:
        print("\n".join(f"{row.name:12} {row.does}{' (--full)' if row.is_long else ''}" for row in ROWS.values()))
        print(f"{PEERS:12} the same job for Goldpan and its alternatives, two nights")
        return
    machine = _machine()
    begin = perf_counter()
    with data_folder(arguments.data) as data:
        bench = Bench(Path(data), arguments.rounds, arguments.full)
        results = {row.name: (row, _measure(row, bench)) for row in chosen}
        outcomes = _compare(bench) if PEERS in (arguments.only or [PEERS]) else {}
    told = {
        "machine": machine,
        "seconds": perf_counter() - begin,
        "rows": as_json(results),
        "peers": comparison.as_json(outcomes),
    }
    if results:
        print(as_text(results))
    if outcomes:
        print("\n" + comparison.as_text(outcomes))
    print("\n" + _about(machine, perf_counter() - begin))
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=2, default=str) + "\n", encoding="utf-8")
    sys.exit(any(measured.verdict(row.goal) == "missed" for row, measured in results.values()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the rows that take long, too")
    parser.add_argument(
        "--only", action="append", metavar="ROW", choices=[*ROWS, PEERS], help="this row; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="the rows, and nothing else")
    parser.add_argument("--rounds", type=int, help="how often each side of a row is measured; else as the row says")
    parser.add_argument("--data", type=Path, help="keep the exports there; else they go with the run")
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args()


def _is_wanted(row: Row, arguments: argparse.Namespace) -> bool:
    return row.name in arguments.only if arguments.only else arguments.full or not row.is_long


def _measure(row: Row, bench: Bench) -> Measured:
    tell(f"{row.name}: {row.does}")
    try:
        return row.measure(bench)
    except CannotMeasureError as error:
        return Measured(remarks=[str(error)])


def _compare(bench: Bench) -> dict[str, comparison.Outcome]:
    tell(f"{PEERS}: two nights of everybody")
    try:
        return comparison.compare(bench)
    except CannotMeasureError as error:
        tell(f"  {error}")
        return {}


def _machine() -> dict[str, Any]:
    return {
        "processors": os.cpu_count() or 1,
        "python": platform.python_version(),
        "system": platform.platform(),
        "load_before": os.getloadavg()[0],
    }


def _about(machine: dict[str, Any], seconds: float) -> str:
    """Where it was measured, and whether something else ran there."""
    words = f"{machine['processors']} processors, Python {machine['python']}; {seconds:.0f} s in all."
    if SHRUNK > 1:
        words += f" All sizes were divided by {SHRUNK}, so no goal was asked for."
    if machine["load_before"] > machine["processors"] / 2:
        words += f" The machine was busy before (load {machine['load_before']:.1f}): trust the ratios, not the seconds."
    return words


if __name__ == "__main__":
    main()
