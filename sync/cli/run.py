"""`goldpan run`: one run, from the exports to HubSpot and the archive."""

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.options import AsOf, ConfigFolder, Json, Verbose, as_date

Export = Annotated[Path | None, typer.Option(metavar="FILE", show_default=False)]


def command(
    memberships: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The memberships export.", show_default=False)
    ] = None,
    orders: Annotated[Path | None, typer.Option(metavar="FILE", help="The orders export.", show_default=False)] = None,
    as_of: AsOf = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, plan and report, but write nothing.", show_default=False)
    ] = False,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Bring HubSpot in step with the exports: read, work out the tags, send what differs, keep the analysis.

    Without a file it takes the newest pair in the drop folder, else the last accepted ones; with one file, the last
    accepted export of the other kind.

    \b
    Examples:
      goldpan run
      goldpan run --memberships members.xlsx --orders orders.xlsx --dry-run
      goldpan run --as-of 2026-11-20 --json
    """
    from goldpan.errors import GoldpanError
    from sync.cli.bars import progress_for
    from sync.cli.output import print_run, print_run_json
    from sync.observe import configure_logs
    from sync.record import failed_record
    from sync.runner import RunRequest, run
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    request = RunRequest({"memberships": memberships, "orders": orders}, as_date(as_of), dry_run)
    try:
        record = run(load_settings(config), request, progress=progress_for(is_quiet=json))
    except GoldpanError as error:
        if not json:
            raise
        record = failed_record(error, as_of=request.as_of, dry_run=dry_run)
    if json:
        print_run_json(record)
    else:
        print_run(record)
    raise typer.Exit(record.exit_code)
