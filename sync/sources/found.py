"""What a look into a source finds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from goldpan.errors import TransientError
from sync.source_settings import SourceSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """One file that lies in a source.

    Attributes:
        source: The source's name.
        key: The file within its source; only one file has it at a time.
        name: As people know it.
        fingerprint: Changes whenever the file does.
    """

    source: str
    key: str
    name: str
    size_bytes: int
    modified_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that is named like an export and is never taken; it stays where it is.

    Attributes:
        found: What lies there; the fingerprint is that of the refusal, so that it is said once.
        code: The stable reason code.
        reason: In words, with what to do.
    """

    found: Found
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a source now.

    Attributes:
        files: What can be taken once it is whole.
        refused: What never is.
        in_use: What an office program has open.
        problems: What could not be looked at, in words.
    """

    files: tuple[Found, ...] = ()
    refused: tuple[Refusal, ...] = ()
    in_use: tuple[Found, ...] = ()
    problems: tuple[str, ...] = ()


class ChangedError(TransientError):
    """The file is not the one that was found any more: it has to settle again."""


class Source(Protocol):
    """A place where exports arrive."""

    @property
    def settings(self) -> SourceSettings:
        """Its name, and the patterns that tell the kind of an export."""

    @property
    def is_exact(self) -> bool:
        """Whether a fingerprint stands for the content, so that what is on record need not be read again."""

    @property
    def is_snapshot(self) -> bool:
        """Whether a file is made when it is fetched: it is whole at once, and its size is known only then."""

    @property
    def settles(self) -> bool:
        """Whether somebody may still write what lies there."""

    @property
    def takes_away(self) -> bool:
        """Whether files go once they are safe; a folder that turns out to be read-only says no from then on."""

    def list_files(self) -> Listing:
        """Look.

        Raises:
            TransientError: It can't be listed now.
        """

    def fetch(self, found: Found, target: Path) -> bool:
        """Bring a file into a folder of ours, whole, synced, with its time; safe to repeat after a kill.

        Args:
            found: The file.
            target: Never replaced; its folder is there.

        Returns:
            Whether the file is gone from its source by that.

        Raises:
            ChangedError: It is another one by now, or gone.
            DataError: It can't be had as it is, however often it is tried.
            TransientError: Try again later.
            OSError: Likewise: this machine failed.
        """

    def remove(self, found: Found) -> None:
        """Take the file away if it is still the one that was fetched, now that its content is safe.

        Raises:
            TransientError: Try again later.
        """


def in_microseconds(nanoseconds: int) -> datetime:
    """A file's time, exact as far as databases keep it."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def in_nanoseconds(at: datetime) -> int:
    """The same the other way."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
