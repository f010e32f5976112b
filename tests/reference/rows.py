"""Which rows of an export count, and what stands in them: RULES section 1."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from goldpan.model import CellError
from tests.reference.config import Config
from tests.reference.values import Cell, as_text, is_blank, is_excel_error, read_date, read_email, read_id, read_money
from tests.reference.values import read_text as read_text_cell

DATE_HEADERS = ("Created Date", "Start Date", "Expiration Date", "Order Date")
EMAIL_HEADER = "Contact Email"
ORDER_ID_HEADER = "Sales Doc"

# Total, Totals, Grand total, Sum; then perhaps a colon, then perhaps figures.
TOTALS_WORD = re.compile(r"(?i)(grand\s+total|totals?|sum)(\s*:)?(\W+[0-9][0-9\W]*)?")


class EmptyExportError(ValueError):
    """Section 1: nothing but blank and totals rows under the header; the export is refused whole (``empty_export``)."""


@dataclass(frozen=True)
class Row:
    """One row below the header: the number that Excel shows, and the cell under each header."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class SplitRows:
    """The rows that count, and how many were read and skipped, by reason."""

    read: int
    kept: tuple[Row, ...]
    skipped: Mapping[str, int]


@dataclass(frozen=True, order=True)
class Finding:
    """One warning: export (``memberships`` or ``orders``), row number, header ("" for the whole row), reason."""

    export: str
    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Member:
    """One membership row as read. File order is the order of ``row``."""

    row: int
    customer_id: str | None
    customer_key: str | None
    customer_name: str | None
    email: str | None
    email_reason: str | None
    created_on: date | None
    start_on: date | None
    expires_on: date | None
    original_purchase: str | None
    membership: str | None


@dataclass(frozen=True)
class Order:
    """One order row as read; ``equality`` is what a repeated order has in common with the first."""

    row: int
    customer_id: str | None
    customer_key: str | None
    total_value: Decimal | None
    order_key: str | None
    ordered_on: date | None
    customer_name: str | None
    equality: Mapping[str, object]


def split_rows(rows: Sequence[Row]) -> SplitRows:
    """Section 1: rows of nothing but blanks and the totals rows at the end are skipped and counted.

    Rows after the last one that is not blank are not part of the export (section 8, law 1).
    """
    last = max((place for place, row in enumerate(rows) if not is_blank_row(row)), default=-1)
    read = rows[: last + 1]
    filled = [row for row in read if not is_blank_row(row)]
    kept = list(filled)
    while kept and is_totals_row(kept[-1]):
        kept.pop()
    if not kept:
        raise EmptyExportError("no row under the header")
    skipped = {"blank_row": len(read) - len(filled), "totals_row": len(filled) - len(kept)}
    return SplitRows(len(read), tuple(kept), skipped)


def is_blank_row(row: Row) -> bool:
    """Section 1: a row of nothing but blanks."""
    return all(is_blank(cell) for cell in row.cells.values())


def is_totals_row(row: Row) -> bool:
    """Section 1: a text cell says *Total*, and there is no valid e-mail, no date and no order id."""
    order_id = row.cells.get(ORDER_ID_HEADER)
    return (
        any(is_totals_word(cell) for cell in row.cells.values())
        and read_email(row.cells.get(EMAIL_HEADER))[0] is None
        and all(read_date(row.cells.get(header))[0] is None for header in DATE_HEADERS)
        and (is_blank(order_id) or is_totals_word(order_id))
    )


def is_totals_word(cell: Cell) -> bool:
    """``Total``, ``TOTALS:``, ``Grand total 1,234.50``, ``Sum`` - and not ``Summit Club``."""
    if not isinstance(cell, str) or isinstance(cell, CellError):
        return False
    return TOTALS_WORD.fullmatch(as_text(cell)) is not None


def read_member(row: Row, config: Config) -> tuple[Member, list[Finding]]:
    """One membership row, and everything odd about it."""
    reader = _Reader("memberships", row, config)
    customer_id, customer_key = reader.id("Cust ID")
    email, email_reason = reader.email(EMAIL_HEADER)
    created_on, start_on = reader.date("Created Date"), reader.date("Start Date")
    member = Member(
        row=row.number,
        customer_id=customer_id,
        customer_key=customer_key,
        customer_name=reader.text("Customer Name"),
        email=email,
        email_reason=email_reason,
        created_on=created_on or start_on,  # "a missing one takes the other's value", per row, after reading
        start_on=start_on or created_on,
        expires_on=reader.date("Expiration Date"),
        original_purchase=reader.text("Original Pu"),
        membership=reader.text("Membership"),
    )
    return member, reader.findings


def read_order(row: Row, config: Config) -> tuple[Order, list[Finding]]:
    """One order row, and everything odd about it."""
    reader = _Reader("orders", row, config)
    customer_id, customer_key = reader.id("SAP ID")
    _, order_key = reader.id(ORDER_ID_HEADER)
    total_value, ordered_on = reader.money("Total Value"), reader.date("Order Date")
    # Section 2: read columns by value, the others by text; a cell without a value is compared by its text.
    values = {"SAP ID": customer_key, ORDER_ID_HEADER: order_key, "Total Value": total_value, "Order Date": ordered_on}
    equality: dict[str, object] = {header: as_text(cell) for header, cell in row.cells.items() if not is_blank(cell)}
    equality |= {header: value for header, value in values.items() if value is not None}
    order = Order(
        row=row.number,
        customer_id=customer_id,
        customer_key=customer_key,
        total_value=total_value,
        order_key=order_key,
        ordered_on=ordered_on,
        customer_name=reader.text("Customer Name"),
        equality=equality,
    )
    return order, reader.findings


class _Reader:
    """Reads one row by header (a column that the export lacks is blank) and notes every reason."""

    def __init__(self, export: str, row: Row, config: Config) -> None:
        self.export, self.row, self.config = export, row, config
        self.findings: list[Finding] = []
        for header, cell in row.cells.items():  # "in any column"
            if is_excel_error(cell):
                self.note(header, "excel_error")

    def note(self, header: str, reason: str | None) -> None:
        finding = Finding(self.export, self.row.number, header, reason) if reason else None
        if finding and finding not in self.findings:
            self.findings.append(finding)

    def text(self, header: str) -> str | None:
        return read_text_cell(self.row.cells.get(header))

    def id(self, header: str) -> tuple[str | None, str | None]:
        spelling, key, reason = read_id(self.row.cells.get(header))
        self.note(header, reason)
        return spelling, key

    def email(self, header: str) -> tuple[str | None, str | None]:
        address, reason = read_email(self.row.cells.get(header))
        self.note(header, reason)
        return address, reason

    def date(self, header: str) -> date | None:
        day, reason = read_date(self.row.cells.get(header), self.config.date_formats, self.config.epoch_1904)
        self.note(header, reason)
        return day

    def money(self, header: str) -> Decimal | None:
        amount, reason = read_money(self.row.cells.get(header), self.config.decimal_mark)
        self.note(header, reason)
        return amount
