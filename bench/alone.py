"""Runs one command, ``python alone.py OUTPUT LONGEST COMMAND...``, and says what it took as a JSON object.

The command writes to the open file OUTPUT. This is a process of its own because a child's peak memory counts from that
of whoever started it (Linux: what a process has while it becomes another program is the new program's first peak), and
this one is small. Standard library only.
"""

import json
import os
import subprocess
import sys
import threading
from time import perf_counter


def main() -> None:
    """Run it to its end; beyond LONGEST seconds it is killed."""
    output, longest, *command = sys.argv[1:]
    begin = perf_counter()
    with subprocess.Popen(command, stdout=int(output)) as process:
        guard = threading.Timer(float(longest), process.kill)
        guard.daemon = True
        guard.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - begin
        guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    took = {
        "exit_code": process.returncode,
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    main()
