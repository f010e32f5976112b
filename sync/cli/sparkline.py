"""A row of numbers as a row of blocks, such as ▁▂▄▆█: how it goes, at a glance."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(numbers: Sequence[int], width: int) -> str:
    """The numbers between their own lowest and highest.

    Args:
        numbers: At least one.
        width: Characters at most; more numbers than that are looked at in even steps, the first and last among them.
    """
    if len(numbers) > width:
        last = len(numbers) - 1
        numbers = [numbers[round(step * last / (width - 1))] for step in range(width)]
    lowest, span = min(numbers), max(numbers) - min(numbers)
    if not span:
        return BLOCKS[0] * len(numbers)
    return "".join(BLOCKS[round((number - lowest) * (len(BLOCKS) - 1) / span)] for number in numbers)
