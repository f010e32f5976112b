"""A test message to everybody who would be told."""

from collections.abc import Iterator
from dataclasses import dataclass

from goldpan.errors import ConfigError
from sync.settings import AppSettings
from sync.telling.channel import open_channels
from sync.telling.messages import a_test


@dataclass(frozen=True)
class Tried:
    """A channel, by what may be shown of its address, and what failed; "" if the message was sent."""

    channel: str
    problem: str


def try_channels(settings: AppSettings) -> Iterator[Tried]:
    """Send a test message to each channel of alerts and of the digest.

    Raises:
        ConfigError: There is none, or apprise is not installed.
        AccessError: The file with the addresses can't be read.
    """
    digest = settings.file.digest
    channels = open_channels([*settings.alert_urls, *(digest.urls if digest.is_on else ())])
    if not channels:
        raise ConfigError(
            "Nobody is told when something goes wrong. Set GOLDPAN_ALERT_URLS (or GOLDPAN_ALERT_URLS_FILE) in the "
            "environment or in .env to one address a line, as Apprise writes them, such as mailtos:// or slack://: "
            "https://github.com/caronc/apprise/wiki"
        )
    for channel in channels:
        problem = channel.send(a_test())
        advice = " See that the address is right, and that this machine may reach the host."
        yield Tried(channel.name, f"{problem}{advice}" if problem and channel.service is not None else problem)
