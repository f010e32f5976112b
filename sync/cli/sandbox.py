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
    from contextlib import ExitStack

    from goldpan.errors import ConfigError
    from sync.app import sandbox_file
    from sync.sandbox import TOKEN, Sandbox
    from sync.settings import load_settings

    _ = verbose
    settings = load_settings(config)
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # also in the server's threads: they are waited for below
    sandbox = Sandbox(sandbox_file(settings), port=port, burst_limit=settings.file.hubspot.burst_limit)
    with ExitStack() as stack:
        stack.callback(sandbox.stop)
        try:
            sandbox.start()
        except OSError as error:
            raise ConfigError(f"Port {port} can't be used: {error.strerror}. Any free one: --port 0") from error
        typer.echo(f"Contacts and tags: {sandbox.url}/")
        typer.echo(f"To run against it: HUBSPOT_BASE_URL={sandbox.url} HUBSPOT_ACCESS_TOKEN={TOKEN} goldpan run")
        typer.echo("Ctrl-C stops it.")
        signal.sigwait(stops)
