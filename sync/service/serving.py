"""One service per home, from its start to its end, with everything around the loop."""

import signal
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial

from goldpan.errors import BusyError
from sync.app import open_state
from sync.health import HealthServer
from sync.lifecycle import give_up
from sync.service.service import Service
from sync.settings import AppSettings
from sync.state.file_lock import file_locked
from sync.stopping import Stop, stopped_by_signals


def serve(load: Callable[[], AppSettings], *, is_once: bool, signals: tuple[signal.Signals, ...]) -> int:
    """Serve until a signal comes.

    Args:
        load: Reads the settings.
        is_once: Look twice, so that what is whole is taken in, do what is due, and end.
        signals: Which ones end it.

    Returns:
        The exit code; served once, how its runs ended.

    Raises:
        BusyError: Another service has this home.
        ConfigError: The settings are wrong, or the state can't be opened.
    """
    settings, stop = load(), Stop()
    with ExitStack() as stack:
        _alone(stack, settings)
        state = stack.enter_context(open_state(settings))
        service = Service(partial(_at_once, load) if is_once else load, state, stop=stop)
        stack.enter_context(stopped_by_signals(stop, lambda: give_up(settings), signals=signals))
        if is_once:
            service.turn()
            stop.wait(settings.file.intake.settle_seconds + 1)  # a file is whole when it was quiet between two looks
            service.turn()
            return service.exit_code
        health = HealthServer(settings, lambda: nullcontext(state), service.liveness)
        health.start()
        stack.callback(health.close)
        service.go()
    return 0


def _at_once(load: Callable[[], AppSettings]) -> AppSettings:
    """The settings of a service that will not be there when more arrives."""
    settings = load()
    intake = settings.file.intake.model_copy(update={"debounce_seconds": 0, "patience_minutes": 0})
    return replace(settings, file=settings.file.model_copy(update={"intake": intake}))


def _alone(stack: ExitStack, settings: AppSettings) -> None:
    """Two services in one home would take each other's files."""
    lock = settings.home / "state" / "serve.lock"
    try:
        stack.enter_context(file_locked(lock))
    except BusyError as error:
        raise BusyError(
            f"Another goldpan serve is at work in {settings.home} ({error}). End it first, or give this one its own "
            "GOLDPAN_HOME."
        ) from error
