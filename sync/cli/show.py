"""`goldpan show`: one run, whole."""

from sync.cli.options import ConfigFolder, Json, Run, Verbose


def command(run: Run = "latest", json: Json = False, config: ConfigFolder = None, verbose: Verbose = False) -> None:
    """One run: its exports, where every row and contact ended, tags, requests, seconds, problems.

    \b
    Examples:
      goldpan show
      goldpan show 20261120T0130
    """
    from sync.app import open_state
    from sync.cli.as_json import print_json
    from sync.settings import load_settings

    _ = verbose
    with open_state(load_settings(config), read_only=True) as state:
        found = state.runs.get(run)
    if json:
        print_json(found.record or found.summary())
    else:
        from sync.cli.output import print_stored_run

        print_stored_run(found)
