"""`goldpan serve`: the service."""

import signal
from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Verbose


def command(
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Take in what is whole, do what is due, and end: for cron or a CronJob.", show_default=False
        ),
    ] = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Keep HubSpot in step, for months: take in exports as they arrive, run each night, repair, archive, tell people.

    What it does when stands in [schedule] and [intake] of goldpan.toml; an edit there holds without a restart. It ends
    within 30 seconds of SIGTERM or Ctrl-C, and a second one ends it at once; the next start settles what was under way.

    With --once it ends with 0 if all went well or nothing was due, else like the gravest of its runs: 1 failed,
    2 configuration, 3 held for approval, 4 done with new refusals.

    \b
    Examples:
      goldpan serve
      goldpan serve --config mysync/config
      goldpan serve --once
    """
    from sync.observe import configure_logs, configure_service_logs
    from sync.service.serving import serve
    from sync.settings import load_settings

    settings = load_settings(config)
    configure_service_logs(settings)
    if verbose:
        configure_logs(is_verbose=True)
    raise typer.Exit(serve(lambda: load_settings(config), is_once=once, signals=(signal.SIGTERM, signal.SIGINT)))
