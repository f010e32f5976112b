"""What commands print for people; programs take `--json` instead."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from sync.cli.as_json import print_run_json
from sync.cli.console import console_for_people

if TYPE_CHECKING:
    from rich.console import Console

    from sync.demo.demo import Demo
    from sync.record import RunRecord
    from sync.state.runs import StoredRun

CONTACT_WORDS = {
    "created": "created in HubSpot",
    "updated": "updated in HubSpot",
    "unchanged": "unchanged",
    "unsendable": "no valid address, never sent",
    "same_record": "the same HubSpot record as another",
    "refused": "refused by HubSpot",
    "unknown": "without an answer; the next run reads them back",
    "held": "held back",
    "suppressed": "suppressed",
    "not_wanted": "not wanted in HubSpot",
    "gone": "deleted in HubSpot, left alone",
    "moved": "changed in HubSpot meanwhile, left alone",
}
WIDEST_TABLE = 96  # `goldpan runs` is whole even where the terminal is narrower

_KINDS = {
    "approve": ", the approved plan of run {}",
    "undo": ", taking back run {}",
    "repair": ", a repair",
    "retry": ", trying again what was refused",
    "only": ", a few contacts only",
}
STATUS_STYLES = {"done": "green", "partial": "yellow", "held": "yellow", "failed": "red", "interrupted": "red"}


def end_run(record: "RunRecord", *, as_json: bool) -> NoReturn:
    """Print how a run ended, and end the command with its exit code."""
    if as_json:
        print_run_json(record)
    else:
        print_run(record)
    raise typer.Exit(record.exit_code)


def print_run(record: "RunRecord") -> None:
    """How a run ended, in numbers that add up."""
    print_record(record.as_json())


def print_stored_run(run: "StoredRun") -> None:
    """A run that is on record."""
    if run.record:
        print_record(run.record)
    else:
        how = (
            "it is going on, or was stopped and the next run settles it"
            if run.status == "running"
            else "it was stopped"
        )
        console_for_people().print(f"Run {run.run_id} as of {run.as_of}: {run.status}; {how}.", soft_wrap=True)


def print_record(record: Mapping[str, Any]) -> None:
    """The record of a run, for people."""
    console = console_for_people()
    console.print(_headline(record), soft_wrap=True)
    if record["rows"]["read"]:
        console.print(_inputs(record), soft_wrap=True)
    if record["contacts"]["total"]:
        _print_side_by_side(console, _contacts(record), _tags(record))
    _print_footer(console, record)


def print_conversion(record: "RunRecord") -> None:
    """What `goldpan convert` made."""
    console = console_for_people()
    contacts = record.contacts
    console.print(f"[bold]Converted[/] as of {record.as_of}; HubSpot was not touched.")
    console.print(_inputs(record.as_json()))
    console.print(
        f"{contacts['total']:,} contacts, {contacts['unchanged']:,} with an address to send to, "
        f"{contacts['unsendable']:,} without."
    )
    console.print(_tags(record.as_json()))
    folder = Path(record.archive)
    console.print(f"For HubSpot's importer  {escape(str(folder / 'hubspot.csv'))}", soft_wrap=True)
    console.print(f"The analysis            {escape(str(folder / 'analysis.xlsx'))}", soft_wrap=True)
    console.print(_seconds(record.as_json()), soft_wrap=True)


def print_demo(demo: "Demo") -> None:
    """What the demo did, and where to look."""
    console = console_for_people()
    print_run(demo.record)
    contacts = demo.record.contacts
    if demo.record.status == "done" and not (contacts["created"] or contacts["updated"]):
        console.print("[bold]Nothing to change:[/] HubSpot (the sandbox) holds today's tags already.")
    console.print("\n[bold]Where to look[/]")
    for what, where in (
        ("The sample exports", demo.memberships.parent),
        ("The analysis", Path(demo.record.archive) / "analysis.xlsx"),
        ("The contacts in the sandbox", f"{program()} sandbox --config {demo.folder / 'config'}"),
        ("Rows to look at", f"{program()} rejects --config {demo.folder / 'config'}"),
        ("The rules, to change", demo.folder / "config" / "tags.toml"),
    ):
        console.print(f"  {what:<28} {escape(str(where))}", soft_wrap=True)


def program() -> str:
    """How to call this program from here: by its name where that is on the PATH, else by its path."""
    called = Path(sys.argv[0])
    if shutil.which(called.name) == str(called.resolve()) or not called.is_file():
        return "goldpan"
    here = Path.cwd()
    return str(called.resolve().relative_to(here)) if called.resolve().is_relative_to(here) else str(called)


def print_runs(runs: "Sequence[StoredRun]") -> None:
    """The latest runs, a line each."""
    console = console_for_people()
    console.width = max(console.width, WIDEST_TABLE)
    if not runs:
        console.print("There is no run yet. Try: goldpan run --dry-run")
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("Run", "What", "As of", "Status"):
        table.add_column(column, no_wrap=True)
    for column in ("Created", "Updated", "Unchanged", "Refused"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        contacts = run.record.get("contacts", {})
        style = STATUS_STYLES.get(run.status, "")
        table.add_row(
            run.run_id,
            run.kind,
            str(run.as_of),
            f"[{style}]{run.status}[/]" if style else run.status,
            *(f"{contacts.get(name, 0):,}" for name in ("created", "updated", "unchanged", "refused")),
        )
    console.print(table)
    console.print("\nOne run, whole: goldpan show RUN")


def print_rejects(run: "StoredRun", rejects: Sequence[Mapping[str, str]], limit: int) -> None:
    """What a run could not use or send: by reason with what to do, then where."""
    console = console_for_people()
    if not rejects:
        console.print(f"Run {run.run_id}: nothing to look at.")
        return
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rejects:
        groups.setdefault((row["Kind"], row["Reason"]), []).append(row)
    left = limit
    for (kind, reason), rows in groups.items():
        advice = f": {rows[0]['What to Do']}" if rows[0]["What to Do"] else ""
        console.print(f"[bold]{escape(kind)} · {escape(reason)} ({len(rows):,})[/]{escape(advice)}", soft_wrap=True)
        for row in rows[:left]:
            place = [row["File"], row["Row"] and f"row {row['Row']}", row["Column"], row["Value"]]
            console.print(f"  {escape('  '.join(filter(None, place)))}", soft_wrap=True)
        if len(rows) > left:
            console.print(f"  … and {len(rows) - left:,} more")
        left -= len(rows[:left])
    if len(rejects) > limit:
        console.print(f"All {len(rejects):,}: goldpan rejects {run.run_id} -n {len(rejects)}")
    analysis = escape(f"{run.record['archive']}/analysis.xlsx")
    console.print(f"Whole values: the sheet Rejects and warnings of {analysis}", soft_wrap=True)


def _headline(record: Mapping[str, Any]) -> str:
    style = STATUS_STYLES.get(record["status"], "")
    mode = " (dry run: nothing was written)" if record["dry_run"] else ""
    kind = _KINDS.get(record.get("kind", "run"), "").format(record.get("parent_id", ""))
    where = {"sandbox": "the embedded SANDBOX, not HubSpot", "hubspot": f"HubSpot portal {record['portal_id']}"}
    target = where.get(record["destination"], record["destination"]) if record["portal_id"] else "HubSpot not reached"
    status = f"[{style}]{record['status']}[/]" if style else record["status"]
    return f"[bold]Run {record['run_id']}[/] as of {record['as_of']}{kind}: {status}{mode} · {target}"


def _inputs(record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    files = "\n".join(
        f"  {each['kind']:<12} {escape(each['name'])}  {each['rows']:,} rows" for each in record["inputs"]
    )
    return (
        f"{files}\n  {rows['read']:,} rows = {rows['kept']:,} kept + {rows['merged']:,} merged + "
        f"{rows['skipped']:,} skipped; {rows['warnings']:,} warnings"
    )


def _contacts(record: Mapping[str, Any]) -> Table:
    table = Table("Contacts", box=None, header_style="bold", pad_edge=False)
    table.add_column(f"{record['contacts']['total']:,}", justify="right")
    always = ("created", "updated", "unchanged", "unsendable")
    is_held = record["status"] == "held"
    planned = record["dry_run"] or is_held
    for name, words in CONTACT_WORDS.items():
        count = record["contacts"].get(name, 0)
        if count or (name in always and not (is_held and name in ("created", "updated"))):
            would = "would be " if planned and name in ("created", "updated") else ""
            table.add_row(would + words, f"{count:,}")
    return table


def _tags(record: Mapping[str, Any]) -> Table:
    table = Table("Tag", box=None, header_style="bold", pad_edge=False)
    table.add_column("Contacts", justify="right")
    for value, count in record["tags"].items():
        table.add_row(escape(value), f"{count:,}")
    return table


def _print_side_by_side(console: "Console", *tables: Table) -> None:
    grid = Table.grid(padding=(0, 6))
    grid.add_row(*tables)
    console.print(grid)


def _print_footer(console: "Console", record: Mapping[str, Any]) -> None:
    for file, words in (("analysis.xlsx", "The analysis"), ("plan.xlsx", "The plan, to look at first")):
        if record["archive"] and (Path(record["archive"]) / file).is_file():
            console.print(f"{words}: {escape(record['archive'])}/{file}", soft_wrap=True)
    if spent := _seconds(record):
        console.print(spent, soft_wrap=True)
    for note in record.get("notes", []):
        console.print(f"Note: {escape(note)}", soft_wrap=True)
    for problem in record["problems"]:
        label = "" if record["status"] == "held" else "[red]Problem:[/] "
        console.print(f"{label}{escape(problem)}", soft_wrap=True)


def _seconds(record: Mapping[str, Any]) -> str:
    seconds, requests = record["seconds"], record["requests"]
    parts = [f"{stage} {spent:.1f} s" for stage, spent in seconds.items() if spent >= 0.05]
    if requests["sent"]:
        parts.append(f"requests to HubSpot: {requests['sent']:,}")
    return " · ".join(parts)
