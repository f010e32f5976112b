"""Tag sizes: whether as many contacts carry a tag tonight as on the nights before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

NIGHTS = 28
"""How many nights back are looked at: four weeks, so that weekends and month ends are among them."""

FEWEST_NIGHTS = 7
"""Fewer say nothing about what is usual."""

DEVIATIONS = 5
FEWEST_CONTACTS = 20
"""A size is usual within five median absolute deviations of the median, and always within twenty contacts: a tag that
never moves has a deviation of 0."""


@dataclass(frozen=True, slots=True)
class UsualSize:
    """What the nights before say of one tag: ``middle`` is their median, ``lowest`` and ``highest`` are still usual."""

    nights: int
    middle: float
    lowest: float
    highest: float

    def covers(self, size: int) -> bool:
        """Whether a size is usual; both ends are."""
        return self.lowest <= size <= self.highest


@dataclass(frozen=True, slots=True)
class UnusualSize:
    """A tag whose size tonight is not usual."""

    tag: str
    tonight: int
    usual: UsualSize


def usual_size(sizes: Sequence[int]) -> UsualSize | None:
    """What is usual after these nights: median ± max(5·MAD, 20), MAD being the plain median absolute deviation.

    Args:
        sizes: How many contacts carried the tag, one number a night, the oldest first.

    Returns:
        From the last 28 of them; ``None`` from fewer than 7.
    """
    recent = sizes[-NIGHTS:]
    if len(recent) < FEWEST_NIGHTS:
        return None
    middle = median(recent)
    deviation = median(abs(size - middle) for size in recent)
    margin = max(DEVIATIONS * deviation, FEWEST_CONTACTS)
    return UsualSize(len(recent), float(middle), float(middle - margin), float(middle + margin))


def unusual_sizes(nights: Sequence[Mapping[str, int]], tonight: Mapping[str, int]) -> tuple[UnusualSize, ...]:
    """The tags that leave what is usual for them tonight, in tonight's order.

    Args:
        nights: The tags' sizes on the nights before, one mapping a business date, the oldest first. A night without a
            tag says nothing about it.
        tonight: Tonight's sizes.
    """
    found = []
    for tag, size in tonight.items():
        usual = usual_size([night[tag] for night in nights if tag in night])
        if usual is not None and not usual.covers(size):
            found.append(UnusualSize(tag, size, usual))
    return tuple(found)
