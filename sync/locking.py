"""One run at a time, on one machine or on several that share a state database."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import BusyError
from sync.lease import Lease
from sync.processes import is_gone, this_process
from sync.settings import AppSettings
from sync.state.database import checked_url, connect_engine, open_engine, sqlite_file, unreachable
from sync.state.file_lock import file_locked, lock_of
from sync.state.leases import Holder, Leases, StoredLease


@dataclass(frozen=True)
class Terms:
    """How a lease is held.

    Attributes:
        seconds: How long it lasts unless it is renewed: a machine that dies holds up the others for so long.
        renew_seconds: How often it is renewed.
        clock: A monotonic clock, in seconds.
    """

    seconds: float = 60.0
    renew_seconds: float = 10.0
    clock: Callable[[], float] = time.monotonic


@contextmanager
def single_flight(
    settings: AppSettings, *, terms: Terms | None = None, holder: Holder | None = None
) -> Iterator[Lease]:
    """Hold the lease in the state database; whoever writes to HubSpot does.

    Who ended without giving it back loses it at once if that was a process of this machine, else when it runs out. A
    state in a file has a lock of the operating system besides: exact, and gone with its process.

    Args:
        settings: Where the state is.
        terms: How the lease is held.
        holder: Who takes it; else this process.

    Raises:
        BusyError: Another run is going on.
        ConfigError: The state can't be opened.
    """
    terms, holder = terms or Terms(), holder or this_process()
    url = settings.state_url
    is_file = checked_url(url).get_backend_name() == "sqlite"
    with ExitStack() as stack:
        if is_file:
            stack.enter_context(_file_lock(settings))
        engine = open_engine(url, is_alone=is_file)
        stack.callback(engine.dispose)
        try:
            leases, owner = Leases(engine), secrets.token_hex(8)
            # Whoever has the lock on the file knows that nobody else is at work with it.
            is_dead = (lambda _: True) if is_file else is_gone
            held = leases.take(owner, holder, seconds=terms.seconds, is_dead=is_dead)
        except SQLAlchemyError as error:
            raise unreachable(url, error) from error
        if held is not None:
            raise _busy(held)
        lease = Lease(leases, owner, seconds=terms.seconds, runs_out=not is_file, clock=terms.clock)
        stack.callback(lease.release)
        stack.enter_context(_renewed(lease, terms.renew_seconds))
        yield lease


@contextmanager
def _renewed(lease: Lease, every_seconds: float) -> Iterator[None]:
    """Renew the lease in a thread of its own, until it is lost or no longer needed."""
    end = threading.Event()

    def renew() -> None:
        while not end.wait(every_seconds) and not lease.is_lost:
            lease.renew()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(timeout=10)  # a database that hangs holds up nobody; what is left runs out


@contextmanager
def _file_lock(settings: AppSettings) -> Iterator[None]:
    file = sqlite_file(settings.state_url)
    path = lock_of(file) if file else settings.home / "state" / "run.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(file_locked(path))
        except BusyError as error:
            raise _busy(_holder_in(settings.state_url)) from error
        yield


def _holder_in(url: str) -> StoredLease | None:
    """Who holds a state in a file, as far as that can be read: it may be an older one, or a new one."""
    engine = connect_engine(url)
    try:
        return Leases(engine).current()
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()


def _busy(held: StoredLease | None) -> BusyError:
    who = f" ({held})" if held else ""
    return BusyError(f"Another run is going on{who}. Wait for it, or look at it: goldpan runs")
