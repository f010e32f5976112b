"""`goldpan resume`: HubSpot is written to again."""

from sync.cli.options import ConfigFolder, Verbose


def command(config: ConfigFolder = None, verbose: Verbose = False) -> None:
    """End a pause: the next run plans anew, and sends what is right then.

    \b
    Examples:
      goldpan resume
    """
    import typer

    from sync.app import now, open_state
    from sync.observe import configure_logs
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    settings = load_settings(config)
    with open_state(settings) as state:
        was_paused = state.pauses.current(now()) is not None
        state.pauses.end()
    if was_paused:
        typer.echo("Goldpan writes to HubSpot again. To send what waits, planned anew: goldpan run")
    else:
        typer.echo("Goldpan was not paused.")
