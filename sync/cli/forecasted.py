"""What `goldpan forecast` prints for people: an overview on a terminal, a line per tag elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from goldpan.forecast import Course, ForecastDay, courses_of, largest_movements
from goldpan.report.forecast import labels_of, marks_of
from goldpan.rules import Tag
from sync.cli.console import console_for_people
from sync.cli.sparkline import sparkline
from sync.forecast import Forecast

FEWEST_BLOCKS, MOST_BLOCKS = 12, 40  # of the course of one tag; the overview is whole also on a narrow terminal
MOVEMENTS = 5
YEAR_FROM = 330  # days; from here on a day without its year is easily taken for this year's


def print_forecast(found: Forecast, tags: Sequence[Tag], workbook: Path | None, console: Console | None = None) -> None:
    """The forecast for people.

    Args:
        found: What was counted.
        tags: The rules that were counted.
        workbook: Where the same is as a workbook, if it was asked for.
        console: Where to; by default standard output.
    """
    console = console or console_for_people()
    last = found.days[-1].on
    console.print(f"[bold]Forecast[/] from {found.as_of} to {last}, as if no new export came", soft_wrap=True)
    console.print(escape(found.origin), soft_wrap=True)
    if console.is_terminal:
        _print_overview(console, found, tags)
        _print_movements(console, found.days, tags)
    else:
        for value, course in courses_of(found.days).items():
            console.print(escape(f"{value}: {_in_words(course, found.days)}"), soft_wrap=True)
    if workbook is not None:
        console.print(f"The workbook: {escape(str(workbook))}", soft_wrap=True)


def _in_words(course: Course, days: Sequence[ForecastDay]) -> str:
    if course.is_level:
        return f"{course.lowest:,} on every day"
    marks = "".join(f"; {course.counts[ahead]:,} on {days[ahead].on}" for ahead in marks_of(days))
    return (
        f"{course.counts[0]:,} on {days[0].on}{marks}; lowest {course.lowest:,} on {course.lowest_on}; "
        f"highest {course.highest:,} on {course.highest_on}"
    )


def _print_overview(console: Console, found: Forecast, tags: Sequence[Tag]) -> None:
    labels, courses = labels_of(tags), courses_of(found.days)
    moving = {labels[value]: course for value, course in courses.items() if not course.is_level}
    if moving:
        bare = _measured(console, _overview(moving, found, blocks=0))
        blocks = min(max(console.width - bare, FEWEST_BLOCKS), MOST_BLOCKS)
        console.width = max(console.width, bare + blocks)
        console.print(_overview(moving, found, blocks))
    level = ", ".join(f"{labels[value]} {course.lowest:,}" for value, course in courses.items() if course.is_level)
    if level:
        console.print(f"[bold]The same on every day:[/] {escape(level)}", soft_wrap=True)


def _measured(console: Console, table: Table) -> int:
    """How wide a table is where nothing is cut off."""
    return console.measure(table, options=console.options.update(max_width=1000)).maximum


def _overview(moving: Mapping[str, Course], found: Forecast, blocks: int) -> Table:
    days = found.days
    first, marks = "Today" if found.is_from_today else "First", marks_of(days)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("\nTag", no_wrap=True)
    for ahead in (0, *marks):
        words, on = f"+{ahead} days" if ahead else first, days[ahead].on
        table.add_column(f"{words}\n{on:%b} {on.day}", justify="right", no_wrap=True)
    for header in ("Lowest", "Highest"):
        table.add_column(f"\n{header}", justify="right", no_wrap=True)
    table.add_column("\nCourse" if blocks else "", no_wrap=True)
    for label, course in moving.items():
        table.add_row(
            escape(label),
            *(f"{course.counts[ahead]:,}" for ahead in (0, *marks)),
            _extreme(course.lowest, course.lowest_on, days),
            _extreme(course.highest, course.highest_on, days),
            sparkline(course.counts, blocks) if blocks else "",
        )
    return table


def _extreme(count: int, on: date, days: Sequence[ForecastDay]) -> str:
    year = f" {on.year}" if len(days) > YEAR_FROM else ""
    return f"{count:,} {on:%b} {on.day:>2}{year}"


def _print_movements(console: Console, days: Sequence[ForecastDay], tags: Sequence[Tag]) -> None:
    moves = largest_movements(days, tags, MOVEMENTS)
    if not moves:
        return
    labels = labels_of(tags)
    console.print("\n[bold]Days with the largest movement[/] (against the day before)")
    for move in moves:
        console.print(f"  {move.on} {move.on:%a}  {escape(', '.join(_changes(move.changes, labels)))}", soft_wrap=True)


def _changes(changes: Mapping[str, int], labels: Mapping[str, str]) -> Iterator[str]:
    for value, change in sorted(changes.items(), key=lambda each: -abs(each[1])):
        yield f"{change:+,} {labels[value]}"
