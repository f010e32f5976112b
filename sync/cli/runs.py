"""`goldpan runs`: the latest runs, a line each."""

from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose


def command(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """The latest runs, the newest first: when, for which day, how it ended, what it changed.

    \b
    Examples:
      goldpan runs
      goldpan runs -n 5 --json
    """
    from sync.app import open_state
    from sync.cli.as_json import print_json
    from sync.settings import load_settings

    _ = verbose
    with open_state(load_settings(config), read_only=True) as state:
        found = state.runs.latest(limit)
    if json:
        print_json({"runs": [run.summary() for run in found]})
    else:
        from sync.cli.output import print_runs

        print_runs(found)
