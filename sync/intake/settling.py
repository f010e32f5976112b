"""When a file is whole: nothing about it changed for a while."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sync.sources.found import Found

_TWO_LOOKS_SECONDS = 1.0
"""Events can make two looks follow each other at once; a copy between two of its writes is quiet for so long."""


class Settling:
    """What was seen of each file so far; forgotten when the service ends, so that it starts afresh.

    A file is whole when it was the same for the whole time. One whose own time is that long ago was moved there, or
    copied with its time: it is whole when a second look finds it unchanged.

    Args:
        seconds: How long a file must be quiet.
    """

    def __init__(self, seconds: float) -> None:
        self._quiet = timedelta(seconds=seconds)
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._open: set[str] = set()

    @property
    def is_waiting(self) -> bool:
        """Whether a file was seen that is not whole yet."""
        return bool(self._open)

    def whole(self, found: Iterable[Found], now: datetime, *, place: str) -> list[Found]:
        """The files that may be taken, in the order given.

        Args:
            found: Everything that lies in a place now; what is missing is forgotten.
            now: The time.
            place: Where they were found.
        """
        files = [*found]
        seen = {(place, file.key): self._seen_since(place, file, now) for file in files}
        self._seen = {key: value for key, value in self._seen.items() if key[0] != place} | seen
        whole = [file for file in files if self._is_whole(file, seen[place, file.key][1], now)]
        (self._open.add if len(whole) < len(files) else self._open.discard)(place)
        return whole

    def _seen_since(self, place: str, file: Found, now: datetime) -> tuple[str, datetime]:
        fingerprint, since = self._seen.get((place, file.key), ("", now))
        if fingerprint != file.fingerprint or since > now:  # later than now: the clock was set back
            return file.fingerprint, now
        return fingerprint, since

    def _is_whole(self, file: Found, since: datetime, now: datetime) -> bool:
        if now - since >= self._quiet:
            return True
        was_seen_twice = now - since >= timedelta(seconds=_TWO_LOOKS_SECONDS)
        return was_seen_twice and timedelta(0) <= self._quiet <= now - file.modified_at
