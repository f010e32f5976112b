"""`goldpan undo`: puts back what a run replaced."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose

if TYPE_CHECKING:
    from goldpan.undo import Undoing
    from sync.record import RunRecord


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The id of the run to take back, the beginning of one, or `latest`.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be put back.", show_default=False)
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.", show_default=False)] = False,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Put back the values that a run replaced, where they still hold what it wrote.

    In the tag property only Goldpan's own options are put back. Contacts that the run created have Goldpan's values
    emptied; nobody is deleted. What somebody changed since is listed and left. The next run is held, because it would
    write the same again. Mails that were sent and HAS_EVER lists can't be taken back.

    \b
    Examples:
      goldpan undo latest --dry-run
      goldpan undo 20261120T0130 --yes
    """
    from goldpan.errors import ConfigError, GoldpanError
    from sync.cli.bars import progress_for
    from sync.cli.carrying import carried_out
    from sync.cli.output import end_run
    from sync.observe import configure_logs
    from sync.record import failed_record
    from sync.settings import load_settings
    from sync.undo import undo

    def confirm(record: "RunRecord", undoing: "Undoing") -> bool:
        if yes or not undoing.plan.changes:
            return True
        typer.echo(
            f"Run {record.parent_id}: {len(undoing.plan.changes)} contacts get their old values back, "
            f"{len(undoing.plan.moved)} were changed since, {len(undoing.plan.gone)} are gone.",
            err=json,
        )
        return typer.confirm("Write this to HubSpot?", err=json)

    configure_logs(is_verbose=verbose)
    try:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise ConfigError("Nothing was written. To take the run back without a question: goldpan undo RUN --yes")
        settings, progress = load_settings(config), progress_for(is_quiet=json)
        record = carried_out(
            settings,
            lambda stop: undo(settings, run, dry_run=dry_run, confirm=confirm, progress=progress, stop=stop),
        )
    except GoldpanError as error:
        if not json:
            raise
        record = failed_record(error, as_of=None, dry_run=dry_run)
    end_run(record, as_json=json)
