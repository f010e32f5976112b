"""`goldpan init`: a commented config folder, `.env` and the drop folders."""

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.options import Verbose


def command(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to set up; made if missing.")] = Path(),
    verbose: Verbose = False,
) -> None:
    """Write a commented config folder, .env and the drop folders. What exists already stays as it is.

    \b
    Example:
      goldpan init mysync && cd mysync && goldpan check
    """
    from sync.init import set_up_folder

    _ = verbose
    for path, is_new in set_up_folder(folder):
        typer.echo(f"{'wrote' if is_new else 'kept '} {path}")
    typer.echo(
        f"\nNext: put the token into {folder / '.env'}, then\n"
        f"  cd {folder} && goldpan check      what is ready, and what is not\n"
        "  goldpan setup      makes HubSpot's properties, after showing them\n"
        "  goldpan run --dry-run"
    )
