"""Everything of Goldpan that is measured in this process, by its lasting names: the one place to follow its changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.data.sets import AS_OF
from goldpan.conformed import Export
from goldpan.desired_contacts import DesiredContacts
from goldpan.model import Confirmed, Portal
from goldpan.pipeline import Refined, refine
from goldpan.report import Table, report_tables
from goldpan.suppression import Suppression
from sync.archive.layout import lay_out
from sync.archive.workbook import write_workbook
from sync.comparing import Comparison
from sync.config_files import default_config_folder
from sync.engines import EngineSettings, open_engine
from sync.exports import Delivery, Readers
from sync.settings import AppSettings, load_settings
from sync.state.contacts import ConfirmedContacts
from sync.state.store import State

PORTAL = Portal("99000001")
HELD_NOW, HELD_BEFORE = '"20', '"19'
"""Nearly every contact has a date or an amount that begins so."""
Exports = Mapping[str, Export]


@cache
def settings() -> AppSettings:
    """The default config."""
    return load_settings(default_config_folder(), home=Path("no-home"), use_environment=False)


def read(memberships: Path, orders: Path) -> Exports:
    """Two exports to canonical, typed frames with their findings, side by side as a run reads them."""
    with open_engine("pandas") as engine, Readers(settings(), engine) as readers:
        paths = {"memberships": memberships, "orders": orders}
        reading = {kind: readers.read(Delivery(kind, path, path.name)) for kind, path in paths.items()}
        return {kind: each.result() for kind, each in reading.items()}


def refined(exports: Exports) -> Refined:
    """Frames to contacts with tags, and the tables that say what happened to every row."""
    return refine(exports["memberships"].frame, exports["orders"].frame, AS_OF, settings().config)


def refine_canonical(memberships: Path, orders: Path, engine: str, memory: str) -> Refined:
    """Parquet of canonical columns to contacts, by one of the engines, which takes so much memory for itself."""
    with open_engine(engine, EngineSettings(memory=memory)) as opened:
        frames = opened.parquet(str(memberships)), opened.parquet(str(orders))
        return opened.refine(*frames, AS_OF, settings().config)


def tables(exports: Exports, means: Refined) -> Sequence[Table]:
    """The tables of the report."""
    return report_tables(exports["memberships"], exports["orders"], means, settings().config)


def write(path: Path, report: Sequence[Table]) -> None:
    """The report as a workbook."""
    write_workbook(path, report)


def cells(report: Sequence[Table]) -> list[tuple[str, pd.DataFrame]]:
    """The cells that the workbook holds, by sheet."""
    return [(sheet.name, sheet.cells) for table in report for sheet in lay_out(table)]


def many_contacts(means: Refined, count: int) -> Refined:
    """So many contacts: those given, again and again, each time with addresses and ids of their own."""
    sendable = means.contacts[means.contacts["email"].notna()]
    copies = []
    for number in range(-(-count // len(sendable))):
        mark = f"{number}."
        copies.append(
            sendable.assign(
                email=mark + sendable["email"],
                customer_id=mark + sendable["customer_id"],
                customer_id_key=mark + sendable["customer_id_key"],
                source_row=sendable["source_row"] + number * 1_000_000,
            )
        )
    return replace(means, contacts=pd.concat(copies, ignore_index=True).head(count))


def earlier(means: Refined, differ: int) -> list[tuple[str, Confirmed, bool]]:
    """What HubSpot held of these contacts: addresses, values, and whether it is something else, as of so many."""
    desired = DesiredContacts(means, settings().config)
    payloads = desired.payloads(np.arange(len(desired))).to_pylist()
    step = len(payloads) // differ
    found = []
    for place, (email, payload, key) in enumerate(
        zip(desired.emails.to_pylist(), payloads, desired.customer_keys.to_pylist(), strict=True)
    ):
        differs = place % step == 0
        held = payload.replace(HELD_NOW, HELD_BEFORE) if differs else payload
        found.append((email, Confirmed(f"9{place:09}", held, key), differs))
    return found


def confirm(url: str, contacts: Sequence[tuple[str, Confirmed]]) -> None:
    """A state in which HubSpot confirmed these contacts."""
    with State.open(url) as state:
        held = state.contacts_of("hubspot", PORTAL)
        for first in range(0, len(contacts), 20_000):
            held.confirm(dict(contacts[first : first + 20_000]), run_id="20261119T000000-000abcd", at=_moment())


def contacts_of(state: State) -> ConfirmedContacts:
    """What HubSpot confirmed."""
    return state.contacts_of("hubspot", PORTAL)


def differing(means: Refined, held: ConfirmedContacts) -> int:
    """How many of the contacts differ from what HubSpot confirmed, found as a run finds it."""
    everybody = DesiredContacts(means, settings().config)
    compared = Comparison(everybody, held, (), suppression=Suppression(), config=settings().config)
    return len(everybody) - int(compared.is_confirmed.sum())


def expected(means: Refined) -> dict[str, dict[str, str]]:
    """What HubSpot should hold, by address, in the order of the memberships export."""
    desired = DesiredContacts(means, settings().config)
    held = {contact.email: dict(contact.values) for contact in desired.contacts(np.arange(len(desired)))}
    in_order = means.contacts.sort_values("source_row")["email"].dropna()
    return {email: held[email] for email in in_order}


def counts(means: Refined) -> dict[str, Any]:
    """How many there are in all, also of what is listed only in part."""
    return {
        "all_contacts": len(means.contacts),
        "all_merged_rows": means.counts.merged_rows,
        "all_repeated_orders": means.counts.repeated_orders,
        "all_prospects": means.counts.prospects,
    }


def _moment() -> Any:  # noqa: ANN401 - a datetime
    return pd.Timestamp(AS_OF, tz="UTC").to_pydatetime()
