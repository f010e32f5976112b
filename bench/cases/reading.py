"""Limits and peers of reading: the bytes into strings and nothing else; the usual library."""

from pathlib import Path

from bench.cases import Work
from bench.data.sets import files


def fastexcel_strings(data: Path, name: str) -> Work:
    """Both workbooks as strings, by fastexcel."""
    import fastexcel  # noqa: PLC0415 - each limit imports what it measures

    def read(path: Path) -> int:
        return len(fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_arrow())

    for path in files(data, "tiny", "xlsx"):
        read(path)
    return lambda: {path.stem: read(path) for path in files(data, name, "xlsx")}, dict


def pyarrow_strings(data: Path, name: str) -> Work:
    """Both CSV files as strings, by pyarrow."""
    import pyarrow as pa  # noqa: PLC0415 - each limit imports what it measures
    from pyarrow import csv  # noqa: PLC0415 - each limit imports what it measures

    def read(path: Path) -> int:
        with path.open(encoding="utf-8") as file:
            headers = file.readline().rstrip("\n").split(",")
        options = csv.ConvertOptions(column_types=dict.fromkeys(headers, pa.string()))
        return len(csv.read_csv(path, convert_options=options))

    for path in files(data, "tiny", "csv"):
        read(path)
    return lambda: {path.stem: read(path) for path in files(data, name, "csv")}, dict


def usual_excel(data: Path, name: str) -> Work:
    """What the usual script reads with: pandas over openpyxl."""
    import pandas as pd  # noqa: PLC0415 - each limit imports what it measures

    def read(path: Path) -> int:
        return len(pd.read_excel(path, header=2))

    for path in files(data, "tiny", "xlsx"):
        read(path)
    return lambda: {path.stem: read(path) for path in files(data, name, "xlsx")}, dict
