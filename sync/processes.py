"""Which process this is, so that another one of the same machine can tell whether it still lives."""

import os
import socket
from pathlib import Path

from sync.state.leases import Holder

PROC = Path("/proc")
ENDED = frozenset("ZX")
"""The states of a process that does nothing any more, but was not collected yet."""
STATE, STARTED = 0, 19
"""Places in `/proc/PID/stat` behind the name; proc(5) counts them 3 and 22."""


def this_process() -> Holder:
    """This process on this machine."""
    pid = os.getpid()
    return Holder(_machine(), f"{pid} {_started(pid)}", f"process {pid} on {socket.gethostname()}")


def is_gone(holder: Holder) -> bool:
    """Whether it was a process of this machine that has ended; of any other machine nobody here can know.

    A process that got the same number since began at another time.
    """
    pid, _, started = holder.process.partition(" ")
    if not holder.machine or holder.machine != _machine() or not (pid.isdecimal() and started):
        return False
    try:
        os.kill(int(pid), 0)  # sees processes of other users too, where /proc hides them
    except ProcessLookupError:
        return True
    except OSError:
        pass
    now = _started(int(pid))
    return now not in ("", started)


def _machine() -> str:
    """Where a process id means something: one boot of one system, in one namespace of processes; "" if unknown.

    Containers of one host have a namespace each. One may get the number that another had, but no process its time.
    """
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, in ticks since the boot; `ended` if it has, "" if nobody here may know."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
    return "ended" if fields[STATE] in ENDED else fields[STARTED]
