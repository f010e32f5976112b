"""`goldpan forecast`: how many contacts carry each tag on each coming day."""

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.options import AsOf, ConfigFolder, Json, Verbose, as_date


def command(
    days: Annotated[int, typer.Option("--days", metavar="N", help="How many days ahead: 0 to 3650.")] = 30,
    as_of: AsOf = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.xlsx", help="Also a workbook with charts, here.", show_default=False
        ),
    ] = None,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """How many contacts will carry each tag on each coming day, if no new export comes.

    It is worked out from the last accepted exports, with the rules as they are now. HubSpot is not asked, and nothing
    is written but the workbook asked for. Suppressed contacts count, as they do in `goldpan run`.

    \b
    Examples:
      goldpan forecast
      goldpan forecast --days 365 -o forecast.xlsx
      goldpan forecast --days 7 --as-of 2026-12-24 --json
    """
    from goldpan.errors import GoldpanError
    from sync.cli.as_json import print_json
    from sync.cli.bars import progress_for
    from sync.cli.forecasted import print_forecast
    from sync.forecast import forecast
    from sync.settings import load_settings

    _ = verbose
    try:
        settings = load_settings(config)
        found = forecast(settings, days=days, as_of=as_date(as_of), output=output, progress=progress_for(is_quiet=json))
    except GoldpanError as error:
        if not json:
            raise
        print_json({"as_of": None, "days": [], "problems": str(error).splitlines()})
        raise typer.Exit(error.exit_code) from error
    if json:
        print_json(found.as_json())
    else:
        print_forecast(found, settings.config.tags, output)
