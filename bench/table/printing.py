"""The table as people read it, and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.table.goals import Measured, middle
from bench.table.rows import Row

HEADERS = ("row", "work", "limit", "limit s", "ours s", "× limit", "× cpu", "goal", "", "peak MB", "usual way")


def as_text(results: Mapping[str, tuple[Row, Measured]]) -> str:
    """The table, and below it what should be known of single rows."""
    lines = [_cells(row, measured) for row, measured in results.values()]
    notes = [
        f"{name}: {words}" for name, (_, measured) in results.items() for words in (*measured.wrong, *measured.remarks)
    ]
    return "\n".join([aligned(HEADERS, lines, left=(0, 1, 2, 7, 8)), "", *dict.fromkeys(notes)])


def as_json(results: Mapping[str, tuple[Row, Measured]]) -> dict[str, Any]:
    """Every figure of every row."""
    return {
        name: {
            "work": row.does,
            "limit_is": row.limit,
            "goal": {bound: value for bound, value in asdict(row.goal).items() if value is not None},
            "verdict": measured.verdict(row.goal),
            "seconds": measured.seconds,
            "ratio": measured.ratio,
            "cpu_ratio": measured.cpu_ratio,
            "more_seconds": measured.more,
            "peer_ratio": measured.peer_ratio,
            **asdict(measured),
        }
        for name, (row, measured) in results.items()
    }


def aligned(headers: Sequence[str], lines: Sequence[Sequence[str]], left: Sequence[int]) -> str:
    """Columns under each other, texts to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(headers, *lines, strict=True)]
    drawn = []
    for line in (headers, ["-" * width for width in widths], *lines):
        cells = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        drawn.append("  ".join(cells).rstrip())
    return "\n".join(drawn)


def _cells(row: Row, measured: Measured) -> tuple[str, ...]:
    ratio = measured.spread if row.goal.spread else measured.ratio
    return (
        row.name,
        row.does,
        row.limit,
        _number(middle(measured.limit)),
        _number(measured.seconds),
        f"+{measured.more:.2f} s" if row.goal.more and measured.more is not None else _number(ratio),
        "-" if row.goal.more else _number(measured.cpu_ratio),
        str(row.goal),
        measured.verdict(row.goal),
        f"{measured.peak_mb:,.0f}" if measured.peak_mb else "-",
        f"{measured.peer_ratio:.1f} ×" if measured.peer_ratio else "-",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
