"""Datasets as other programs write them, and the same files read as exports of their own and united."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from goldpan.conform import conform
from goldpan.conformed import Export
from goldpan.union import unite_exports
from sync.datasets.listing import list_dataset
from sync.datasets.manifest import Dataset
from sync.datasets.parts import PieceReader
from sync.intake.kinds import piece_reader
from sync.readers import read_column_sheets
from sync.settings import AppSettings, load_settings
from tests.builders import REPOSITORY

Cells = Sequence[Sequence[str | None]]


def settings() -> AppSettings:
    """The config that Goldpan ships."""
    return load_settings(REPOSITORY / "config", use_environment=False)


def reader(kind: str) -> PieceReader:
    """How a kind is read by that config."""
    return piece_reader(kind, settings())


def write(path: Path, rows: Cells, *, group_rows: int | None = None) -> Path:
    """A table, its header first, as CSV or as Parquet with texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    else:
        frame = pd.DataFrame(rows[1:], columns=rows[0], dtype="str")
        frame.to_parquet(path, index=False, row_group_size=group_rows)
    return path


def write_all(folder: Path, files: Mapping[str, Cells]) -> Dataset:
    """Files below a folder, listed."""
    for name, rows in files.items():
        write(folder / name, rows)
    return listed(folder)


def listed(folder: Path) -> Dataset:
    """What lies in a folder."""
    dataset = list_dataset(str(folder), folder)
    assert dataset is not None
    return dataset


def united(dataset: Dataset, kind: str) -> Export:
    """The reference: each file read whole as a run reads it, and all of them united."""
    how = reader(kind)
    exports = []
    for file in dataset.files:
        sheets = read_column_sheets(Path(file.path), known_headers=how.known_headers)
        exports.append(conform(sheets, how.spec))
    return unite_exports(exports, sources=[file.path for file in dataset.files])


MEMBER_FILES: dict[str, Cells] = {
    "2024.csv": [
        ["Cust ID", "Customer Name", "Contact Email", "Created Date", "Start Date", "Expiration Date", "Plant"],
        ["0001", "Ada Lovelace", "ada@example.org", "2024-01-01", "", "2025-01-01", "P1"],
        ["2", "Ben Okafor", "ben@example", "01/05/2024", "2024-01-05", "45662", "P2"],
        ["", "", "", "", "", "", ""],
        ["3", "", "cleo@example.org;x@example.org", "soon", "2024-03-01", "2026-12-01", "#REF!"],
        ["Total", "", "", "", "", "", ""],
    ],
    "2025.parquet": [
        ["Contact Email", "Cust ID", "Created Date", "Expiration Date", "Name", "Original Pu", "Note"],
        ["ada@example.org", "1", "2025-01-03", "2026-01-03", "Ada L.", "HFO Web", "early"],
        [None, None, None, None, None, None, None],
        ["dan@example.org", "00004", "2025-11-05", "2026-11-25", "Dan", None, None],
        ["ben@example.org", "2", "2025-01-06", "2026-11-30", None, None, "renewed"],
        ["CLEO@example.org", None, "2025-05-05", "2026-05-05", None, "HFO", "#N/A"],
    ],
    "2026.csv": [
        ["Cust ID", "Customer Name", "Contact Email", "Created Date", "Expiration Date"],
        ["5", "Eve", "eve@example.org", "2026-11-10", "2027-11-10"],
        ["1", "Ada Lovelace", "", "2026-01-02", "2027-01-02"],
        ["Sum", "", "", "", ""],
        ["6", "Finn", "not an address", "2026-01-01", "2027-01-01"],
        ["7", "Gus", "=ada@example.org", "2026-01-01", "1901-01-01"],
        ["Grand total: 5", "", "", "", ""],
        ["", "", "", "", ""],
    ],
}
"""Everything that files of one dataset may differ in: kind, order of columns, headers, what they lack, odd rows."""

ORDER_FILES: dict[str, Cells] = {
    "a.csv": [
        ["Sales Doc", "SAP ID", "Total Value", "Order Date", "Plant"],
        ["901", "1", "$1,000.00", "2026-10-01", "North"],
        ["902", "1", "0.000001", "2026-10-02", " 7 "],
        ["903", "0002", "(12.50)", "", "South"],
        ["", "2", "5", "2026-10-02", "South"],
        ["904", "1.23457E+15", "7", "2026-10-02", ""],
    ],
    "b.csv": [
        ["SAP ID", "Total Value", "Sales Doc", "Plant", "Order Date"],
        ["0001", "1000", "901", "North", "10/01/2026"],
        ["1", "0.0000005", "902", "7", "2026-10-02"],
        ["1", "0.000001", "902", "8", "2026-10-02"],
        ["2", "5", "", "South", "2026-10-02"],
        ["99", "USD 12", "905", "", ""],
        ["99", "USD 13", "905", "", ""],
        ["99", "USD 12", "905", "", ""],
    ],
    "c.parquet": [
        ["SAP ID", "Total Value", "Sales Doc", "Customer Name"],
        ["99", "80", "906", "Nobody Known"],
        [None, "4.5", "907", None],
        ["2", "-12.5", "903", None],
        [None, None, None, None],
    ],
}
