"""What `goldpan verify` prints for people."""

from rich.markup import escape
from rich.table import Table

from goldpan.drift import lines_of
from sync.cli.console import console_for_people
from sync.verify import Verified


def print_verified(verified: Verified) -> None:
    """What reading back found."""
    console = console_for_people()
    drift = verified.drift
    if drift is None:
        return
    console.print(
        f"[bold]Verified[/] {drift.checked:,} contacts: {drift.fine:,} hold what HubSpot confirmed, "
        f"{len(drift.drifted):,} drifted, {len(drift.deleted):,} are gone.",
        soft_wrap=True,
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("What", "Which", "Contacts"):
        table.add_column(column, justify="right" if column == "Contacts" else "left")
    for what, which, count in lines_of(drift):
        table.add_row(what, escape(which), f"{count:,}")
    if table.row_count:
        console.print(table)
    if drift.drifted and verified.record.dry_run:
        console.print("To put Goldpan's values back: goldpan verify --repair")
