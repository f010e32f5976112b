"""`goldpan sandbox`: the HubSpot stand-in alone, to look at or to try things on."""

from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Verbose


def command(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="P", help="0 takes any free port.")] = 8765,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Serve the HubSpot stand-in on loopback until Ctrl-C; its contacts are kept in GOLDPAN_HOME.

    \b
    Example:
      goldpan sandbox --config goldpan-demo/config      the contacts that the demo wrote
    """
    import signal

    from sync.app import sandbox_file
    from sync.sandbox import TOKEN, Sandbox
    from sync.settings import load_settings

    _ = verbose
    settings = load_settings(config)
    with Sandbox(sandbox_file(settings), port=port, burst_limit=settings.file.hubspot.burst_limit) as sandbox:
        typer.echo(f"Contacts and tags: {sandbox.url}/")
        typer.echo(f"To run against it: HUBSPOT_BASE_URL={sandbox.url} HUBSPOT_ACCESS_TOKEN={TOKEN} goldpan run")
        typer.echo("Ctrl-C stops it.")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
