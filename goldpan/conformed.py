"""An export, read: its rows as the steps take them, and what the analysis shows beside them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from goldpan.config import ExportSpec
from goldpan.frames import Frame, collected
from goldpan.places import Part

SKIPPED_FOR = ("blank_row", "totals_row")
"""Why a row is skipped."""


@dataclass(frozen=True)
class Export:
    """One export, read whole.

    Attributes:
        spec: How it was read.
        parts: The file that it is, or the files whose union it is (:func:`goldpan.union.unite_exports`).
        frame: One row per kept row, in file order. ``source_row`` (Int64, as Excel shows it in the first file; see
            :mod:`goldpan.places`), then per canonical column: text and email ``str``; date ``datetime64[s]``; id
            ``str`` and ``<name>_key``; money ``<name>_micros`` (Int64, whole millionths). Besides, memberships have
            ``email_reason`` and ``customer_name_key``, orders ``other_columns`` (the untyped cells as one text, where
            an order id repeats).
        headers: All headers, in order.
        originals: The cells as delivered of the same rows, columns numbered like ``headers``; a column whose cells are
            all of one kind may have its dtype (``str``, ``float64``, ``datetime64`` …), any other is object.
        findings: One row per :class:`goldpan.model.Finding` about a kept row; ``row`` is its ``source_row``.
    """

    spec: ExportSpec
    parts: tuple[Part, ...]
    frame: Frame
    headers: tuple[str, ...]
    originals: pd.DataFrame
    findings: pd.DataFrame

    @property
    def kind(self) -> str:
        """``memberships`` or ``orders``."""
        return self.spec.kind

    @property
    def is_united(self) -> bool:
        """Whether it is more than one file, so that a row's number alone does not lead to it."""
        return len(self.parts) > 1

    @property
    def rows_read(self) -> int:
        """Rows below the headers of all its files, down to the last that is not blank."""
        return sum(part.rows_read for part in self.parts)

    @property
    def skipped(self) -> dict[str, int]:
        """How many rows of all its files are no data, by reason."""
        return {reason: sum(part.skipped[reason] for part in self.parts) for reason in SKIPPED_FOR}

    @property
    def rows_kept(self) -> int:
        """The rows of ``frame``."""
        return self.rows_read - sum(self.skipped.values())

    @property
    def warnings(self) -> int:
        """How many findings there are in all."""
        return len(self.findings)

    def rows_with(self, column: str) -> int:
        """How many of the kept rows have a readable value in a column of ``frame``."""
        return int(self.frame[column].notna().sum()) if column in self.frame.columns else 0

    def cells(self, rows: "npt.NDArray[np.int64]") -> pd.DataFrame:
        """Rows with their cells as they were delivered, columns numbered like ``headers``.

        Args:
            rows: Numbers of kept rows (``source_row``), in any order.

        Returns:
            One row per number, in the order given.
        """
        # A look-up by the index would build and keep a hash table of all the export's rows; they are in order.
        return self.originals.take(self.originals.index.searchsorted(rows)).reset_index(drop=True)

    def rows_of(self, emails: Collection[str]) -> pd.DataFrame:
        """The membership rows with one of these addresses: ``email`` and ``source_row``, in file order."""
        rows = nw.from_native(self.frame).filter(nw.col("email").is_in(list(emails))).select("email", "source_row")
        return collected(rows.to_native()).sort_values("source_row", ignore_index=True)


@dataclass(frozen=True)
class DatasetExport(Export):
    """An export that is a dataset: more rows than memory need hold, so they stay where they are.

    Attributes:
        frame: As an engine knows it (:data:`goldpan.frames.Frame`).
        originals: None; cells are read again when they are asked for.
        findings: The first ones of each file.
        found: How many findings there are in all.
        filled: How many kept rows have a value, by column of ``frame``.
        read_cells: Gives what :meth:`cells` gives, for numbers in file order.
    """

    found: int
    filled: Mapping[str, int]
    read_cells: Callable[["npt.NDArray[np.int64]"], pd.DataFrame]

    @property
    def warnings(self) -> int:
        """How many findings there are in all."""
        return self.found

    def rows_with(self, column: str) -> int:
        """How many of the kept rows have a readable value in a column of ``frame``."""
        return self.filled.get(column, 0)

    def cells(self, rows: "npt.NDArray[np.int64]") -> pd.DataFrame:
        """Rows with their cells as they were delivered, read again."""
        wanted, places = np.unique(rows, return_inverse=True)
        cells: pd.DataFrame = self.read_cells(wanted).take(places)
        return cells.reset_index(drop=True)
