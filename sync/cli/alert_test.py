"""`goldpan alert-test`: a test message to everybody who would be told."""

from typing import TYPE_CHECKING

import typer

from sync.cli.options import ConfigFolder, Json, Verbose

if TYPE_CHECKING:
    from sync.telling.trying import Tried


def command(json: Json = False, config: ConfigFolder = None, verbose: Verbose = False) -> None:
    """Send a test message to every channel: a line each, sent or what failed.

    Only the kind of each address and its host are shown: the rest is a secret.

    \b
    Examples:
      goldpan alert-test
      goldpan alert-test --config mysync/config
    """
    from goldpan.errors import GoldpanError
    from sync.cli.as_json import print_json
    from sync.observe import configure_logs
    from sync.settings import load_settings
    from sync.telling.trying import try_channels

    configure_logs(is_verbose=verbose)
    tried: list[Tried] = []
    failure = None
    try:
        for each in try_channels(load_settings(config)):
            tried.append(each)
            if not json:
                typer.echo(f"OK   {each.channel}: sent" if not each.problem else f"FIX  {each.channel}: {each.problem}")
    except GoldpanError as error:
        if not json:
            raise
        failure = error
    exit_code = failure.exit_code if failure else int(any(each.problem for each in tried))
    if json:
        channels = [{"channel": each.channel, "is_sent": not each.problem, "problem": each.problem} for each in tried]
        problems = [str(failure)] if failure else []
        print_json({"is_ok": exit_code == 0, "channels": channels, "problems": problems})
    raise typer.Exit(exit_code)
