"""Structured logs: readable on a terminal, JSON lines elsewhere; nobody's name, address or token in them.

Everything goes through one pipe of the standard library's, so that libraries' own lines are scrubbed as well.
"""

import logging
import os
import stat
import sys
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from goldpan.errors import ConfigError, GoldpanError
from sync.scrubbing import Scrubber, secrets_of
from sync.settings import AppSettings

NAME = "goldpan"
"""The logger of Goldpan's own events, and the mark of the handler that is ours."""

MB = 1_000_000

FRAMES = 30
"""So many places in the code are logged with an error, the innermost."""

_SAFE_TEXTS = ("apscheduler", "boto3", "botocore", "requests", "urllib3")
"""Modules whose errors speak of machines. Others may quote a cell: of these kind and place are logged."""


def configure_logs(*, is_verbose: bool = False) -> None:
    """Set up logging for a command: on standard error.

    Args:
        is_verbose: Log every event; else only what a person should look at today.
    """
    is_pretty = sys.stderr.isatty()
    _configure(logging.StreamHandler(sys.stderr), "info" if is_verbose else "warning", Scrubber(), is_pretty=is_pretty)


def configure_service_logs(settings: AppSettings) -> None:
    """Set up logging for `goldpan serve`, as `[logs]` in goldpan.toml says.

    Raises:
        ConfigError: The log file can't be written.
    """
    logs = settings.file.logs
    is_pretty = logs.format == "pretty" or (logs.format == "auto" and not logs.file and sys.stderr.isatty())
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if logs.file:
        path = settings.home / logs.file
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handler = _PrivateFile(path, maxBytes=logs.max_mb * MB, backupCount=logs.keep, encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"The log file {path} can't be written: {error.strerror}. Set [logs] file in goldpan.toml to a place "
                'that this user may write, or to "" for standard error.'
            ) from error
    _configure(handler, logs.level, Scrubber(secrets_of(settings)), is_pretty=is_pretty)


class _PrivateFile(RotatingFileHandler):
    """A file that only its owner may read, also after it was rotated."""

    def _open(self) -> TextIOWrapper:
        number = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if stat.S_ISREG(os.fstat(number).st_mode):
            os.fchmod(number, 0o600)  # it may be older than this rule
        return os.fdopen(number, "a", encoding=self.encoding, errors="backslashreplace")


def _configure(handler: logging.Handler, level: str, scrubber: Scrubber, *, is_pretty: bool) -> None:
    number = logging.getLevelNamesMapping()[level.upper()]
    always: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_logger_name, *always],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _tell_error,
                lambda _logger, _name, event: scrubber.value(event),
                _pretty_renderer() if is_pretty else structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.set_name(NAME)
    logging.raiseExceptions = False  # a line that can't be written (disk full) must not print what it held
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.get_name() == NAME]:
        root.removeHandler(old)
        if isinstance(old, logging.FileHandler):
            with suppress(OSError):  # on a full disk
                old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of libraries only what a person should look at
    logging.getLogger(NAME).setLevel(number)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *always,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_own_logger,
        cache_logger_on_first_use=False,
    )


def _own_logger(*_names: object) -> WrappedLogger:
    return logging.getLogger(NAME)


def _pretty_renderer() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        timestamp_key="at",
        exception_formatter=structlog.dev.plain_traceback,  # the others show what variables held
    )


def _tell_error(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """An exception becomes its kind, its text where that is safe, and its places in the code."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is None and info:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = "\n".join(_told(error))
    return event


def _told(error: BaseException) -> list[str]:
    is_safe = isinstance(error, GoldpanError | OSError) or type(error).__module__.partition(".")[0] in _SAFE_TEXTS
    lines = [f"{type(error).__qualname__}: {error}" if is_safe else type(error).__qualname__]
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"  at {code.co_filename}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    lines += places[-FRAMES:]
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [*lines, "after", *_told(before)] if before is not None else lines
