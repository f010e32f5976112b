"""/healthz, /readyz and /metrics of `goldpan serve`: small answers that no slow or hanging client can hurt."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from goldpan.errors import GoldpanError
from sync.app import now
from sync.metrics import NoMetricsError, render
from sync.settings import AppSettings
from sync.small_http import Answer, SmallServer
from sync.state.store import State

log = structlog.get_logger()

PATHS = ("/healthz", "/readyz", "/metrics")
PLAIN = "text/plain; charset=utf-8"

ASKING = 4
"""So many of them may ask the state at once: a state that hangs must not keep /healthz from answering."""


class Liveness(Protocol):
    """How the service's loop is."""

    @property
    def trouble(self) -> str:
        """Why it seems to hang; "" while it turns, or is busy with what may take long."""

    @property
    def age_seconds(self) -> float:
        """Since it last turned."""

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to end."""


class HealthServer:
    """Answers in threads of its own.

    Args:
        settings: `[http]` says where; port 0 is nowhere.
        state_factory: Opens the state, or lends one that is open.
        liveness: How the loop is.
        clock: The time.
    """

    def __init__(
        self,
        settings: AppSettings,
        state_factory: Callable[[], AbstractContextManager[State]],
        liveness: Liveness,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._settings, self._state_factory = settings, state_factory
        self._liveness, self._clock = liveness, clock
        self._asking = threading.BoundedSemaphore(ASKING)
        self._server: SmallServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 if it doesn't."""
        return int(self._server.server_address[1]) if self._server else 0

    def start(self) -> bool:
        """Begin to listen; a port that is taken costs a warning, not the service."""
        http = self._settings.file.http
        if not http.port:
            return False
        try:
            self._server = SmallServer.listen(http.address, http.port, self.answer)
        except (OSError, OverflowError) as error:
            log.warning(
                "http.unavailable",
                address=http.address,
                port=http.port,
                problem=getattr(error, "strerror", None) or type(error).__name__,
                what_to_do="End whoever listens there, or set [http] address and port in goldpan.toml (port 0: none), "
                "and start again. Until then nobody can ask /healthz or /metrics.",
            )
            return False
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)
        self._thread.start()
        log.info("http.listening", address=http.address, port=self.port)
        return True

    def close(self) -> None:
        """End; clients that are being answered are not waited for."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str, accept: str) -> Answer:
        """Status, content and content type for a path."""
        if path == "/healthz":
            trouble = self._liveness.trouble
            return _plain(503 if trouble else 200, trouble or "ok")
        if path not in PATHS:
            return _plain(404, f"Nothing is here. There are: {', '.join(PATHS)}")
        if not self._asking.acquire(blocking=False):
            return _plain(503, "The state is slow to answer others; try again.")
        try:
            return self._ready() if path == "/readyz" else self._metrics(accept)
        except NoMetricsError as error:
            return _plain(501, str(error))
        except (GoldpanError, SQLAlchemyError, OSError) as error:  # their text may name hosts and users
            return _plain(503, f"The state can't be reached ({type(error).__name__}). goldpan check tells more.")
        finally:
            self._asking.release()

    def _ready(self) -> Answer:
        if self._liveness.is_stopping:
            return _plain(503, "Goldpan is shutting down.")
        with self._state_factory() as state, state.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return _plain(200, "ok")

    def _metrics(self, accept: str) -> Answer:
        with self._state_factory() as state:
            page, content_type = render(
                self._settings,
                state,
                at=self._clock(),
                loop_age_seconds=self._liveness.age_seconds,
                accept=accept,
            )
        return 200, page, content_type


def _plain(status: int, says: str) -> Answer:
    return status, f"{says}\n".encode(), PLAIN
