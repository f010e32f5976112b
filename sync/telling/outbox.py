"""Messages on their way: each channel gets each message once, and is tried again for a day until it takes it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from goldpan.errors import GoldpanError
from sync.telling.channel import Channel, Message, open_channels
from sync.telling.conditions import RETRY_AFTER

log = structlog.get_logger()

Urls = Callable[[], Sequence[str]]
"""Addresses, read afresh: one that was rotated needs no restart."""

GIVE_UP_AFTER = timedelta(hours=24)
"""A channel that is away longer misses a message; how things stand is told anew."""

MOST_WAITING = 20
"""Enough for what is wrong at one time; each attempt at an address that does not answer takes seconds."""


@dataclass
class _Waiting:
    """A message, and who still has to get it (`None`: everybody)."""

    message: Message
    urls: Urls
    since_at: datetime
    next_at: datetime
    missing: frozenset[str] | None = None

    @property
    def has_reached_somebody(self) -> bool:
        return self.missing is not None


class Outbox:
    """What waits to be delivered, by a key; a newer message takes the place of an older one with its key."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}  # in the order of their turns
        self._rests_until: dict[str, datetime] = {}  # addresses that failed
        self._crowded_out: set[str] = set()

    def __contains__(self, key: str) -> bool:
        """Whether there is no use in posting it again: it waits, or was dropped for want of room.

        The latter counts until an address takes something, else what is dropped would come again at once.
        """
        return key in self._waiting or key in self._crowded_out

    def post(self, key: str, message: Message, urls: Urls, at: datetime) -> bool:
        """Send a message; it waits here for whoever did not take it.

        Returns:
            Whether somebody got it.
        """
        self._crowded_out.discard(key)
        waiting = self._waiting[key] = _Waiting(message, urls, at, at)
        self._send(key, waiting, at)
        if len(self._waiting) > MOST_WAITING:
            oldest = min(self._waiting, key=lambda each: self._waiting[each].since_at)
            self._crowded_out.add(oldest)
            self._drop(oldest, f"more than {MOST_WAITING} wait")
        return waiting.has_reached_somebody

    def retry(self, at: datetime) -> Iterator[str]:
        """Try again what is due; the keys of messages that reached somebody for the first time.

        Each address is tried at most once: one that does not answer costs seconds, in the middle of the service's work.
        """
        busy = {url for url, until in self._rests_until.items() if at < until}
        for key, waiting in list(self._waiting.items()):
            had_reached = waiting.has_reached_somebody
            if at - waiting.since_at > GIVE_UP_AFTER:
                self._drop(key, "older than a day")
            elif at >= waiting.next_at:
                busy |= self._send(key, waiting, at, busy)
                if waiting.has_reached_somebody and not had_reached:
                    yield key

    def _send(self, key: str, waiting: _Waiting, at: datetime, busy: Collection[str] = ()) -> set[str]:
        """Send it to whoever lacks it and is not busy; gives the addresses that were tried."""
        waiting.next_at = at + RETRY_AFTER
        try:
            channels = open_channels(waiting.urls())
        except GoldpanError as error:
            log.warning("alert.undelivered", about=key, problem=str(error))
            return set()
        due = [each for each in channels if waiting.missing is None or each.url in waiting.missing]
        tried = [each for each in due if each.url not in busy]
        sent = {each.url for each in tried if self._is_sent(each, waiting.message, key, at)}
        left = [each.url for each in due if each.url not in sent]
        if sent:
            waiting.missing = frozenset(left)
        if not left:  # also when there is nobody to send it to
            self._waiting.pop(key, None)
            return {each.url for each in tried}
        waiting.next_at = min(self._rests_until.get(url, at) for url in left)
        if tried:  # the others have their turns before it
            self._waiting[key] = self._waiting.pop(key)
        return {each.url for each in tried}

    def _is_sent(self, channel: Channel, message: Message, key: str, at: datetime) -> bool:
        problem = channel.send(message)
        if problem:
            self._rests_until[channel.url] = at + RETRY_AFTER
            log.warning("alert.undelivered", about=key, channel=channel.name, problem=problem)
        else:
            self._rests_until.pop(channel.url, None)
            self._crowded_out.clear()
        return not problem

    def _drop(self, key: str, why: str) -> None:
        waiting = self._waiting.pop(key)
        log.warning("alert.dropped", about=key, why=why, has_reached_somebody=waiting.has_reached_somebody)
