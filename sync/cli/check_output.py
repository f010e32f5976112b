"""What `goldpan check` prints, and what `--probe` asks first."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from goldpan.errors import ConfigError, GoldpanError
from sync.cli.as_json import print_json
from sync.cli.console import console_for_people

if TYPE_CHECKING:
    from goldpan.model import Portal
    from sync.checks import Check
    from sync.probe import ProbeReport
    from sync.probe.report import Finding, Result

STYLES = {"holds": "green", "does not hold": "bold red", "irrelevant": "dim", "not settled": "yellow"}


def print_check(check: "Check") -> None:
    """One line, as soon as it is known."""
    typer.echo(f"{'OK  ' if check.is_ok else 'FIX '} {check.name:<12} {check.says}")


def print_check_json(
    checks: "Sequence[Check]", report: "ProbeReport | None", failure: GoldpanError | None, *, exit_code: int
) -> None:
    """The one object of `--json`."""
    print_json(
        {
            "is_ok": exit_code == 0,
            "checks": [{"name": each.name, "is_ok": each.is_ok, "says": each.says} for each in checks],
            "probe": report.as_json() if report else None,
            "problems": [str(failure)] if failure else [],
        }
    )


def ask_before_probing(portal: "Portal", name: str) -> None:
    """Say what will be made where, on standard error, and wait for a yes.

    Raises:
        ConfigError: There is no terminal to answer on.
    """
    announce_probe(portal, name)
    if not sys.stdin.isatty():
        raise ConfigError("Nothing was made. To probe without a question: goldpan check --probe --yes")
    typer.confirm("Probe this account?", abort=True, err=True)


def announce_probe(portal: "Portal", name: str) -> None:
    """Say what will be made where, so that a person can find it if this process is killed."""
    typer.echo(
        f"Probing portal {portal.portal_id} ({portal.account_type}): about thirty contacts and a property are made and "
        f"taken away again; their names begin with {name} and goldpan_probe. One address stays on HubSpot's list of "
        "erased people for good.",
        err=True,
    )


def print_probe(report: "ProbeReport", *, is_verbose: bool) -> None:
    """Question, answer, and what it means for Goldpan; with ``is_verbose`` also what went over the wire."""
    console = console_for_people()
    for result in report.results:
        console.print(_table(result))
        if result.problem:
            console.print(f"[red]Broke off:[/] {escape(result.problem)}", soft_wrap=True)
        if is_verbose:
            for finding in result.findings:
                _print_wire(console, finding)
    if report.problem:
        console.print(f"[red]The probe could not begin:[/] {escape(report.problem)}", soft_wrap=True)
    counts = [f"{word}: {sum(each.standing == word for each in report.findings)}" for word in STYLES]
    console.print(f"\nWhat Goldpan assumes {', '.join(counts)}. Requests: {report.requests}.", soft_wrap=True)
    for name in report.stays:
        console.print(f"Stays for good: {escape(name)}", soft_wrap=True)
    for name in report.left:
        console.print(f"[red]Left behind, remove it in HubSpot:[/] {escape(name)}", soft_wrap=True)
    if not report.left:
        console.print("Everything else that the probe made is taken away (HubSpot can restore it for 90 days).")


def _table(result: "Result") -> Table:
    table = Table(title=f"{result.number}. {result.title}", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("Question", ratio=3)
    table.add_column("HubSpot's answer", ratio=3)
    table.add_column("Goldpan assumes", ratio=3)
    for finding in result.findings:
        standing = f"[{STYLES[finding.standing]}]{finding.standing}[/]"
        table.add_row(escape(finding.question), escape(finding.answer), f"{escape(finding.assumes)}\n{standing}")
    return table


def _print_wire(console: Console, finding: "Finding") -> None:
    console.print(f"  [bold]{escape(finding.question)}[/]", soft_wrap=True)
    console.print(f"    sent: {escape(finding.sent)}", soft_wrap=True)
    for line in finding.came_back.splitlines():
        console.print(f"    came back: {escape(line)}", soft_wrap=True)
