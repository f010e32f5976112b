"""One export out of several files of one kind: the regions of one business, each with a system of its own."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import pandas as pd

from goldpan.columns import normalised_header
from goldpan.config import ExportSpec
from goldpan.conformed import Export
from goldpan.places import headers_of_rows, parts_of_rows, places_of_rows
from goldpan.repeats import other_columns
from goldpan.steps.renewals import name_customers
from goldpan.tables import positions_of_columns

Key: TypeAlias = tuple[str, int]
"""What a column has in common with those of other files: (canonical name, 0), or its header and which one of it."""

_KNOWN_BY = {"id": "customer_id", "name": "customer_name", "both": "customer_name", "email": "email"}
"""The column that shows who a customer is, by the first word of how the renewals step names them."""


def unite_exports(exports: Sequence[Export], *, sources: Sequence[str] = (), match_on: str = "customer_id") -> Export:
    """Put the files of one kind together, as if all their rows stood in one.

    The rows of an earlier file come first, and with them stands what RULES leaves to the order of the file: of rows
    with the same dates the one of the later file counts, of an order that stands in two files the first. So the same
    files in the same order, which is that of the sources in the config, give the same result.

    Columns are the same where they mean the same canonical column, else where their headers are alike; a file without a
    column has blanks there. Orders in two files are compared so as well.

    Args:
        exports: One for each file, all of one kind and read alike.
        sources: What the sources are called, in the same order; it tells files of the same name apart.
        match_on: What makes a customer (:func:`goldpan.steps.renewals.link_renewals`).

    Returns:
        An export of all rows, with a finding ``customer_in_several_exports`` at the first row that a customer has in
        each file after the first one that has them. A single export comes back as it is.
    """
    if len(exports) == 1:
        return exports[0]
    spec = exports[0].spec
    numbered = [
        _numbered(export, offset, name)
        for export, offset, name in zip(exports, _offsets(exports), _file_names(exports, sources), strict=True)
    ]
    headers, originals = _columns(numbered, spec)
    union = Export(
        spec=spec,
        parts=tuple(part for export in numbered for part in export.parts),
        frame=pd.concat([export.frame for export in numbered], ignore_index=True),
        headers=headers,
        originals=originals,
        findings=pd.concat([export.findings for export in numbered], ignore_index=True),
    )
    if union.kind == "orders":
        found = positions_of_columns(headers, spec)
        others = other_columns(union.frame.set_axis(originals.index), originals, headers, found, spec)
        return replace(union, frame=union.frame.assign(other_columns=others.array))
    findings = pd.concat([union.findings, _in_several_files(union, match_on)])
    return replace(union, findings=findings.sort_values("row", kind="stable", ignore_index=True))


def _offsets(exports: Sequence[Export]) -> Iterator[int]:
    """What is added to the row numbers of each file: the last one of the file before."""
    offset = 0
    for export in exports:
        yield offset
        offset += export.parts[-1].last_row


def _file_names(exports: Sequence[Export], sources: Sequence[str]) -> list[str]:
    """What each file is called; those of the same name are told apart by their source, or by their turn."""
    names = [export.parts[0].file for export in exports]
    times = Counter(names)
    labels = sources or [str(turn) for turn in range(1, len(exports) + 1)]
    return [f"{name} ({label})" if times[name] > 1 else name for name, label in zip(names, labels, strict=True)]


def _numbered(export: Export, offset: int, file: str) -> Export:
    """An export of one file, its rows numbered as they are in the union."""
    part = replace(export.parts[0], file=file, offset=offset)
    return replace(
        export,
        parts=(part,),
        frame=export.frame.assign(source_row=export.frame["source_row"] + offset),
        originals=export.originals.set_axis(export.originals.index + offset),
        findings=export.findings.assign(row=export.findings["row"] + offset, file=file).astype({"file": "str"}),
    )


def _columns(exports: Sequence[Export], spec: ExportSpec) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The headers of all files, each column once, and the cells under them."""
    columns = columns_of_files([export.headers for export in exports], spec)
    cells = [cells_under(columns, export.originals, export.headers, spec) for export in exports]
    return tuple(columns.values()), pd.concat(cells)


def columns_of_files(headers: Iterable[Sequence[str]], spec: ExportSpec) -> dict[Key, str]:
    """Every column of several files once: what it has in common in all of them, and the header that stands for it."""
    spelled: dict[Key, list[str]] = {}
    for own in headers:
        for key, header in zip(_keys(own, spec), own, strict=True):
            spelled.setdefault(key, []).append(header)
    return {key: _best(each, key, spec) for key, each in spelled.items()}


def cells_under(
    columns: Mapping[Key, str], cells: pd.DataFrame, headers: Sequence[str], spec: ExportSpec
) -> pd.DataFrame:
    """The cells of one file under the columns of all; blanks where it has no such column."""
    position = {key: number for number, key in enumerate(_keys(headers, spec))}
    blanks = pd.Series([None] * len(cells), index=cells.index, dtype=object)
    found = (cells[position[key]] if key in position else blanks for key in columns)
    return pd.DataFrame(dict(enumerate(found)))


def _keys(headers: Sequence[str], spec: ExportSpec) -> Iterator[Key]:
    canonical = {position: name for name, position in positions_of_columns(headers, spec).items()}
    times: Counter[str] = Counter()
    for position, header in enumerate(headers):
        if position in canonical:
            yield canonical[position], 0
        else:
            title = normalised_header(header)
            times[title] += 1
            yield title, times[title]


def _best(headers: Sequence[str], key: Key, spec: ExportSpec) -> str:
    """The header that stands for a column of the union: of accepted ones the first accepted, so that it wins again."""
    column = spec.column(key[0]) if key[1] == 0 else None
    accepted = [normalised_header(header) for header in column.headers] if column else []
    return min(headers, key=lambda header: accepted.index(normalised_header(header)) if column else 0)


def _in_several_files(union: Export, match_on: str) -> pd.DataFrame:
    """A finding at the first row of each customer in each file after the first that has them."""
    rows = name_customers(union.frame, match_on=match_on)
    rows = rows.assign(part=parts_of_rows(union, rows["source_row"]))
    firsts = rows.drop_duplicates(["customer", "part"])
    later = firsts[firsts.duplicated("customer")]
    known_by = later["customer"].str.split(" ", n=1).str[0].map(_KNOWN_BY)
    headers = headers_of_rows(union, union.spec, later["source_row"], known_by)
    places = places_of_rows(union, later["source_row"])
    return places.assign(
        row=later["source_row"].astype("int64"),
        column=headers,
        reason=pd.Series("customer_in_several_exports", index=later.index, dtype="str"),
        value=_values(later, known_by),
    )


def _values(rows: pd.DataFrame, columns: "pd.Series[str]") -> "pd.Series[str]":
    """One cell of each row, of the column named beside it."""
    by_column = [rows.loc[columns == name, name] for name in columns.unique()]
    return pd.concat(by_column).reindex(rows.index) if by_column else pd.Series(dtype="str")
