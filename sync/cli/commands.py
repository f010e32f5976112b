"""The list of commands; each is imported with this list, but imports what it needs only when it runs."""

import typer

from sync.cli import (
    alert_test,
    check,
    convert,
    demo,
    explain,
    forecast,
    forget,
    init,
    pause,
    rejects,
    replay,
    resume,
    retry,
    run,
    runs,
    sandbox,
    serve,
    setup,
    show,
    tags,
    undo,
    verify,
)

app = typer.Typer(
    name="goldpan",
    help="Keeps HubSpot contacts in step with a membership business's nightly exports.\n\n"
    "Start with: goldpan demo (no account needed), then goldpan init.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = (
    demo, init, check, setup, convert, run, serve, runs, show, rejects, explain, verify, undo, retry, pause, resume,
    tags, forecast, replay, forget, alert_test, sandbox,
)  # fmt: skip
"""In the order in which the help lists them."""

for command in COMMANDS:
    app.command(name=command.__name__.rpartition(".")[2].replace("_", "-"))(command.command)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"goldpan {version('goldpan')}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of the program itself."""
