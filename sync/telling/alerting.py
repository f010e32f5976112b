"""Topics and their states: who was told of what, kept in the state, so that a restart tells nothing twice."""

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from sync.scrubbing import Scrubber
from sync.state.alerts import Alerts, AlertState
from sync.telling.channel import Message
from sync.telling.conditions import OK, RETRY_AFTER, Reason, reason_to_tell
from sync.telling.outbox import Outbox, Urls

log = structlog.get_logger()

WAITS = (Reason.UNTOLD, Reason.STILL)
"""What the outbox is trying to deliver already needs no second message."""

Compose = Callable[[Reason, AlertState | None], Message]


class Alerting:
    """Tells each change of each topic once.

    Attributes:
        scrubber: Goes over every message.

    Args:
        alerts: Where it is remembered; while that can't be reached, memory has to do.
        urls: Who is told.
        sender: Stands at the end of every message: which Goldpan it was.
    """

    def __init__(self, alerts: Alerts, urls: Urls, sender: str) -> None:
        self._alerts, self._urls, self._sender = alerts, urls, sender
        self.scrubber = Scrubber()
        self._remembered: dict[str, AlertState] = {}
        self._outbox = Outbox()
        self._events = 0

    def stand(
        self,
        topic: str,
        status: str,
        compose: Compose,
        at: datetime,
        *,
        is_news: bool = False,
        is_run: bool = False,
    ) -> bool:
        """A topic stands like this now; somebody is told if that is due.

        Returns:
            Whether there was something to tell.
        """
        before = self.state_of(topic)
        reason = reason_to_tell(before, status, at, is_news=is_news, is_run=is_run)
        if reason is None or (reason in WAITS and topic in self._outbox and not is_run):
            return False
        if (before.status if before else OK) != status:
            if not self._change(AlertState(topic, status, at, None)):
                return False
            note = log.info if status == OK else log.warning
            note("alert.changed", topic=topic, status=status)
        self._tell(topic, status, compose(reason, before), at)
        return True

    def tell_event(self, topic: str, message: Message, at: datetime, urls: Urls | None = None) -> None:
        """Something happened that no later message takes back."""
        self._events += 1
        self._outbox.post(f"{topic}#{self._events}", self._finished(message), urls or self._urls, at)

    def state_of(self, topic: str) -> AlertState | None:
        """How a topic stands, as far as is known."""
        try:
            found = self._alerts.get(topic)
        except SQLAlchemyError:
            return self._remembered.get(topic)
        if found is not None:
            self._remembered[topic] = found
        return found

    def retry(self, at: datetime) -> None:
        """Try again what did not get through."""
        for key in self._outbox.retry(at):
            self._mark_told(key, at)

    def left_over(self, at: datetime) -> Iterator[AlertState]:
        """Topics that nobody was told of, and that nothing here waits to be told of: from before a restart."""
        for state in self._alerts.all():
            if state.told_at is None and state.topic not in self._outbox and at - state.since_at >= RETRY_AFTER:
                yield state

    def tell_again(self, state: AlertState, message: Message, at: datetime) -> None:
        """Tell how a topic stands that nobody was told of."""
        self._remembered[state.topic] = state
        self._tell(state.topic, state.status, message, at)

    def settle(self, topic: str, at: datetime) -> None:
        """A topic is fine again in a way that is no news."""
        state = self.state_of(topic)
        if state is not None and state.status != OK and self._change(AlertState(topic, OK, at, None)):
            self._mark_told(topic, at)

    def _tell(self, topic: str, status: str, message: Message, at: datetime) -> None:
        is_told = self._outbox.post(topic, self._finished(message), self._urls, at)
        is_nobody_there = topic not in self._outbox and not is_told
        if is_told or (is_nobody_there and status == OK):
            self._mark_told(topic, at)

    def _finished(self, message: Message) -> Message:
        clean = self.scrubber.text
        html = f"{clean(message.html)}<p>{self._sender}</p>" if message.html else ""
        return Message(clean(message.title), f"{clean(message.text)}\n{self._sender}", message.level, html)

    def _change(self, state: AlertState) -> bool:
        self._remembered[state.topic] = state
        try:
            return self._alerts.change(state.topic, state.status, state.since_at)
        except SQLAlchemyError as error:
            log.warning("alert.unremembered", topic=state.topic, error=type(error).__name__)
            return True

    def _mark_told(self, topic: str, at: datetime) -> None:
        state = self._remembered.get(topic)
        if state is None:
            return
        self._remembered[topic] = AlertState(topic, state.status, state.since_at, at)
        try:
            self._alerts.mark_told(topic, state.status, at)
        except SQLAlchemyError as error:
            log.warning("alert.unremembered", topic=topic, error=type(error).__name__)
