"""What is told of exports, access, disks and places: what, how many, what to do, and the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sync.state.alerts import AlertState
from sync.telling.channel import Level, Message
from sync.telling.conditions import OK, Reason
from sync.telling.runs import moment, problem_of

if TYPE_CHECKING:
    from sync.checks import Check

MOST_FILES = 10


@dataclass(frozen=True)
class RefusedFile:
    """A file that was set aside.

    Attributes:
        name: Its name.
        source: Where it came from.
        reason: Why, in plain words.
    """

    name: str
    source: str
    reason: str


@dataclass(frozen=True)
class Trouble:
    """What is wrong with something that is either fine or not.

    Attributes:
        title: Of the message, behind "Goldpan: ".
        what: What is wrong, with how many.
        to_do: What to do, with the command.
        mended: The title once it is fine again.
        is_failure: Whether nothing goes on meanwhile.
    """

    title: str
    what: str
    to_do: str
    mended: str
    is_failure: bool = True


def message_on_trouble(trouble: Trouble, status: str, reason: Reason, before: AlertState | None) -> Message:
    """The message on something that went wrong, or that is fine again."""
    if status == OK:
        since = f"It was {before.status} since {moment(before.since_at)}.\n" if before and before.status != OK else ""
        return Message(f"Goldpan: {trouble.mended}", f"{since}What to do: nothing.", "success")
    still = "It still is so. " if reason is Reason.STILL else ""
    level: Level = "failure" if trouble.is_failure else "warning"
    return Message(f"Goldpan: {trouble.title}", f"{still}{trouble.what}\nWhat to do: {trouble.to_do}", level)


def message_after_restart(state: AlertState) -> Message:
    """A message that never left, when nobody knows its details any more."""
    if state.status == OK:
        return Message(f"Goldpan: {state.topic} recovered", f"Since {moment(state.since_at)}.", "success")
    return Message(
        f"Goldpan: {state.topic} {state.status}",
        f"Since {moment(state.since_at)}; the message could not be delivered then.\n"
        "What to do: goldpan check, and goldpan runs",
        "warning",
    )


def missing_export(kind: str, due: datetime, zone: ZoneInfo, source: str = "") -> Trouble:
    """An export did not arrive in time; the source is "" where there is only one."""
    called = f"{kind} export of {source}" if source else f"{kind} export"
    place = f" from the source {source}" if source else ""
    return Trouble(
        title=f"{called} missing",
        what=f"No {kind} export has arrived{place}; it was due by {due.astimezone(zone):%Y-%m-%d %H:%M %Z}. "
        "Until it does, every night goes on with the last accepted one.",
        to_do="see that the source system wrote it, and that it lands where [drop] or [[source]] in goldpan.toml says: "
        "goldpan check",
        mended=f"{called} arrived",
        is_failure=False,
    )


def message_on_files(files: Sequence[RefusedFile]) -> Message:
    """Files that could not be used."""
    count = len(files)
    more = [f"- and {count - MOST_FILES:,} more"] if count > MOST_FILES else []
    return Message(
        f"Goldpan: {count:,} file{'s' if count > 1 else ''} refused",
        "\n".join(
            [
                f"{count:,} file{'s were' if count > 1 else ' was'} set aside; nothing of it was used:",
                *(f"- {each.name} (source {each.source}): {problem_of(each.reason)}" for each in files[:MOST_FILES]),
                *more,
                "What to do: correct the export and deliver it again. The failed folder has it and the reason.",
            ]
        ),
        "warning",
    )


def denied_access(checks: "Sequence[Check]") -> Trouble:
    """HubSpot lets Goldpan in no more."""
    return Trouble(
        title="no access to HubSpot",
        what="The daily check was refused:\n" + _listed(checks),
        to_do="make a new token, or give it the missing scopes; then: goldpan check",
        mended="access to HubSpot is back",
    )


def failing_checks(checks: "Sequence[Check]") -> Trouble:
    """The daily check found something that a run needs."""
    names = ", ".join(check.name for check in checks)
    return Trouble(
        title=f"check failing ({names})",
        what="The daily check found:\n" + _listed(checks),
        to_do="mend it, then look again: goldpan check",
        mended="all checks are fine",
    )


def low_disk(free_bytes: Mapping[str, int], limit_mb: int) -> Trouble:
    """Too little is free."""
    places = "\n".join(f"- {place}: {free // 1_000_000:,} MB free" for place, free in free_bytes.items())
    return Trouble(
        title="disk low",
        what=f"Less than {limit_mb:,} MB are free ([alerts] disk_free_mb):\n{places}",
        to_do="make room, or keep runs for less long ([archive] keep_days in goldpan.toml). On a full disk nothing is "
        "planned or written.",
        mended="disk has room again",
    )


def unreachable(what: str, text: str) -> Trouble:
    """A source or the archive is away."""
    return Trouble(
        title=f"{what} unreachable",
        what=f"The {what} can't be reached: {problem_of(text)}",
        to_do="see that it is mounted, or that S3 answers and its rights are as before: goldpan check",
        mended=f"{what} is back",
    )


def incomplete_exports(reason: str) -> Trouble:
    """A run can't begin before the other export is there."""
    return Trouble(
        title="no run, an export is missing",
        what=f"An export has arrived, but no run begins: {problem_of(reason)}",
        to_do="deliver the other export; the run begins by itself then",
        mended="exports are complete again",
    )


def failing_job(job: str, text: str) -> Trouble:
    """A part of the service does not work."""
    return Trouble(
        title=f"{job} failing",
        what=f"What goldpan serve does for {job} fails again and again: {problem_of(text)}",
        to_do="goldpan check; the log tells more",
        mended=f"{job} works again",
    )


def a_test() -> Message:
    """What `goldpan alert-test` sends."""
    return Message(
        "Goldpan: test message",
        "This is how Goldpan would tell you that a run failed or waits for approval.\nWhat to do: nothing.",
    )


def _listed(checks: "Sequence[Check]") -> str:
    return "\n".join(f"- {check.name}: {problem_of(check.says)}" for check in checks)
