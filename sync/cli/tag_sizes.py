"""What `goldpan tags` prints for people: a row per tag on a terminal, a line per tag elsewhere."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from goldpan.tag_sizes import UsualSize, usual_size
from sync.cli.console import console_for_people
from sync.cli.sparkline import sparkline
from sync.tag_history import Night

MOST_BLOCKS = 40


def print_nights(nights: Sequence[Night], console: Console | None = None) -> None:
    """The nights for people, the oldest first in each course.

    Args:
        nights: The oldest first.
        console: Where to; by default standard output.
    """
    console = console or console_for_people()
    if not nights:
        console.print("No run has sent its tags yet. See: goldpan runs")
        return
    last = nights[-1]
    many = f"{len(nights):,} night{'s' if len(nights) > 1 else ''}"
    console.print(f"[bold]Contacts per tag[/] on {many}, {nights[0].as_of} to {last.as_of}", soft_wrap=True)
    if console.is_terminal:
        console.width = max(console.width, _widest(last) + MOST_BLOCKS)
        console.print(_table(nights))
    else:
        for tag, sizes in _sizes(nights).items():
            usual = usual_size(sizes[:-1])
            among = f"; usual {_range(usual)}" if usual else ""
            console.print(escape(f"{tag}: {sizes[-1]:,}; lowest {min(sizes):,}; highest {max(sizes):,}{among}"))


def _widest(night: Night) -> int:
    return max((len(tag) for tag in night.tags), default=0) + 60  # five columns of numbers


def _sizes(nights: Sequence[Night]) -> dict[str, list[int]]:
    """Each tag of the last night on the nights that had it."""
    return {tag: [night.tags[tag] for night in nights if tag in night.tags] for tag in nights[-1].tags}


def _table(nights: Sequence[Night]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Tag", no_wrap=True)
    for header in ("Last night", "Change", "Lowest", "Highest", "Usual"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Course", no_wrap=True)
    for tag, sizes in _sizes(nights).items():
        usual = usual_size(sizes[:-1])
        style = "" if usual is None or usual.covers(sizes[-1]) else "yellow"
        table.add_row(
            escape(tag),
            f"{sizes[-1]:,}",
            f"{sizes[-1] - sizes[-2]:+,}" if len(sizes) > 1 else "",
            f"{min(sizes):,}",
            f"{max(sizes):,}",
            _range(usual) if usual else "",
            sparkline(sizes, MOST_BLOCKS),
            style=style,
        )
    return table


def _range(usual: UsualSize) -> str:
    return f"{max(usual.lowest, 0):,.0f} to {usual.highest:,.0f}"
