"""`goldpan setup`: makes what HubSpot lacks, after showing it."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.options import ConfigFolder, Verbose

if TYPE_CHECKING:
    from sync.destinations.hubspot.list_status import MakeList
    from sync.smart_lists import ListsReport


def command(
    yes: Annotated[bool, typer.Option("--yes", help="Make it without asking.", show_default=False)] = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Show, then make, what HubSpot lacks: the property group, properties, options and Smart Lists.

    It never removes anything, and never changes a list that exists. It uses HUBSPOT_SETUP_TOKEN if that is set.

    \b
    Examples:
      goldpan setup
      goldpan setup --yes
    """
    from goldpan.errors import ConfigError, SchemaError
    from sync.app import now, open_destination, open_state
    from sync.locking import single_flight
    from sync.observe import configure_logs
    from sync.pausing import refuse_while_paused
    from sync.preflight import check_portal, setup_steps
    from sync.settings import load_settings
    from sync.smart_lists import look_at_lists, own_token

    configure_logs(is_verbose=verbose)
    settings = load_settings(config)
    if token := own_token(settings):
        typer.echo(f"Using the token in {token}.")  # what is said of scopes means this one
    with open_destination(settings, for_setup=True) as destination:
        portal = check_portal(destination, settings)
        steps, problems = setup_steps(destination, settings.config)
        lists = look_at_lists(destination, settings.config)
        typer.echo(f"Portal {portal.portal_id} ({portal.account_type or 'HubSpot'})")
        for step in (*steps, *lists.missing):
            typer.echo(f"  will {step}")
        _tell_about(lists)
        if problems:
            raise SchemaError("\n".join(problems))
        if not (steps or lists.missing):
            typer.echo(_done(lists))
            return
        if not yes:
            if not sys.stdin.isatty():
                raise ConfigError("Nothing was made. To make it without a question: goldpan setup --yes")
            typer.confirm("Make this in HubSpot?", abort=True)
        with single_flight(settings) as lease, open_state(settings) as state:
            refuse_while_paused(settings, state, now())
            for step in steps:
                lease.check()
                destination.set_up(step)
                typer.echo(f"  done: {step}")
            lease.check()
            _make_lists(destination.lists.make, lists.missing)
    typer.echo(_done(lists))


def _tell_about(lists: "ListsReport") -> None:
    """What a person should know about lists; nothing of it keeps the properties from being made."""
    for status in lists.statuses:
        if status.problem or status.note:
            typer.echo(f"  list {status}")
    if lists.trouble:
        typer.echo(f"  Smart Lists were left out: {lists.trouble}")


def _make_lists(make: "Callable[[MakeList], None]", missing: "Iterable[MakeList]") -> None:
    """Make every list that can be made, then tell of the others."""
    from goldpan.errors import BatchRefusedError, FatalError, SchemaError

    failures = []
    for wanted in missing:
        try:
            make(wanted)
        except (BatchRefusedError, FatalError) as error:
            failures.append(f"{wanted.name}: {error}")
        else:
            typer.echo(f"  done: {wanted}")
    if failures:
        raise SchemaError("\n".join(["These Smart Lists were not made; everything else was:", *failures]))


def _done(lists: "ListsReport") -> str:
    if lists.trouble or any(status.problem for status in lists.statuses):
        return "HubSpot has everything that a run needs; about the lists see above."
    return "HubSpot has everything that Goldpan needs."
