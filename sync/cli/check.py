"""`goldpan check`: a line for each thing a run needs, OK or what to do."""

import typer

from sync.cli.options import ConfigFolder, Verbose


def command(config: ConfigFolder = None, verbose: Verbose = False) -> None:
    """Check settings, folders, token, portal, scopes and properties: a line each, OK or what to do.

    \b
    Example:
      goldpan check --config mysync/config
    """
    from sync.checks import run_checks
    from sync.observe import configure_logs
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    settings = load_settings(config)
    exit_code = 0
    for check in run_checks(settings):
        typer.echo(f"{'OK  ' if check.is_ok else 'FIX '} {check.name:<12} {check.says}")
        exit_code = max(exit_code, 0 if check.is_ok else check.exit_code)
    raise typer.Exit(exit_code)
