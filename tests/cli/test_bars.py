"""Progress on a terminal: one line a stage, each exactly once."""

import os
import pty
import re
import subprocess
import sys

from tests.builders import REPOSITORY
from tests.cli.installation import AS_OF, MEMBERS

STAGES = ["Reading", "Refining", "Reading HubSpot", "Sending", "Writing the analysis"]


def test_on_a_terminal_each_stage_ends_as_one_full_bar(goldpan):
    goldpan.run()
    goldpan.deliver(members=[{**row, "Customer Name": f"{row['Customer Name']} Jr"} for row in MEMBERS])
    controller, terminal = pty.openpty()
    environment = os.environ | goldpan.env | {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, "-m", "sync.cli", "run", "--as-of", AS_OF],
        cwd=goldpan.home, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal, text=True,
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = b""
        try:
            while piece := os.read(controller, 65536):
                shown += piece
        except OSError:  # the other end is closed
            pass
        process.communicate(timeout=60)
    os.close(controller)

    assert process.returncode == 0
    assert [stage for line in screen(shown.decode()) for stage in [line[2:24].strip()] if stage] == STAGES


def screen(shown):
    """The lines that are left once the terminal has done what it was told."""
    lines, row = [""], 0
    for part in re.finditer(r"\x1b\[(\d*)([A-Za-z])|\x1b\[\?\d+[a-z]|\n|\r|[^\x1b\r\n]+", shown):
        if part.group(2) == "A":
            row -= int(part.group(1) or 1)
        elif part.group(2) == "K":
            lines[row] = ""
        elif part.group() == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part.group()[0] not in "\x1b\r":
            lines[row] += part.group()
    return lines
