"""Structured logs on standard error: readable on a terminal, JSON lines elsewhere; nobody's name or address in them."""

import logging
import sys

import structlog


def configure_logs(*, is_verbose: bool = False) -> None:
    """Set up logging for this process.

    Args:
        is_verbose: Log every event; else only what a person should look at today.
    """
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if is_verbose else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
