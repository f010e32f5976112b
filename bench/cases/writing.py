"""Limits and peers of writing: the same cells without any format; and a night's limit, reading added."""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from rustpy_xlsxwriter import FastExcel

from bench.cases import Work, product
from bench.cases.reading import fastexcel_strings
from bench.data.sets import files

Sheets = list[tuple[str, pd.DataFrame]]


def rustpy_unformatted(data: Path, name: str, kind: str) -> Work:
    """rustpy-xlsxwriter writing the workbook's cells, sheet by sheet, and nothing about how they look."""
    sheets = _sheets(data, name, kind)
    return lambda: _write_plain(sheets), lambda size: {"bytes": size}


def fastexcel_and_rustpy(data: Path, name: str) -> Work:
    """Both workbooks as strings by fastexcel, then the analysis' cells unformatted by rustpy-xlsxwriter."""
    read, _ = fastexcel_strings(data, name)
    sheets = _sheets(data, name, "xlsx")
    return lambda: (read(), _write_plain(sheets)), lambda done: {**done[0], "bytes": done[1]}


def usual_workbook(data: Path, name: str, kind: str) -> Work:
    """What the usual script writes with: ``to_excel`` over openpyxl."""
    sheets = _sheets(data, name, kind)

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "analysis.xlsx"
            with pd.ExcelWriter(path, engine="openpyxl") as writer:
                for title, frame in sheets:
                    frame.to_excel(writer, sheet_name=title, index=False)
            return path.stat().st_size

    return work, lambda size: {"bytes": size}


def _sheets(data: Path, name: str, kind: str) -> Sheets:
    exports = product.read(*files(data, name, kind))
    return product.cells(product.tables(exports, product.refined(exports)))


def _write_plain(sheets: Sheets) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plain.xlsx"
        workbook = FastExcel(str(path))
        for title, frame in sheets:
            workbook.sheet(title, _records(frame))
        workbook.save()
        return path.stat().st_size


def _records(frame: pd.DataFrame) -> Any:  # noqa: ANN401 - a frame, or an Arrow table where each column has one type
    if "object" in map(str, frame.dtypes):
        return frame.astype(object).where(frame.notna(), None)
    return pa.Table.from_pandas(frame, preserve_index=False)
