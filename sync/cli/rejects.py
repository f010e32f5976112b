"""`goldpan rejects`: the rows and contacts of a run that a person should look at."""

from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Run, Verbose


def command(
    run: Run = "latest",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many rows to show.")] = 50,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """What a run could not use or send: file, row as Excel shows it, column, reason and what to do. Values are masked.

    The same list with whole values is the sheet `Rejects and warnings` of the run's analysis.

    \b
    Examples:
      goldpan rejects
      goldpan rejects 20261120T0130 -n 200
    """
    from sync.app import open_state
    from sync.cli.as_json import print_json
    from sync.rejects import rejects_of
    from sync.settings import load_settings

    _ = verbose
    settings = load_settings(config)
    with open_state(settings, read_only=True) as state:
        found = state.runs.get(run)
    rejects = rejects_of(found, settings)
    if json:
        print_json({"run_id": found.run_id, "rejects": rejects})
    else:
        from sync.cli.output import print_rejects

        print_rejects(found, rejects, limit)
