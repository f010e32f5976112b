"""`goldpan demo`: a whole run on sample exports and an embedded sandbox; no account needed."""

import typer

from sync.cli.options import Verbose


def command(verbose: Verbose = False) -> None:
    """See a whole run in ./goldpan-demo: sample exports, an embedded HubSpot stand-in, the analysis.

    Nothing leaves this machine. Run it again on the same day and there is nothing to change.

    \b
    Example:
      goldpan demo
    """
    from sync.cli.bars import progress_for
    from sync.cli.output import print_demo
    from sync.demo.demo import run_demo
    from sync.observe import configure_logs

    configure_logs(is_verbose=verbose)
    demo = run_demo(progress=progress_for())
    print_demo(demo)
    raise typer.Exit(demo.record.exit_code)
