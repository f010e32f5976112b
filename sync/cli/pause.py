"""`goldpan pause`: nothing is written to HubSpot for a while."""

from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Verbose


def command(
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help='A time such as "2026-11-22 06:00", a day, `tomorrow`, or a length such as 2h or 3d. Else until '
            "`goldpan resume`.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Write nothing to HubSpot until then; runs still read, plan, report and keep their analysis.

    Their plans are held (exit 3). A run that is sending right now stops after the requests under way. Approvals, undo,
    retry, repairs and setup are refused. Times without a zone are in the configured one; a second pause replaces the
    first.

    \b
    Examples:
      goldpan pause
      goldpan pause --until 2h
      goldpan pause --until "2026-11-22 06:00"
    """
    from sync.app import now, open_state
    from sync.observe import configure_logs
    from sync.pausing import in_words, parse_until
    from sync.settings import load_settings
    from sync.state.pauses import Pause

    configure_logs(is_verbose=verbose)
    settings = load_settings(config)
    at = now()
    pause = Pause(at, parse_until(until, at, settings.zone) if until is not None else None)
    with open_state(settings) as state:
        state.pauses.begin(pause.until_at, at=at)
        running = state.leases.current()
    typer.echo(f"{in_words(pause, settings.zone)} Runs still read, plan and report. To go on before: goldpan resume")
    if running:
        typer.echo(f"A run is going on ({running}); it sends nothing more but the requests under way.")
