"""What `--json` prints: one object on standard output, and nothing else there."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.record import RunRecord


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    print(json.dumps(value, ensure_ascii=False))


def print_run_json(record: "RunRecord") -> None:
    """The one object of `--json` on standard output; what people should know besides, on standard error."""
    print_json(record.printed())
    if record.destination == "sandbox":
        print("Sent to the embedded SANDBOX, not to HubSpot.", file=sys.stderr)
    for note in record.notes:
        print(f"Note: {note}", file=sys.stderr)
