"""Where commands print for people."""

from rich.console import Console


def console_for_people() -> Console:
    """Standard output; nothing is coloured or turned into a picture by itself: `a:b:c.csv` stays the name of a file."""
    return Console(highlight=False, emoji=False)
