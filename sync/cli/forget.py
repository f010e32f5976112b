"""`goldpan forget`: one person out of state and archive."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose

if TYPE_CHECKING:
    from sync.forget import Forgetting
    from sync.settings import AppSettings

HUBSPOT_HELP = "https://knowledge.hubspot.com/privacy-and-consent/how-do-i-perform-a-gdpr-delete-in-hubspot"


def command(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="One of the person's addresses.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.", show_default=False)] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what there is of them.", show_default=False)
    ] = False,
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Take one person out of the state and out of everything that the archive keeps, for good.

    Whoever is behind the address: their customer ids, and the other addresses of these. In exports and workbooks their
    rows become blank, so that all other rows keep their numbers. It may be repeated, and goes on where it was cut
    short. HubSpot's own record, the next export, the drop folders and backups are yours to clean; it says how.

    \b
    Examples:
      goldpan forget ada@example.org --dry-run
      goldpan forget ada@example.org --yes
    """
    from goldpan.errors import ConfigError, GoldpanError
    from sync.cli.as_json import print_json
    from sync.cli.bars import progress_for
    from sync.forget import forget
    from sync.observe import configure_logs
    from sync.settings import load_settings

    def confirm(found: "Forgetting") -> bool:
        if yes:
            return True
        _print_found(found, is_error=json)
        return typer.confirm("Take all of this out, for good?", err=json)

    configure_logs(is_verbose=verbose)
    try:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise ConfigError("Nothing was changed. To do it without a question: goldpan forget EMAIL --yes")
        settings = load_settings(config)
        found = forget(settings, email, dry_run=dry_run, confirm=confirm, progress=progress_for(is_quiet=json))
    except GoldpanError as error:
        if not json:
            raise
        print_json({"is_done": False, "problems": str(error).splitlines()})
        raise typer.Exit(error.exit_code) from error
    if json:
        print_json(found.as_json())
    elif found.is_done:
        if yes:
            _print_found(found, is_error=False)
        _print_done(found, settings)
    elif dry_run:
        _print_found(found, is_error=False)
        print("Nothing was changed: this is a dry run.")
    else:
        print("Nothing was changed.")


def _print_found(found: "Forgetting", *, is_error: bool) -> None:
    lines = [f"Addresses: {', '.join(sorted(found.person.addresses))}"]
    if found.person.customer_keys:
        lines.append(f"Customer ids: {', '.join(sorted(found.person.customer_keys))}")
    if found.shared_addresses:
        lines.append(
            f"  {found.shared_addresses:,} more addresses of these customers are somebody else's, too: they stay."
        )
    lines += [f"{count:>8,}  rows in the state's table {table}" for table, count in found.state.items()]
    if found.exports:
        rows = sum(held.row_count for held in found.exports)
        lines.append(f"{len(found.exports):>8,}  kept exports, with {rows:,} rows of theirs")
    lines += [f"{count:>8,}  × {name} in the folders of runs" for name, count in found.files.items()]
    lines += [
        f"Can't be rewritten, so it goes whole ({held.why_not}): {held.path}" for held in found.exports if held.why_not
    ]
    lines += [f"Nobody can read this export, so look yourself: {path}" for path in found.unreadable]
    typer.echo("\n".join(lines), err=is_error)


def _print_done(found: "Forgetting", settings: "AppSettings") -> None:
    lines = ["Done: nothing of that is left in the state and the archive."]
    lines += [f"Removed, because {why}: {file}" for file, why in found.removed.items()]
    lines += [
        "",
        "Not done, because Goldpan can't or must not:",
        f"  HubSpot still has the contact. Delete it there for good: {HUBSPOT_HELP}",
        "  The source's next export brings them back. Take them out there, or put the address into the list of those",
        f"  who are never written: {settings.config_folder / settings.config.contacts.suppression_file}",
        "  Exports that lie in drop folders (also processing and failed), your own copies and backups still hold them.",
    ]
    if settings.file.archive.s3:
        lines.append("  If the bucket keeps old versions of objects, remove those, too.")
    print("\n".join(lines))
