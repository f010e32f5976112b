"""`goldpan run`: one run, from the exports to HubSpot and the archive."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.options import AsOf, ConfigFolder, Json, Verbose, as_date

if TYPE_CHECKING:
    from sync.record import RunRecord
    from sync.runner import RunRequest
    from sync.settings import AppSettings


def command(
    memberships: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The memberships export.", show_default=False)
    ] = None,
    orders: Annotated[Path | None, typer.Option(metavar="FILE", help="The orders export.", show_default=False)] = None,
    as_of: AsOf = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EMAIL|FILE",
            help="Send just this contact, or those of a file with an address a line; may be repeated.",
            show_default=False,
        ),
    ] = None,
    recreate: Annotated[
        bool,
        typer.Option(
            "--recreate", help="With --only: make contacts again that were deleted in HubSpot.", show_default=False
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, plan and report, but write nothing.", show_default=False)
    ] = False,
    approve: Annotated[
        str | None,
        typer.Option(metavar="FINGERPRINT", help="Send the held plan with this fingerprint.", show_default=False),
    ] = None,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Bring HubSpot in step with the exports: read, work out the tags, send what differs, keep the analysis.

    Without a file it takes the newest pair in the drop folder, else the last accepted ones; with one file, the last
    accepted export of the other kind. A plan beyond the brakes is held (exit 3) until a person approves it.

    \b
    Examples:
      goldpan run
      goldpan run --memberships members.xlsx --orders orders.xlsx --dry-run
      goldpan run --only ada@example.org
      goldpan run --approve 5f0c3a9be1d27746
      goldpan run --as-of 2026-11-20 --json
    """
    from goldpan.errors import GoldpanError
    from sync.cli.output import end_run
    from sync.observe import configure_logs
    from sync.record import failed_record
    from sync.runner import RunRequest
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    named = {"memberships": memberships, "orders": orders}
    request = RunRequest(named, as_date(as_of), dry_run)
    try:
        _refuse_mixtures(approve, request, only or [], recreate)
        settings = load_settings(config)
        record = _carry_out(settings, request, only or [], recreate, approve, is_quiet=json)
    except GoldpanError as error:
        if not json:
            raise
        record = failed_record(error, as_of=request.as_of, dry_run=dry_run)
    end_run(record, as_json=json)


def _carry_out(
    settings: "AppSettings",
    request: "RunRequest",
    only: list[str],
    recreate: bool,
    approve: str | None,
    *,
    is_quiet: bool,
) -> "RunRecord":
    from dataclasses import replace

    from sync.approval import approve as approve_plan
    from sync.canary import addresses_of
    from sync.cli.bars import progress_for
    from sync.cli.carrying import carried_out
    from sync.runner import run

    progress = progress_for(is_quiet=is_quiet)
    if approve is not None:
        return carried_out(settings, lambda stop: approve_plan(settings, approve, progress=progress, stop=stop))
    whole = replace(request, only=addresses_of(only), recreate=recreate)
    return carried_out(settings, lambda stop: run(settings, whole, progress=progress, stop=stop))


def _refuse_mixtures(approve: str | None, request: "RunRequest", only: list[str], recreate: bool) -> None:
    """Options that contradict each other."""
    from goldpan.errors import ConfigError

    others = request.dry_run or request.as_of or only or any(request.named.values())
    if approve is not None and others:
        raise ConfigError("--approve sends a plan as it was made; it takes no other option but --config and --json.")
    if recreate and not only:
        raise ConfigError("--recreate is for the contacts of --only: goldpan run --only EMAIL --recreate")
