"""An export in pieces: each is read by itself, and what they say about themselves is put together."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.config import ExportSpec
from goldpan.conform import conform, no_findings
from goldpan.conformed import DatasetExport, Export
from goldpan.errors import DataError
from goldpan.frames import Frame
from goldpan.model import Sheet
from goldpan.places import Part
from goldpan.union import Key, columns_of_files


@dataclass(frozen=True)
class PieceFacts:
    """What is known of a piece besides its rows; small enough to travel.

    Attributes:
        part: The file that it is a piece of; ``rows_read`` and ``skipped`` are those of the piece.
        rows_before: How many rows of the file stand before it.
        findings: The first findings (:class:`goldpan.model.Finding`); ``row`` is that of the file.
        found: How many there are.
        filled: How many kept rows have a value, by column of ``frame``.
    """

    part: Part
    rows_before: int
    findings: pd.DataFrame
    found: int
    filled: Mapping[str, int]


def facts_of_piece(piece: Export, *, rows_before: int = 0, listed: int) -> PieceFacts:
    """What to know of a piece.

    Args:
        piece: Read as an export of its own, its rows numbered as if the file began with it.
        rows_before: How many rows of the file stand before it.
        listed: How many findings are listed.
    """
    findings = piece.findings.head(listed)
    return PieceFacts(
        part=piece.parts[0],
        rows_before=rows_before,
        findings=findings.assign(row=findings["row"] + rows_before),
        found=len(piece.findings),
        filled={str(name): int(count) for name, count in piece.frame.notna().sum().items()},
    )


def typed_rows(piece: Export) -> pa.Table:
    """The rows of a piece as every engine takes them: dates are dates, texts large strings."""
    return arrow_table(piece.frame)


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """A typed frame (:class:`goldpan.conformed.Export`) as an Arrow table."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return table.cast(pa.schema([field.with_type(_exchanged(field.type)) for field in table.schema]))


def typed_schema(spec: ExportSpec, *, name_keys_for_all: bool) -> pa.Schema:
    """The columns of :func:`typed_rows`, whatever a piece holds."""
    headers = Sheet(file="", name="", rows=[[column.headers[0] for column in spec.columns]])
    return typed_rows(conform([headers], spec, name_keys_for_all=name_keys_for_all, is_part=True)).schema


def numbered(rows: pa.Table, add: int) -> pa.Table:
    """The same rows, their numbers larger by so much."""
    place = rows.schema.get_field_index("source_row")
    return rows.set_column(place, "source_row", pc.add(rows["source_row"], add))


def _exchanged(dtype: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(dtype):
        return pa.date32()
    return pa.large_string() if pa.types.is_string(dtype) or pa.types.is_null(dtype) else dtype


class Gathered:
    """Pieces, put together in the order of the rows.

    Args:
        spec: How they are read.
        listed: How many findings are listed in all.
    """

    def __init__(self, spec: ExportSpec, *, listed: int) -> None:
        self._spec, self._listed = spec, listed
        self._parts: list[Part] = []
        self._findings: list[pd.DataFrame] = []
        self._found = 0
        self._filled: Counter[str] = Counter()

    def add(self, facts: PieceFacts) -> int:
        """Put the next piece behind the others; gives what is added to the row numbers of its file."""
        if facts.rows_before:
            before = self._parts.pop()
            skipped = {reason: before.skipped[reason] + count for reason, count in facts.part.skipped.items()}
            rows_read = facts.rows_before + facts.part.rows_read
            part = replace(before, rows_read=rows_read, skipped=skipped)
        else:
            part = replace(facts.part, offset=self._parts[-1].last_row if self._parts else 0)
        self._parts.append(part)
        if len(facts.findings) and (room := self._listed - sum(map(len, self._findings))) > 0:
            findings = facts.findings.head(room)
            self._findings.append(findings.assign(row=findings["row"] + part.offset))
        self._found += facts.found
        self._filled.update(facts.filled)
        return part.offset

    @property
    def parts(self) -> Sequence[Part]:
        """The files, as far as they were put together."""
        return self._parts

    @property
    def columns(self) -> dict[Key, str]:
        """The columns of all files (:func:`goldpan.union.columns_of_files`)."""
        return columns_of_files(dict.fromkeys(part.headers for part in self._parts), self._spec)

    def export(self, frame: Frame, read_cells: "Callable[[npt.NDArray[np.int64]], pd.DataFrame]") -> DatasetExport:
        """All pieces as one export.

        Args:
            frame: Their rows.
            read_cells: See :class:`goldpan.conformed.DatasetExport`.

        Raises:
            DataError: ``empty_export``, when no piece has a row.
        """
        export = DatasetExport(
            spec=self._spec,
            parts=tuple(self._parts),
            frame=frame,
            headers=tuple(self.columns.values()),
            originals=pd.DataFrame(index=pd.RangeIndex(0)),
            findings=pd.concat([no_findings(), *self._findings], ignore_index=True),
            found=self._found,
            filled=self._filled,
            read_cells=read_cells,
        )
        if not export.rows_kept:
            raise DataError(
                "empty_export",
                f"{self._parts[0].file} and the other files of the dataset ({len(self._parts)} in all) have no row of "
                "data. Export them again, with their rows.",
            )
        return export
