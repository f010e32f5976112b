"""`goldpan explain`: why one contact carries its tags."""

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.options import AsOf, ConfigFolder, Json, Verbose, as_date


def command(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The contact's address, or a customer id.")],
    memberships: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Explain from this memberships export.", show_default=False),
    ] = None,
    orders: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Explain from this orders export.", show_default=False)
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Why a contact carries its tags: rows, renewals, orders, each rule with its values, and every write to HubSpot.

    It is worked out from the last accepted exports at the last run's date, or from the exports named (at today's date
    then). HubSpot is not asked. The contact's data is printed whole, nobody else's at all.

    \b
    Examples:
      goldpan explain ada@example.org
      goldpan explain 0004102511 --as-of 2026-12-24
      goldpan explain ada@example.org --memberships members.xlsx --orders orders.csv --json
    """
    from goldpan.errors import GoldpanError
    from sync.cli.as_json import print_json
    from sync.cli.explained_history import print_told
    from sync.explain import explain
    from sync.settings import load_settings

    _ = verbose
    try:
        settings = load_settings(config)
        told = explain(settings, email, named={"memberships": memberships, "orders": orders}, as_of=as_date(as_of))
    except GoldpanError as error:
        if not json:
            raise
        print_json({"is_found": False, "problems": str(error).splitlines()})
        raise typer.Exit(error.exit_code) from error
    if json:
        print_json(told.as_json())
    else:
        print_told(told, settings)
