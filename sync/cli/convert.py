"""`goldpan convert`: the tags and the analysis of two exports, without any HubSpot."""

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.options import AsOf, ConfigFolder, Json, Verbose, as_date


def command(
    memberships: Annotated[
        str,
        typer.Argument(metavar="MEMBERSHIPS", help="The memberships export: a file, or a dataset's folder or pattern."),
    ],
    orders: Annotated[str, typer.Argument(metavar="ORDERS", help="The orders export, likewise.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where hubspot.csv and analysis.xlsx go.")
    ] = Path(),
    as_of: AsOf = None,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Turn two exports into hubspot.csv (imports as it is) and analysis.xlsx. HubSpot is not touched.

    \b
    Examples:
      goldpan convert members.xlsx orders.csv
      goldpan convert members.xlsx orders.xlsx -o tonight --as-of 2026-11-20
      goldpan convert lake/members 'lake/orders/year=2026/*.parquet'
    """
    from goldpan.errors import GoldpanError
    from sync.cli.as_json import print_run_json
    from sync.cli.bars import progress_for
    from sync.cli.output import print_conversion
    from sync.convert import convert
    from sync.observe import configure_logs
    from sync.record import failed_record
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    try:
        record = convert(
            load_settings(config),
            memberships,
            orders,
            output,
            as_of=as_date(as_of),
            progress=progress_for(is_quiet=json),
        )
    except GoldpanError as error:
        if not json:
            raise
        record = failed_record(error, as_of=as_date(as_of))
    if json:
        print_run_json(record)
    else:
        print_conversion(record)
    raise typer.Exit(record.exit_code)
