"""What a row should reach, and what it reached."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.data.sets import SHRUNK


@dataclass(frozen=True)
class Goal:
    """Bounds; each that is given has to hold.

    Attributes:
        ratio: Time, as a multiple of the limit's.
        more: Seconds above the limit.
        seconds: Time.
        peak_mb: Memory.
        spread: The dearest size over the cheapest.
    """

    ratio: float | None = None
    more: float | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    spread: float | None = None

    def __str__(self) -> str:
        """As the table has it."""
        words = {
            "ratio": "{:.4g} ×",
            "more": "+{:g} s",
            "seconds": "{:g} s",
            "peak_mb": "{:,.0f} MB",
            "spread": "flat in {:.0%}",
        }
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if "spread" in given:
            given["spread"] -= 1
        return ", ".join(words[name].format(value) for name, value in given.items()) or "-"


@dataclass
class Measured:
    """What the rounds of one row came to.

    Attributes:
        ours: Seconds of each round.
        limit: Likewise, of the limit; empty where it could not be measured.
        peer: Likewise, of the usual way; measured once at most.
        peak_mb: The most memory of any round.
        spread: The dearest size over the cheapest, where a row has several.
        wrong: Why the work that was timed is not the work that was meant; then the row is not met, whatever the time.
        remarks: What a reader should know.
        figures: Whatever else was counted.
    """

    ours: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    spread: float | None = None
    wrong: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """The median of the rounds."""
        return middle(self.ours)

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: each round against the limit that was measured right before it."""
        return middle([ours / limit for ours, limit in zip(self.ours, self.limit, strict=False)])

    @property
    def cpu_ratio(self) -> float | None:
        """The same by the processors' own account, which other work on the machine does not change."""
        ours, limit = ([each["cpu_seconds"] for each in self.figures.get(side, ())] for side in ("ours", "limit"))
        return middle([mine / least for mine, least in zip(ours, limit, strict=False)])

    @property
    def more(self) -> float | None:
        """The median of the seconds above the limit."""
        return middle([ours - limit for ours, limit in zip(self.ours, self.limit, strict=False)])

    @property
    def peer_ratio(self) -> float | None:
        """How many times as long the usual way takes."""
        return None if not self.peer or not self.ours else median(self.peer) / median(self.ours)

    def verdict(self, goal: Goal) -> str:
        """``met``, ``missed``, ``open`` where something needed for it could not be measured, ``-`` without a goal.

        Goals are of the whole sizes: shrunk ones are held to nothing but right results.
        """
        if self.wrong:
            return "missed"
        if SHRUNK > 1 and self.ours:
            return "-"
        found = {name: getattr(self, name) for name, bound in asdict(goal).items() if bound is not None}
        if any(value is not None and value > getattr(goal, name) for name, value in found.items()):
            return "missed"
        if None in found.values() or not self.ours:
            return "open"
        return "met" if found else "-"


def middle(values: Sequence[float]) -> float | None:
    """The median; `None` of nothing."""
    return median(values) if values else None
