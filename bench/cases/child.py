"""``python -m bench.cases.child MODULE:FUNCTION DATA [WORD...]``: one piece of work, timed without its imports.

The function takes the folder of the exports and the words, and gets ready: imports, inputs that the work starts from, a
first go at something tiny so that what is imported late is there.
"""

import gc
import importlib
import json
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from sync.memory import return_columns


def main() -> None:
    """Do it once; the last line on standard output is a JSON object: what it took, and counts."""
    name, data, *words = sys.argv[1:]
    if name.startswith("ours:"):
        return_columns()  # as the command line does
    sys.stdout.write("\n" + json.dumps(_timed(name, Path(data), words)) + "\n")


def _timed(name: str, data: Path, words: list[str]) -> dict[str, Any]:
    module, function = name.split(":")
    work, count = getattr(importlib.import_module(f"bench.cases.{module}"), function)(data, *words)
    gc.collect()
    cpu, begin = process_time(), perf_counter()
    result = work()
    seconds, cpu_seconds = perf_counter() - begin, process_time() - cpu
    # The peak so far: counting what the work came to has memory of its own.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak_mb}
    return {**took, "counts": dict(count(result))}


if __name__ == "__main__":
    main()
