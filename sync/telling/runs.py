"""What is told of a run: how it ended, how many, what to do, and the command."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.pausing import BRAKE as PAUSED
from sync.record import RunRecord
from sync.state.alerts import AlertState
from sync.state.runs import StoredRun
from sync.telling.channel import Level, Message
from sync.telling.conditions import OK, Reason, status_of_run

MOST = 3
"""So many problems are told; the others are in the log."""
LONGEST = 400
"""Signs of one problem."""

LEVELS: Mapping[str, Level] = {OK: "success", "failed": "failure", "held": "warning", "partial": "warning"}

_EXAMPLES = re.compile(r"\s*For example .*", re.DOTALL)


@dataclass(frozen=True)
class RunTold:
    """What of a run is told; nothing in it is about a single person."""

    run_id: str
    kind: str
    parent_id: str
    status: str
    as_of: str
    portal_id: str
    fingerprint: str
    contacts: Mapping[str, int]
    brakes: Sequence[Mapping[str, Any]]
    problems: Sequence[str]
    rows: Mapping[str, int]
    tags: Mapping[str, int]
    notes: Sequence[str]

    @classmethod
    def of_record(cls, record: RunRecord) -> "RunTold":
        """Of a run that has just ended."""
        return cls._of(record.as_json(), record.run_id, record.kind, record.status)

    @classmethod
    def of_stored(cls, run: StoredRun) -> "RunTold":
        """Of a run that is on record."""
        return cls._of({"as_of": run.as_of.isoformat(), **run.record}, run.run_id, run.kind, run.status)

    @classmethod
    def _of(cls, record: Mapping[str, Any], run_id: str, kind: str, status: str) -> "RunTold":
        brakes = record.get("brakes", ())
        is_paused = status == "held" and {brake["name"] for brake in brakes} == {PAUSED}
        return cls(
            run_id=run_id,
            kind=kind,
            parent_id=record.get("parent_id", ""),
            status="paused" if is_paused else status_of_run(status),
            as_of=record.get("as_of", ""),
            portal_id=record.get("portal_id", ""),
            fingerprint=record.get("fingerprint", ""),
            contacts=record.get("contacts", {}),
            brakes=brakes,
            problems=tuple(problem_of(each) for each in record.get("problems", ())),
            rows=record.get("rows", {}),
            tags=record.get("tags", {}),
            notes=tuple(problem_of(each) for each in record.get("notes", ())),
        )

    def count(self, name: str) -> int:
        """Contacts that ended there."""
        return self.contacts.get(name, 0)

    @property
    def has_reached_hubspot(self) -> bool:
        """Whether HubSpot shows what it computed, but for single contacts."""
        return self.status in (OK, "partial")

    @property
    def called(self) -> str:
        """How it is named in a sentence."""
        what = {"repair": "The repair", "approve": "The approved run"}.get(self.kind, "The run")
        place = f" (portal {self.portal_id})" if self.portal_id else ""
        return f"{what} {self.run_id or 'that could not begin'} as of {self.as_of}{place}"

    @property
    def written(self) -> str:
        """What reached HubSpot."""
        return f"{self.count('created'):,} contacts created, {self.count('updated'):,} updated"


def problem_of(text: str) -> str:
    """A problem without examples, which are masked addresses of people, and not too long."""
    whole = _EXAMPLES.sub("", text).strip()
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]} …"


def message_on_run(run: RunTold, topic: str, reason: Reason, before: AlertState | None) -> Message:
    """The message on a run.

    Args:
        run: The run.
        topic: What it speaks for: ``run`` or ``repair``.
        reason: Why somebody is told.
        before: How it stood before.
    """
    if run.status == OK:
        return Message(f"Goldpan: {topic} recovered", _recovered(run, before), LEVELS[OK])
    still = "still " if reason is Reason.STILL else ""
    brakes = ", ".join(brake["name"] for brake in run.brakes[:MOST])
    of_brakes = f" ({brakes})" if brakes and run.status == "held" else ""
    words = _WORDS.get(run.status, _failed)
    return Message(f"Goldpan: {topic} {still}{run.status}{of_brakes}", words(run), LEVELS.get(run.status, "info"))


def _recovered(run: RunTold, before: AlertState | None) -> str:
    was = f" It was {before.status} since {moment(before.since_at)}." if before and before.status != OK else ""
    return f"{run.called} is done: {run.written}.{was}\nWhat to do: nothing. To look at it: goldpan show {run.run_id}"


def _failed(run: RunTold) -> str:
    counts = [
        f"{run.count(name):,} {words}"
        for name, words in (
            ("created", "contacts were created"),
            ("updated", "were updated"),
            ("refused", "were refused"),
            ("unknown", "have no answer yet"),
            ("held", "were kept back"),
        )
        if run.count(name)
    ]
    look = f"goldpan show {run.run_id}; then " if run.run_id else ""
    return _lines(
        f"{run.called} failed.",
        *_problems(run),
        f"{', '.join(counts)}." if counts else "Nothing was written to HubSpot.",
        f"What to do: {look}goldpan check tells what Goldpan lacks. The next run settles what is open.",
    )


def _held(run: RunTold) -> str:
    return _lines(
        f"{run.called} is held; nothing was written. {run.count('held'):,} changes wait for a person.",
        *(f"- {brake['what']} The limit: {brake['limit']}." for brake in run.brakes),
        f"What to do: look at the plan: goldpan show {run.run_id}",
        f"If it is right, approve this very plan: goldpan run --approve {run.fingerprint}",
        "If it is not, deliver a corrected export; the next run takes it.",
    )


def _partial(run: RunTold) -> str:
    return _lines(
        f"{run.called} is done ({run.written}), but not for everybody: HubSpot refused {run.count('refused'):,} "
        f"contacts, and {run.count('unknown'):,} have no proof either way.",
        f"What to do: see why, and mend the rows: goldpan rejects {run.run_id}",
        "What has no proof is read back by the next run.",
    )


def _paused(run: RunTold) -> str:
    return _lines(
        f"{run.called} was planned, but Goldpan is paused: {run.count('held'):,} changes wait.",
        *(f"- {brake['what']}" for brake in run.brakes),
        "What to do: nothing, until the pause ends. To end it now: goldpan resume",
    )


def _stopped(run: RunTold) -> str:
    return _lines(
        f"{run.called} was stopped before its end: {run.written} until then.",
        "What to do: nothing, if somebody stopped Goldpan; the next run settles what is open. Else see whether goldpan "
        "serve runs, and: goldpan runs",
    )


_WORDS = {"failed": _failed, "held": _held, "partial": _partial, "paused": _paused, "stopped": _stopped}


def _problems(run: RunTold) -> list[str]:
    more = len(run.problems) - MOST
    return [*(f"- {each}" for each in run.problems[:MOST]), *([f"- and {more} more"] if more > 0 else [])]


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def moment(at: datetime) -> str:
    """A time as messages write it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
