"""`goldpan tags`: how many contacts carried each tag on the last nights."""

from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose


def command(
    nights: Annotated[int, typer.Option("--nights", "-n", min=1, max=3650, metavar="N", help="How many nights.")] = 28,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """How many contacts carried each tag on the last nights, as the runs recorded it; what comes: goldpan forecast.

    A date that was run twice is one night. "Usual" is what the nights before the last one say of it: median ± max(5
    median absolute deviations, 20), over 28 of them; a run whose tags leave that says so in its notes.

    \b
    Examples:
      goldpan tags
      goldpan tags --nights 90 --json
    """
    from sync.app import open_state
    from sync.cli.as_json import print_json
    from sync.settings import load_settings
    from sync.tag_history import nights_of_last_portal

    _ = verbose
    settings = load_settings(config)
    with open_state(settings, read_only=True) as state:
        found = nights_of_last_portal(state.runs, settings.file.destination, limit=nights)
    if json:
        print_json({"nights": [night.as_json() for night in found]})
    else:
        from sync.cli.tag_sizes import print_nights

        print_nights(found)
