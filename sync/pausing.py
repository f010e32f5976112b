"""A pause: nothing is written to HubSpot until then; runs still read, plan, report and archive."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from goldpan.brakes import TrippedBrake, first_of
from goldpan.errors import ConfigError, GoldpanError
from sync.settings import AppSettings
from sync.state.pauses import Pause
from sync.state.store import State

BRAKE = "paused"
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class PausedError(GoldpanError):
    """Somebody paused Goldpan while it was sending: the rest is held back."""

    exit_code = 3


def refuse_while_paused(settings: AppSettings, state: State, at: datetime) -> None:
    """For commands that are there to write.

    Raises:
        ConfigError: Goldpan is paused.
    """
    pause = state.pauses.current(at)
    if pause is not None:
        raise ConfigError(f"{in_words(pause, settings.zone)} Nothing was written. To go on before: goldpan resume")


def brake_of(pause: Pause, zone: ZoneInfo, emails: Iterable[str]) -> TrippedBrake:
    """What holds the plan of a run."""
    addresses = list(emails)
    what = f"{in_words(pause, zone)} {len(addresses):,} contacts wait."
    return TrippedBrake(
        BRAKE, what, len(addresses), "nothing is written during a pause; goldpan resume ends it", first_of(addresses)
    )


def in_words(pause: Pause, zone: ZoneInfo) -> str:
    """A sentence about it, in the configured time zone."""
    if pause.until_at is None:
        return "Goldpan is paused until somebody resumes it."
    return f"Goldpan is paused until {pause.until_at.astimezone(zone):%Y-%m-%d %H:%M %Z}."


def parse_until(text: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The end of a pause, in UTC.

    Args:
        text: A time such as `2026-11-22 06:00`, a day (its beginning), `tomorrow`, or a length such as `2h`.
        at: Now.
        zone: Of times that name none.

    Raises:
        ConfigError: It is none of these, or past.
    """
    try:
        until = _until(text.strip(), at, zone)
    except (ValueError, OverflowError):
        raise ConfigError(
            f'--until takes a time such as "2026-11-22 06:00", a day such as 2026-11-22 (its beginning), tomorrow, or '
            f"a length such as 30m, 2h, 3d or 1w; found {text!r}. Nothing was paused."
        ) from None
    if until <= at:
        raise ConfigError(
            f"--until {text!r} is {until.astimezone(zone):%Y-%m-%d %H:%M %Z}, which is past. Nothing was paused."
        )
    return until


def _until(text: str, at: datetime, zone: ZoneInfo) -> datetime:
    if length := re.fullmatch(r"([0-9]+) ?([mhdw])", text.lower()):
        return at.astimezone(UTC) + timedelta(**{UNITS[length[2]]: int(length[1])})
    if text.lower() == "tomorrow":
        named = datetime.combine(at.astimezone(zone).date() + timedelta(days=1), datetime.min.time())
    else:
        named = datetime.fromisoformat(text)
    if named.tzinfo is not None:
        return named.astimezone(UTC)
    # When clocks go back a time comes twice: a pause lasts until the second one.
    return max(named.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
