"""What a probe found: one finding for each question, and what it couldn't take away again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """How Goldpan's assumption fares."""

    HOLDS = "holds"
    BROKEN = "does not hold"
    EITHER = "irrelevant"
    OPEN = "not settled"

    @classmethod
    def of(cls, holds: bool) -> "Standing":
        """For an assumption that Goldpan relies on."""
        return cls.HOLDS if holds else cls.BROKEN


@dataclass(frozen=True, slots=True)
class Finding:
    """One question and HubSpot's answer.

    Attributes:
        question: In plain words.
        sent: What was sent, in short.
        came_back: Status and body, shortened and scrubbed.
        answer: The answer in one line.
        assumes: What Goldpan assumes, to be read after "Goldpan assumes".
        standing: Whether that holds.
    """

    question: str
    sent: str
    came_back: str
    answer: str
    assumes: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Result:
    """One experiment: its findings, and why it broke off, if it did."""

    number: int
    title: str
    findings: tuple[Finding, ...]
    problem: str = ""


@dataclass
class ProbeReport:
    """A whole probe.

    Attributes:
        portal_id: The developer test account.
        name: What every name of this probe begins with.
        results: One for each experiment that was begun.
        problem: Why no experiment could be begun, if so.
        is_stopped: Whether somebody stopped it; then some experiments are missing.
        left: What could not be taken away, by name.
        stays: What HubSpot keeps by its nature, by name.
        requests: How many requests it took.
    """

    portal_id: str
    name: str
    results: list[Result] = field(default_factory=list)
    problem: str = ""
    is_stopped: bool = False
    left: Sequence[str] = ()
    stays: Sequence[str] = ()
    requests: int = 0

    @property
    def findings(self) -> list[Finding]:
        """All findings in order."""
        return [finding for result in self.results for finding in result.findings]

    @property
    def exit_code(self) -> int:
        """0 if everything was tried, is clean again, and Goldpan's assumptions hold; else a person should look."""
        is_broken = any(finding.standing is Standing.BROKEN for finding in self.findings)
        has_failed = any(result.problem for result in self.results)
        return int(bool(self.problem or self.is_stopped or self.left or is_broken or has_failed))

    def as_json(self) -> dict[str, Any]:
        """The report for other programs."""
        return {**asdict(self), "exit_code": self.exit_code}
