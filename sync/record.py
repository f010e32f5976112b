"""The run record: what one run did, in numbers that add up; `--json` prints the part that programs rely on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any

from goldpan.errors import FatalError, GoldpanError, StoppedError
from goldpan.model import RequestCounts

if TYPE_CHECKING:
    from goldpan.config import Config
    from goldpan.conformed import Export
    from goldpan.pipeline import Refined

CONTACT_COUNTS = (
    "unsendable", "suppressed", "not_wanted", "same_record", "gone", "unchanged", "created", "updated", "refused",
    "held", "moved", "unknown",
)  # fmt: skip
"""Where every contact ends, in exactly one place; their sum is the total."""

STAGES = ("read", "refine", "plan", "send", "archive")

PRINTED = (
    "run_id", "status", "as_of", "dry_run", "fingerprint", "inputs", "rows", "contacts", "tags", "requests", "seconds",
    "archive", "problems",
)  # fmt: skip
"""The keys of the object that `--json` prints; other programs rely on them."""


@dataclass
class InputRecord:
    """One export that a run used; ``problem`` says why it could not be read."""

    kind: str
    name: str
    sha256: str
    rows: int = 0
    source: str = ""
    problem: str = ""

    def printed(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"kind": self.kind, "name": self.name, "sha256": self.sha256, "rows": self.rows}


@dataclass
class RunRecord:
    """What one run did so far; it is filled as the run goes on.

    Attributes:
        run_id: Sorts by start.
        kind: ``run``, ``only`` (a canary), ``approve``, ``undo``, ``repair`` or ``retry``.
        parent_id: The run that this one approves or undoes.
        brakes: Why it was held, if it was.
        status: ``running``, ``done``, ``partial`` (done, but HubSpot refused or did not answer for some), ``held``,
            ``failed``, or ``interrupted`` (told to stop).
        new_refusals: Refusals that no earlier run had seen for the same values.
    """

    run_id: str
    as_of: date
    started_at: datetime
    kind: str = "run"
    parent_id: str = ""
    dry_run: bool = False
    status: str = "running"
    fingerprint: str = ""
    portal_id: str = ""
    destination: str = "hubspot"
    inputs: list[InputRecord] = field(default_factory=list)
    rows: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("read", "kept", "merged", "skipped", "warnings"), 0)
    )
    contacts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("total", *CONTACT_COUNTS), 0))
    tags: dict[str, int] = field(default_factory=dict)
    requests: RequestCounts = field(default_factory=RequestCounts)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*STAGES, "total"), 0.0))
    archive: str = ""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    brakes: list[dict[str, Any]] = field(default_factory=list)
    new_refusals: int = 0
    exit_code: int = 0

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time inside to a stage."""
        begin = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += perf_counter() - begin

    def end_with(self, error: GoldpanError) -> None:
        """The run failed; or was interrupted, where it was told to stop."""
        self.status = "interrupted" if isinstance(error, StoppedError) else "failed"
        self.exit_code = error.exit_code

    def contacts_without_end(self) -> int:
        """How many contacts are in no count yet."""
        return self.contacts["total"] - sum(self.contacts[name] for name in CONTACT_COUNTS)

    def check_sums(self) -> None:
        """Every row and every contact is in exactly one place.

        Raises:
            FatalError: When something is not; that is a defect of Goldpan.
        """
        rows, contacts = self.rows, self.contacts
        if rows["read"] != rows["kept"] + rows["merged"] + rows["skipped"]:
            raise FatalError(f"The rows do not add up ({rows}); this is a defect of Goldpan.")
        if self.contacts_without_end():
            raise FatalError(f"The contacts do not add up ({contacts}); this is a defect of Goldpan.")

    def as_json(self) -> dict[str, Any]:
        """The whole record, as the state keeps it."""
        return {
            "run_id": self.run_id,
            "kind": self.kind,
            "parent_id": self.parent_id,
            "status": self.status,
            "as_of": self.as_of.isoformat(),
            "dry_run": self.dry_run,
            "fingerprint": self.fingerprint,
            "destination": self.destination,
            "portal_id": self.portal_id,
            "inputs": [each.printed() for each in self.inputs],
            "rows": self.rows,
            "contacts": self.contacts,
            "tags": self.tags,
            "requests": {
                "sent": self.requests.sent,
                "retried": self.requests.retried,
                "throttled": self.requests.throttled,
            },
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "archive": self.archive,
            "problems": self.problems,
            "notes": self.notes,
            "brakes": self.brakes,
        }

    def printed(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        whole = self.as_json()
        return {key: whole[key] for key in PRINTED}

    def archived(self) -> dict[str, Any]:
        """The record as the archive keeps it: it knows the source of each export."""
        return self.as_json() | {"inputs": [vars(each) for each in self.inputs]}


def count_rows(record: RunRecord, exports: "Mapping[str, Export]", refined: "Refined", config: "Config") -> None:
    """Put on record where every row of both exports went, and how many contacts carry each tag."""
    counts = refined.counts
    merged = {"memberships": counts.merged_rows, "orders": counts.repeated_orders}
    rows = record.rows
    for kind, export in exports.items():
        rows["read"] += export.rows_read
        rows["merged"] += merged[kind]
        rows["kept"] += export.rows_kept - merged[kind]
        rows["skipped"] += sum(export.skipped.values())
        rows["warnings"] += export.warnings
    rows["warnings"] += sum(counts.notes.values())
    record.tags = dict(refined.tag_counts(config))


def failed_record(error: GoldpanError, *, as_of: date | None, dry_run: bool = False) -> RunRecord:
    """The record of a run that could not even begin."""
    now = datetime.now(UTC)
    return RunRecord(
        run_id="",
        as_of=as_of or now.date(),
        started_at=now,
        dry_run=dry_run,
        status="failed",
        problems=[str(error)],
        exit_code=error.exit_code,
    )
