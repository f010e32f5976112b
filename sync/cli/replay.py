"""`goldpan replay`: a past night's contacts again, from its archive."""

from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose

if TYPE_CHECKING:
    from sync.replay import Replayed


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or `latest`.")],
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Compute a past night's contacts again from its archive, with the config of that night, and compare.

    Exit code 0: they are the same. 1: they differ; it says in which columns and for how many contacts, and whether
    another version of Goldpan made them. HubSpot is not asked, and nothing is written. It works on any machine that
    has the archive.

    \b
    Examples:
      goldpan replay latest
      goldpan replay 20261120T0130 --json
    """
    from goldpan.errors import GoldpanError
    from sync.cli.as_json import print_json
    from sync.cli.bars import progress_for
    from sync.replay import replay
    from sync.settings import load_settings

    _ = verbose
    try:
        replayed = replay(load_settings(config), run, progress=progress_for(is_quiet=json))
    except GoldpanError as error:
        if not json:
            raise
        print_json({"run_id": run, "is_same": False, "problems": str(error).splitlines()})
        raise typer.Exit(error.exit_code) from error
    if json:
        print_json(replayed.as_json())
    else:
        _print(replayed)
    raise typer.Exit(replayed.exit_code)


def _print(replayed: "Replayed") -> None:
    from sync.app import version

    found = replayed.comparison
    print(f"Run {replayed.run_id} as of {replayed.as_of}, compared with its {replayed.compared_with}.")
    if replayed.forgotten:
        print("People were taken out of this night since (goldpan forget); it is compared without them.")
    if found.is_same:
        print(f"The same: {found.after:,} contacts, no value differs.")
        return
    print(f"DIFFERENT: {found.before:,} contacts were kept, {found.after:,} are computed now.")
    for count, words in ((found.only_before, "are only in the archive"), (found.only_after, "are only computed now")):
        if count:
            print(f"  {count:,} contacts {words}")
    for column, count in sorted(found.columns.items(), key=lambda item: -item[1]):
        print(f"  {count:,} contacts differ in {column}")
    for column in found.missing:
        print(f"  only one of them has the column {column}")
    made_by = replayed.made_by or "another version"
    if replayed.made_by != version():
        print(f"Goldpan {made_by} made it; this is {version()}. To compare like with like, install that version.")
    else:
        print("The same version made it, so the archive was changed, or this is a defect of Goldpan.")
