"""What one look into the sources found: for logs and alerts."""

from dataclasses import dataclass, field

import structlog

from sync.state.deliveries import StoredDelivery

log = structlog.get_logger()

NO_SOURCE = "intake"
"""What a problem is about that is not about one source, such as the folder `processing`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that can't be used.

    Attributes:
        delivery: What is on record; ``path`` is where it was set aside, empty if it stays in its source; ``reason`` is
            the whole explanation, which may quote headers of the file and belongs into no log.
        code: The stable reason code.
    """

    delivery: StoredDelivery
    code: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be done now and is tried again.

    Attributes:
        about: The source, or ``NO_SOURCE``.
        text: In words; without personal data.
    """

    about: str
    text: str


@dataclass
class Looked:
    """What a look found, by what became of it.

    Attributes:
        arrived: Waits for a run.
        found_problems: What could not be done now, each with the source that it is about.
    """

    arrived: list[StoredDelivery] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    duplicates: list[StoredDelivery] = field(default_factory=list)
    superseded: list[StoredDelivery] = field(default_factory=list)
    found_problems: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """All of them, in words."""
        return [problem.text for problem in self.found_problems]

    def problems_about(self, about: str) -> list[str]:
        """Those of one source, or of ``NO_SOURCE``."""
        return [problem.text for problem in self.found_problems if problem.about == about]

    def note_problem(self, about: str, text: str) -> None:
        """Something could not be done now."""
        self.found_problems.append(Problem(about, text))

    def note(self, delivery: StoredDelivery) -> None:
        """A file was taken in."""
        events = {
            "waiting": ("file.claimed", self.arrived),
            "duplicate": ("file.duplicate", self.duplicates),
            "superseded": ("file.superseded", self.superseded),
        }
        event, found = events[delivery.status]
        found.append(delivery)
        log.info(
            event, source=delivery.source, kind=delivery.kind, name=delivery.name, sha256=delivery.sha256,
            size_bytes=delivery.size_bytes,
        )  # fmt: skip

    def note_superseded(self, delivery: StoredDelivery) -> None:
        """A file that waited has a newer version."""
        self.superseded.append(delivery)
        log.info("file.superseded", source=delivery.source, kind=delivery.kind, name=delivery.name)

    def note_refused(self, delivery: StoredDelivery, code: str) -> None:
        """A file was set aside, or is never taken."""
        self.refused.append(Refused(delivery, code))
        log.warning("file.refused", source=delivery.source, name=delivery.name, reason=code, path=delivery.path)
