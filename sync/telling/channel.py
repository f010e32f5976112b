"""Where messages go: Slack, Teams, mail, webhooks and whatever else Apprise speaks; apprise is an extra."""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from goldpan.errors import ConfigError
from sync.scrubbing import Scrubber, secret_parts

Level = Literal["info", "success", "warning", "failure"]

MAIL = frozenset({"mailto", "mailtos", "o365", "mailgun", "sendgrid", "ses", "smtp2go", "sparkpost", "brevo", "resend"})
"""Schemes of mail: they get HTML where a message has it."""

HOST = re.compile(r"\{schema\}://(?:[^@]*@)?\{host\}")
"""How each form of an address begins whose host is always one; elsewhere a token may stand in its place."""


@dataclass(frozen=True)
class Message:
    """What somebody is told.

    Attributes:
        title: Short; it may be all that a telephone shows.
        text: What, how many, what to do, and the command.
        level: How bad it is.
        html: The same for mail, where a table is worth it.
    """

    title: str
    text: str
    level: Level = "info"
    html: str = ""


@dataclass(frozen=True)
class Channel:
    """One address that messages go to.

    Attributes:
        url: The address; it is a secret.
        name: What may be shown of it: the scheme, and the host where that is one.
        service: Apprise's, or `None` where Apprise can't read the address.
        is_mail: Whether it takes HTML.
    """

    url: str = field(repr=False)
    name: str
    service: Any = field(repr=False)
    is_mail: bool = False

    def send(self, message: Message) -> str:
        """Send a message; whatever happens, nothing is raised.

        Returns:
            What failed, in words without secrets; "" when it got through.
        """
        if self.service is None:
            return (
                "Apprise can't read this address. See https://github.com/caronc/apprise/wiki for how it is written, "
                "and mend GOLDPAN_ALERT_URLS or [alerts] urls."
            )
        import apprise  # noqa: PLC0415 - an extra, and slow to import

        html = self.is_mail and message.html
        sender = apprise.Apprise()
        sender.add(self.service)
        with _said() as said:
            try:
                is_through = bool(
                    sender.notify(
                        title=message.title,
                        body=message.html if html else message.text,
                        notify_type=message.level,
                        body_format="html" if html else "text",
                    )
                )
            except Exception as error:  # noqa: BLE001 - whatever a service's code does, a run goes on
                is_through = False
                said.append(type(error).__name__)
        if is_through:
            return ""
        return Scrubber({self.url, *secret_parts(self.url)}).text(" ".join(said) or "It was not delivered.")


def open_channels(urls: Iterable[str]) -> tuple[Channel, ...]:
    """A channel for each address; nothing is sent yet.

    Raises:
        ConfigError: apprise is not installed.
    """
    wanted = tuple(dict.fromkeys(urls))
    if not wanted:
        return ()
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError as error:
        raise ConfigError("Alerts need the extra for them: pip install 'goldpan[alerts]'") from error
    asset = apprise.AppriseAsset(app_id="Goldpan", app_desc="Goldpan", async_mode=False)
    with _said():  # what it makes of a bad address is told by `send`
        return tuple(_channel(url, apprise.Apprise.instantiate(url, asset=asset)) for url in wanted)


def _channel(url: str, service: Any) -> Channel:  # noqa: ANN401 - apprise has no types
    scheme = urlsplit(url).scheme.lower() or "unknown"
    forms = tuple(getattr(service, "templates", None) or ())
    is_host = bool(forms) and all(HOST.match(form) for form in forms)
    host = getattr(service, "host", None)
    name = f"{scheme}://{host}" if is_host and host else scheme
    return Channel(url, name, service, is_mail=scheme in MAIL)


@contextmanager
def _said() -> Iterator[list[str]]:
    """What Apprise logs meanwhile: only there does it say why something failed."""
    lines: list[str] = []
    collector = _Collector(lines)
    logger = logging.getLogger("apprise")
    logger.addHandler(collector)
    propagates, logger.propagate = logger.propagate, False  # it is told once, with the name of the channel
    try:
        yield lines
    finally:
        logger.propagate = propagates
        logger.removeHandler(collector)


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())
