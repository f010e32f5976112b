"""What many tests start from: the config that Goldpan ships, and sheets made of a few rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from goldpan.config import Config
from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.model import Cell, Sheet
from goldpan.pipeline import Refined, refine
from sync.settings import load_config

REPOSITORY = Path(__file__).resolve().parent.parent
AS_OF = date(2026, 11, 20)


@cache
def default_config() -> Config:
    """The config at the top of the repository."""
    return load_config(REPOSITORY / "config")[1]


def sheet(rows: Sequence[Mapping[str, Cell]], *, file: str = "export.xlsx", name: str = "Sheet1") -> Sheet:
    """A sheet with its header in row 1, from one mapping a row; headers in order of appearance."""
    headers = list(dict.fromkeys(header for row in rows for header in row))
    return Sheet(file=file, name=name, rows=[headers, *([row.get(header) for header in headers] for row in rows)])


def memberships(*rows: Mapping[str, Cell], config: Config | None = None) -> Export:
    """A memberships export; each row names only the columns that matter."""
    blank = {"Cust ID": None, "Customer Name": None, "Contact Email": None, "Created Date": None,
             "Expiration Date": None}  # fmt: skip
    return conform([sheet([blank | dict(row) for row in rows])], (config or default_config()).memberships)


def orders(*rows: Mapping[str, Cell], config: Config | None = None) -> Export:
    """An orders export; without rows it holds one order of nobody for 0."""
    blank = {"SAP ID": None, "Total Value": None}
    filled = [blank | dict(row) for row in rows] or [blank | {"Total Value": 0}]
    return conform([sheet(filled)], (config or default_config()).orders)


def refined(
    members: Export, bought: Export | None = None, *, as_of: date = AS_OF, config: Config | None = None
) -> Refined:
    """The pipeline on a pair of exports."""
    return refine(members.frame, (bought or orders()).frame, as_of, config or default_config())
