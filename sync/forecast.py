"""The forecast of the tags, from the exports that were accepted last: offline, and nothing is written to the state."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from goldpan.errors import ConfigError
from goldpan.forecast import ForecastDay, forecast_tags
from goldpan.frames import Frame
from sync.app import open_state, today
from sync.archive.forecast_workbook import write_forecast
from sync.exports import exports_of_run
from sync.progress import Progress, shown
from sync.settings import AppSettings
from sync.state import tables as t
from sync.state.runs import StoredRun
from sync.state.store import State

MOST_DAYS = 3650
"""Ten years: memberships that are sold today are over by then."""


@dataclass(frozen=True)
class Forecast:
    """How many contacts carry each tag on each day from ``as_of`` on, and the run whose exports say so."""

    as_of: date
    days: tuple[ForecastDay, ...]
    accepted: StoredRun
    is_from_today: bool = True

    @property
    def origin(self) -> str:
        """What it was made from, in words."""
        names = " and ".join(dict.fromkeys(each["name"] for each in self.accepted.record.get("inputs", [])))
        of_files = f": {names}" if names else ""
        return f"From the exports that run {self.accepted.run_id} accepted as of {self.accepted.as_of}{of_files}"

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints; other programs rely on it."""
        days = [{"date": day.on.isoformat(), "tags": dict(day.tags)} for day in self.days]
        return {"as_of": self.as_of.isoformat(), "days": days}


def forecast(
    settings: AppSettings, *, days: int, as_of: date | None, progress: Progress, output: Path | None = None
) -> Forecast:
    """Count the tags of today and of each coming day, as if no new export came.

    Args:
        settings: The rules as they are now, and where the state is.
        days: How many days after the first one.
        as_of: The first day; ``None`` is today in the configured time zone.
        progress: Told of each stage.
        output: Where a workbook of it goes, if one is wanted.

    Raises:
        ConfigError: When there are no accepted exports, the days are too many, or the workbook can't be written.
        DataError: When an export can't be read any more.
    """
    first = as_of or today(settings)
    _refuse_too_far(first, days)
    if output is not None and output.suffix.lower() != ".xlsx":
        raise ConfigError(f"-o {output}: the workbook's name ends in .xlsx. Try: -o {output.with_suffix('.xlsx')}")
    with open_state(settings, read_only=True) as state, shown(progress, "Reading"):
        accepted = _last_accepted(state)
        frames = _frames_of(accepted, state, settings)
    with shown(progress, "Forecasting", days + 1):
        counted = []
        for day in forecast_tags(*frames, first, days, settings.config):
            counted.append(day)
            progress.advance()
    found = Forecast(first, tuple(counted), accepted, is_from_today=first == today(settings))
    if output is not None:
        with shown(progress, "Writing the workbook"):
            _save_workbook(found, output, settings)
    return found


def _refuse_too_far(first: date, days: int) -> None:
    if not 0 <= days <= MOST_DAYS:
        raise ConfigError(f"--days {days}: a forecast covers 0 to {MOST_DAYS:,} days.")
    if date.max - first < timedelta(days=days):
        raise ConfigError(f"--as-of {first} with --days {days}: dates end with the year {date.max.year}.")


def _save_workbook(found: Forecast, output: Path, settings: AppSettings) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_forecast(output, found.days, settings.config.tags, found.origin)
    except OSError as error:
        raise ConfigError(f"{output} can't be written: {error.strerror or error}.") from error


def _last_accepted(state: State) -> StoredRun:
    accepted = select(t.run_inputs.c.run_id).where(t.run_inputs.c.is_accepted)
    found = state.runs.find(t.runs.c.run_id.in_(accepted), limit=1)
    if not found:
        raise ConfigError(
            "There is nothing to forecast from: no exports were accepted yet. A run accepts them when its plan was "
            "sent, or when it had nothing to send: goldpan run"
        )
    return found[0]


def _frames_of(accepted: StoredRun, state: State, settings: AppSettings) -> tuple[Frame, Frame]:
    """The rows of both exports, in memory: every day looks at all of them."""
    with exports_of_run(accepted.run_id, state, settings, engine="pandas") as exports:
        if exports is None:
            raise ConfigError(
                f"There is nothing to forecast from: the exports of run {accepted.run_id}, accepted last, are gone "
                f"from the archive {settings.archive_folder}. Put them back from a backup, or deliver new ones: "
                "goldpan run"
            )
        return exports["memberships"].frame, exports["orders"].frame
