"""``python -m bench.table.markdown BENCH.json docs/performance.md``: both tables of a run into a document.

They stand between the comments ``<!-- rows -->`` and ``<!-- peers -->`` and their ends, ``<!-- /rows -->`` and
``<!-- /peers -->``.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.table.goals import middle
from bench.table.rows import ROWS

Told = Mapping[str, Any]
ROW_HEADERS = ("row", "work", "limit", "limit s", "Goldpan s", "× limit", "× cpu", "goal", "", "peak MB")
PEER_HEADERS = ("who", "contacts/s", "first night s", "requests", "second night s", "requests", "missing", "wrong",
                "marks lost", "peak MB")  # fmt: skip


def main() -> None:
    """Put them there; what the run did not measure stays as it is."""
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    document = Path(sys.argv[2])
    text = document.read_text(encoding="utf-8")
    if told["rows"]:
        text = put(text, "rows", table(ROW_HEADERS, (_row(name, row) for name, row in told["rows"].items())))
    if told["peers"]:
        text = put(text, "peers", table(PEER_HEADERS, (_peer(name, peer) for name, peer in told["peers"].items())))
    document.write_text(text, encoding="utf-8")


def put(text: str, name: str, lines: str) -> str:
    """The text, with these lines between the comments of this name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    assert begin in text, f"there is no {begin.strip()}"
    return re.sub(f"{begin}.*?{end}", lambda _: begin + lines + end, text, flags=re.DOTALL)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = (headers, ["---"] * len(headers), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _row(name: str, row: Told) -> tuple[str, ...]:
    more, ratio = row["more_seconds"], row["spread"] or row["ratio"]
    is_more = "more" in row["goal"] and more is not None
    return (
        f"`{name}`",
        row["work"],
        row["limit_is"],
        _number(middle(row["limit"])),
        _number(row["seconds"]),
        f"+{more:.2f} s" if is_more else _number(ratio),
        "" if is_more else _number(row["cpu_ratio"]),
        str(ROWS[name].goal).replace("-", ""),
        {"-": "", "missed": "**missed**"}.get(row["verdict"], str(row["verdict"])),
        f"{row['peak_mb']:,.0f}" if row["peak_mb"] else "",
    )


def _peer(name: str, peer: Told) -> tuple[str, ...]:
    about = "≈ " if peer["sent"] < peer["of"] else ""
    first, second = peer["first"], peer["second"]
    return (
        name,
        f"{about}{peer['contacts_per_second']:,.0f}",
        f"{about}{peer['whole_seconds']:.0f}",
        f"{first['requests']:,}",
        f"{about}{peer['whole_second_seconds']:.0f}",
        f"{second['requests']:,}",
        *(f"{peer[count]:,} of {peer['asked']:,}" for count in ("missing", "wrong")),
        f"{peer['overwritten']} of {peer['marked']}",
        f"{peer['peak_mb']:,.0f}",
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
