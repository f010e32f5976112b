"""Messages on their way: each channel gets each message once, and is tried again until it takes it."""

from collections.abc import Callable, Iterator, Sequence
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
"""A channel that is away longer misses a message that somebody else got."""


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
        self._waiting: dict[str, _Waiting] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._waiting

    def post(self, key: str, message: Message, urls: Urls, at: datetime) -> bool:
        """Send a message; it waits here for whoever did not take it.

        Returns:
            Whether somebody got it.
        """
        waiting = self._waiting[key] = _Waiting(message, urls, at, at)
        self._send(key, waiting, at)
        return waiting.has_reached_somebody

    def retry(self, at: datetime) -> Iterator[str]:
        """Try again what is due; the keys of messages that reached somebody for the first time."""
        for key, waiting in list(self._waiting.items()):
            had_reached = waiting.has_reached_somebody
            if had_reached and at - waiting.since_at > GIVE_UP_AFTER:
                del self._waiting[key]
            elif at >= waiting.next_at:
                self._send(key, waiting, at)
                if waiting.has_reached_somebody and not had_reached:
                    yield key

    def _send(self, key: str, waiting: _Waiting, at: datetime) -> None:
        waiting.next_at = at + RETRY_AFTER
        try:
            channels = open_channels(waiting.urls())
        except GoldpanError as error:
            log.warning("alert.undelivered", about=key, problem=str(error))
            return
        due = [each for each in channels if waiting.missing is None or each.url in waiting.missing]
        failed = [channel.url for channel in due if not _is_sent(channel, waiting.message, key)]
        if len(failed) < len(due):
            waiting.missing = frozenset(failed)
        if not failed:  # also when there is nobody to send it to
            self._waiting.pop(key, None)


def _is_sent(channel: Channel, message: Message, key: str) -> bool:
    problem = channel.send(message)
    if problem:
        log.warning("alert.undelivered", about=key, channel=channel.name, problem=problem)
    return not problem
