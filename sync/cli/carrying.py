"""How a command carries out a run: SIGTERM ends it gently, and people are told how it ended."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.record import RunRecord
    from sync.settings import AppSettings
    from sync.stopping import Stop


def carried_out(settings: "AppSettings", work: "Callable[[Stop], RunRecord]") -> "RunRecord":
    """The record of a run.

    Args:
        settings: Whose state, and who is told.
        work: The run; it ends early once its stop is set.
    """
    from sync.lifecycle import give_up
    from sync.stopping import Stop, stopped_by_signals

    stop = Stop()
    with stopped_by_signals(stop, lambda: give_up(settings)):
        record = work(stop)
    _tell(settings, record)
    return record


def _tell(settings: "AppSettings", record: "RunRecord") -> None:
    """Alerts, heartbeat and digest, where anybody is to be told; a run from cron says no less than the service's."""
    from goldpan.errors import GoldpanError
    from sync.app import now, open_state
    from sync.telling import Telling

    try:
        is_told = settings.alert_urls or settings.heartbeat_url or settings.file.digest.urls
        if is_told and not record.dry_run:
            with open_state(settings) as state:
                Telling(settings, state, clock=now).after_run(record)
    except GoldpanError as error:
        record.notes.append(f"Nobody was told of this run: {error}")
