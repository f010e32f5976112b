"""Being woken when something changes in a folder; only a hint: the truth is what a look finds."""

import threading
from collections.abc import Sequence
from pathlib import Path

import structlog

log = structlog.get_logger()

AGAIN_SECONDS = 60.0
"""A folder that can't be watched (not mounted, no watches left) is tried again after so long."""


def watch(
    folders: Sequence[Path], wake: threading.Event, stop: threading.Event, *, again_seconds: float = AGAIN_SECONDS
) -> threading.Thread:
    """Set an event whenever something changes in a folder, until told to stop.

    Events of the system are used where they work, else the folder is polled; shares of the network send none, and
    WATCHFILES_FORCE_POLLING=true polls them too. Nothing that fails here ends anything.

    Args:
        folders: Which; what is below them doesn't count.
        wake: Set on a change; whoever waits for it clears it.
        stop: Ends the thread within a second.
        again_seconds: How long to wait where watching fails.

    Returns:
        The thread, started.
    """
    thread = threading.Thread(
        target=_watch_on, args=(tuple(folders), wake, stop, again_seconds), name="watching", daemon=True
    )
    thread.start()
    return thread


def _watch_on(folders: Sequence[Path], wake: threading.Event, stop: threading.Event, again_seconds: float) -> None:
    is_told = False
    while folders and not stop.is_set():
        for force_polling in (None, True):  # None: as the environment says
            try:
                _watch_once([folder for folder in folders if folder.is_dir()], wake, stop, force_polling)
            except Exception as error:  # noqa: BLE001 - whatever it is, the regular look goes on
                if not is_told:
                    log.warning("watching.failed", error=type(error).__name__, what=str(error))
                is_told = True
            else:
                break
        stop.wait(again_seconds)


def _watch_once(
    folders: Sequence[Path], wake: threading.Event, stop: threading.Event, force_polling: bool | None
) -> None:
    from watchfiles import watch as changes_in  # noqa: PLC0415 - only the service watches

    if not folders:
        return
    for _ in changes_in(
        *folders,
        watch_filter=None,
        stop_event=stop,
        rust_timeout=1000,
        raise_interrupt=False,
        force_polling=force_polling,
        recursive=False,
        ignore_permission_denied=True,
    ):
        wake.set()
