"""How long the archive keeps what: `[archive] keep_days` and `keep_first_of_month_months`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial

import structlog

from goldpan.errors import GoldpanError, TransientError
from sync.archive.inputs import folders_in, remove_folder
from sync.archive.leftovers import remove_leftovers
from sync.archive.names import CSV, RUN_ID
from sync.archive.opening import open_archive
from sync.archive.store import Archive, ArchivedRun
from sync.settings import AppSettings
from sync.state.kept import KeptByState
from sync.state.store import State

log = structlog.get_logger()

HELD_DAYS = 30
"""So long the journal keeps what plans wanted that can't be approved any more."""
GAP_DAYS = 60
"""So long after the last run before today, today itself is in doubt: a clock that is ahead would remove everything."""
_DAY = timedelta(days=1)


@dataclass
class Pruned:
    """What was removed, in numbers, and what could not be."""

    runs: int = 0
    dry_runs: int = 0
    inputs: int = 0
    held_changes: int = 0
    problems: list[str] = field(default_factory=list)


def prune(settings: AppSettings, state: State, *, today: date) -> Pruned:
    """Remove what is older than the config keeps; in S3, upload first what still waits for that.

    The caller holds the lock of runs. Exports that are accepted or waiting stay, however old they are, and so does the
    folder of a plan that waits for approval. It may be cut short anywhere: the next time goes on. On a day long after
    the last run nothing is removed: the clock may be ahead.

    Args:
        settings: How long, and where.
        state: What is still needed.
        today: The business date.
    """
    pruned, archive = Pruned(), open_archive(settings)
    _try(pruned, archive.catch_up)
    _try(pruned, partial(_remove_old, settings, archive, KeptByState(state.engine), today, pruned))
    log.info(
        "archive.pruned",
        runs=pruned.runs,
        dry_runs=pruned.dry_runs,
        inputs=pruned.inputs,
        held_changes=pruned.held_changes,
        problems=len(pruned.problems),
    )
    return pruned


def _check_date(runs: Iterable[ArchivedRun], today: date) -> None:
    """Today's own run proves nothing: it has its date from the same clock."""
    newest = max((run.day for run in runs if run.day < today), default=today)
    if (today - newest).days > GAP_DAYS:
        raise TransientError(
            f"Nothing old was removed: by the clock of this machine today is {today}, {(today - newest).days} days "
            f"after the last archived run before it ({newest}). The clock may be wrong: look with `date`. If it is "
            "right, nothing is to be done: old runs and exports go tomorrow, once there is a run of today."
        )


def _remove_old(settings: AppSettings, archive: Archive, kept: KeptByState, today: date, pruned: Pruned) -> None:
    runs = archive.runs()
    _check_date(runs, today)
    pruned.held_changes = kept.discard_held(today - timedelta(days=HELD_DAYS))
    _try(pruned, partial(_prune_archive, settings, archive, kept, today, pruned, runs=runs))
    _try(pruned, partial(_prune_dry_runs, settings, today, pruned))
    for folder in (settings.archive_folder, settings.home / "dry-runs"):
        _try(pruned, partial(remove_leftovers, folder, today - _DAY))


def _prune_archive(
    settings: AppSettings,
    archive: Archive,
    kept: KeptByState,
    today: date,
    pruned: Pruned,
    *,
    runs: Sequence[ArchivedRun],
) -> None:
    days = settings.file.archive.keep_days
    if not days:
        return
    oldest = today - timedelta(days=days)
    waiting = kept.waiting_plans() | first_of_months(runs, today, settings.file.archive.keep_first_of_month_months)
    stay = {run.run_id: run for run in runs if run.day >= oldest or run.run_id in waiting}
    for run in runs:
        if run.run_id not in stay and _try(pruned, partial(archive.remove, run)):
            pruned.runs += 1
    # Runs that left no folder, because they failed or broke off, may have exports too; a day more, for the time zone.
    recent = kept.runs_since(oldest - _DAY)
    needed = kept.inputs() | kept.delivered_since(oldest - _DAY) | _inputs_of(archive, kept, stay.values(), recent)
    for sha256 in archive.all_inputs() - needed:
        if _try(pruned, partial(archive.remove_input, sha256)):
            pruned.inputs += 1


def first_of_months(runs: Iterable[ArchivedRun], today: date, months: int) -> set[str]:
    """The first night of each of the last so many months, this one counted from 0."""
    first: dict[int, str] = {}
    for run in sorted(runs, key=lambda run: (run.day, run.run_id)):
        if CSV in run.files:  # a whole night: no undo, no repair
            first.setdefault(_month(run.day), run.run_id)
    return {run_id for month, run_id in first.items() if _month(today) - month <= months} if months else set()


def _month(day: date) -> int:
    return 12 * day.year + day.month


def _inputs_of(archive: Archive, kept: KeptByState, stay: Iterable[ArchivedRun], recent: set[str]) -> set[str]:
    """The exports of the runs that stay, as the state knows them, else as they say themselves."""
    folders = {run.run_id: run for run in stay if run.is_whole}
    known = kept.inputs_of(recent | folders.keys())
    used = set().union(*known.values())
    for run_id, run in folders.items():
        if not known.get(run_id):
            used |= {each["sha256"] for each in archive.record_of(run).get("inputs", [])}
    return used


def _prune_dry_runs(settings: AppSettings, today: date, pruned: Pruned) -> None:
    days, folder = settings.file.archive.keep_days, settings.home / "dry-runs"
    for run_id in folders_in(folder) if days else ():
        if not RUN_ID.fullmatch(run_id):
            continue
        began = datetime.strptime(run_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).astimezone(settings.zone)
        if began.date() < today - timedelta(days=days) and _try(pruned, partial(remove_folder, folder / run_id)):
            pruned.dry_runs += 1


def _try(pruned: Pruned, remove: Callable[[], None]) -> bool:
    """Remove one thing; what can't be removed does not keep the others."""
    try:
        remove()
    except GoldpanError as error:
        pruned.problems.append(str(error))
    except OSError as error:
        pruned.problems.append(f"{error.filename}: can't be removed: {error.strerror or error}.")
    else:
        return True
    return False
