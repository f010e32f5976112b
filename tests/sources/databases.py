"""Databases as a source system has them: tables of members and orders, on SQLite and on PostgreSQL."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Column, Date, MetaData, Numeric, String, Table, create_engine

from tests.cli.installation import MEMBERS, ORDERS, Row

VARIABLE = "CRM_DATABASE_URL"
QUERIES = {
    "memberships": """
        SELECT customer AS "Cust ID", name AS "Customer Name", email AS "Contact Email", created AS "Created Date",
               begins AS "Start Date", ends AS "Expiration Date", bought AS "Original Pu", level AS "Membersh"
        FROM members ORDER BY number""",
    "orders": """
        SELECT document AS "Sales Doc", customer AS "SAP ID", ordered AS "Order Date", total AS "Total Value"
        FROM orders ORDER BY document""",
}
MARKS = {
    "memberships": "SELECT count(*), max(changed) FROM members",
    "orders": "SELECT count(*), max(changed) FROM orders",
}

_tables = MetaData()
members = Table(
    "members", _tables, Column("number", Numeric(9, 0), primary_key=True), Column("customer", String(20)),
    Column("name", String(80)), Column("email", String(80)), Column("created", Date), Column("begins", Date),
    Column("ends", Date), Column("bought", String(40)), Column("level", String(20)), Column("changed", String(20)),
)  # fmt: skip
orders = Table(
    "orders", _tables, Column("document", String(20), primary_key=True), Column("customer", String(20)),
    Column("ordered", Date), Column("total", Numeric(12, 2)), Column("changed", String(20)),
)  # fmt: skip


class SourceSystem:
    """Somebody else's database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url)
        _tables.create_all(self.engine)

    def fill(self, of_members: Sequence[Row] = MEMBERS, of_orders: Sequence[Row] = ORDERS, *, at: str = "1") -> None:
        """Put these rows in the place of all that were there."""
        with self.engine.begin() as connection:
            for table in (members, orders):
                connection.execute(table.delete())
            if of_members:
                rows = [_as_member(number, row, at) for number, row in enumerate(of_members)]
                connection.execute(members.insert(), rows)
            if of_orders:
                connection.execute(orders.insert(), [_as_order(row, at) for row in of_orders])

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def close(self) -> None:
        self.engine.dispose()


def source(name: str = "crm", *, queries=QUERIES, marks=MARKS, more: str = "") -> str:
    """The `[[source]]` of goldpan.toml."""
    asked = "".join(f'{kind}_query = """{query}"""\n' for kind, query in queries.items())
    marked = "".join(f'{kind}_mark = "{mark}"\n' for kind, mark in marks.items())
    return f'[[source]]\nname = "{name}"\nsql = "{VARIABLE}"\n{asked}{marked}{more}'


def _as_member(number: int, row: Row, at: str) -> dict:
    return {
        "number": number, "customer": row["Cust ID"], "name": row["Customer Name"], "email": row["Contact Email"],
        "created": _date(row["Created Date"]), "begins": _date(row["Start Date"]),
        "ends": _date(row["Expiration Date"]), "bought": row["Original Pu"] or None, "level": row["Membersh"],
        "changed": at,
    }  # fmt: skip


def _as_order(row: Row, at: str) -> dict:
    total = Decimal(row["Total Value"].replace("$", "").replace(",", ""))
    ordered = _date(row["Order Date"])
    return {"document": row["Sales Doc"], "customer": row["SAP ID"], "ordered": ordered, "total": total, "changed": at}


def _date(text: str) -> date:
    return date.fromisoformat(text)
