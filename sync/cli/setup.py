"""`goldpan setup`: makes what HubSpot lacks, after showing it."""

import sys
from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Verbose


def command(
    yes: Annotated[bool, typer.Option("--yes", help="Make it without asking.", show_default=False)] = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Show, then make, what HubSpot lacks: the property group, properties and options. It never removes anything.

    \b
    Examples:
      goldpan setup
      goldpan setup --yes
    """
    from goldpan.errors import ConfigError, SchemaError
    from sync.app import open_destination, single_flight
    from sync.observe import configure_logs
    from sync.preflight import check_portal, setup_steps
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    settings = load_settings(config)
    with open_destination(settings) as destination:
        portal = check_portal(destination, settings)
        steps, problems = setup_steps(destination, settings.config)
        typer.echo(f"Portal {portal.portal_id} ({portal.account_type or 'HubSpot'})")
        for step in steps:
            typer.echo(f"  will {step}")
        if problems:
            raise SchemaError("\n".join(problems))
        if not steps:
            typer.echo("HubSpot has everything that Goldpan needs.")
            return
        if not yes:
            if not sys.stdin.isatty():
                raise ConfigError("Nothing was made. To make it without a question: goldpan setup --yes")
            typer.confirm("Make this in HubSpot?", abort=True)
        with single_flight(settings):
            for step in steps:
                destination.set_up(step)
                typer.echo(f"  done: {step}")
    typer.echo("HubSpot has everything that Goldpan needs.")
