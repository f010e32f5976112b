"""`goldpan verify`: reads back what Goldpan believes."""

from typing import Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose


def command(
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Write what drifted again, under the same brakes as a run.", show_default=False),
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Look at N contacts, chosen at random.", show_default=False),
    ] = None,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Read back everything that HubSpot confirmed, and report drift: edited, cleared, merged, deleted.

    Without --repair nothing is written. A repair puts Goldpan's values back; nobody is made again, and what people
    added to the tags stays.

    \b
    Examples:
      goldpan verify
      goldpan verify --sample 500
      goldpan verify --repair
    """
    from sync.cli.as_json import print_json
    from sync.cli.bars import progress_for
    from sync.cli.output import print_run
    from sync.cli.verified import print_verified
    from sync.lifecycle import give_up
    from sync.observe import configure_logs
    from sync.settings import load_settings
    from sync.stopping import Stop, stopped_by_signals
    from sync.verify import as_json, verify

    configure_logs(is_verbose=verbose)
    settings, progress = load_settings(config), progress_for(is_quiet=json)
    stop = Stop()
    with stopped_by_signals(stop, lambda: give_up(settings) if repair else None):
        verified = verify(settings, repair=repair, sample=sample, progress=progress, stop=stop)
    if json:
        print_json(as_json(verified))
    else:
        print_verified(verified)
        if repair or verified.drift is None:
            print_run(verified.record)
    raise typer.Exit(verified.record.exit_code)
