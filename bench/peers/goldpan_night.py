"""Goldpan on the job of the comparison: ``goldpan_night.py HOME AS_OF RIGHT SENT``.

Its own commands, whole: ``goldpan run``, and where a first load is held, ``goldpan run --approve``.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HELD, REFUSALS = 3, 4


def main() -> None:
    """Carry out a night; its seconds are all seconds, reading and archive included."""
    home, as_of, wanted, sent = sys.argv[1:]
    said = goldpan(home, "run", "--json", "--as-of", as_of)
    stages = [said["seconds"]]
    if said["status"] == "held":
        said = goldpan(home, "run", "--json", "--approve", said["fingerprint"])
        stages.append(said["seconds"])
    assert said["status"] in ("done", "partial"), said["problems"]
    emails = [*json.loads(Path(wanted).read_text(encoding="utf-8"))]
    Path(sent).write_text("\n".join(emails), encoding="utf-8")
    print(json.dumps({"of": len(emails), "sent": len(emails), "stages": stages}))


def goldpan(home: str, *words: str) -> dict[str, Any]:
    """What one command says."""
    command = [sys.executable, "-m", "sync.cli", *words, "--config", f"{home}/config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, HELD, REFUSALS), done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


if __name__ == "__main__":
    main()
