"""`goldpan check`: a line for each thing a run needs, OK or what to do; `--probe` tries what HubSpot really does."""

from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.options import ConfigFolder, Json, Verbose

if TYPE_CHECKING:
    from sync.checks import Check


def command(
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help="Try on a developer test account what HubSpot's documents leave open, and clean up.",
            show_default=False,
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Probe without asking.", show_default=False)] = False,
    probe_domain: Annotated[
        str, typer.Option(metavar="DOMAIN", help="Of the addresses that the probe makes up.")
    ] = "example.com",
    json: Json = False,
    config: ConfigFolder = None,
    verbose: Verbose = False,
) -> None:
    """Check settings, folders, token, portal, scopes and properties: a line each, OK or what to do.

    \b
    Examples:
      goldpan check --config mysync/config
      goldpan check --probe        on a developer test account only
    """
    from goldpan.errors import GoldpanError
    from sync.checks import run_checks
    from sync.cli.check_output import announce_probe, ask_before_probing, print_check, print_check_json, print_probe
    from sync.observe import configure_logs
    from sync.settings import load_settings

    configure_logs(is_verbose=verbose)
    checks: list[Check] = []
    report, failure = None, None
    try:
        settings = load_settings(config)
        for check in run_checks(settings):
            checks.append(check)
            if not json:
                print_check(check)
        if probe:
            from sync.probe import run_probe

            report = run_probe(settings, ask=announce_probe if yes else ask_before_probing, domain=probe_domain)
    except GoldpanError as error:
        if not json:
            raise
        failure = error
    exit_codes = [check.exit_code for check in checks if not check.is_ok]
    exit_codes += [each.exit_code for each in (report, failure) if each is not None]
    exit_code = max(exit_codes, default=0)
    if json:
        print_check_json(checks, report, failure, exit_code=exit_code)
    elif report:
        print_probe(report, is_verbose=verbose)
    if report and report.is_stopped:
        raise KeyboardInterrupt
    raise typer.Exit(exit_code)
