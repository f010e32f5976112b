"""Options that many commands take, and how they are read."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

ConfigFolder = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="The config folder. Else GOLDPAN_CONFIG, else ./config, else the built-in one.",
        show_default=False,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log each step, and print tracebacks.", show_default=False)]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The business date, as 2026-11-20. Else today in the configured time zone.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else on standard output.", show_default=False)
]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or `latest`.")]


def as_date(value: datetime | None) -> date | None:
    """The day of an option that click read as a datetime."""
    return value.date() if value else None
