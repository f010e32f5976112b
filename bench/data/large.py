"""Exports too large for a frame, written by DuckDB as Parquet of canonical columns: what reading makes of an export.

Every cell is a function of its row's number: the same files on every machine.
"""

from pathlib import Path

import duckdb

from bench.data.frames import DAYS, customers_of
from bench.data.sets import DataSet

MACROS = """
CREATE MACRO lot(number, salt, sides) AS (hash(number * 64 + salt) % sides)::BIGINT;
CREATE MACRO day_of(number, salt) AS (DATE '2023-01-01' + lot(number, salt, {days})::INTEGER)::TIMESTAMP;
CREATE MACRO name_of(owner) AS
    ['Ada', 'Bo', 'Chloé', 'Dr. Emil', 'Fatima', 'Grete', 'Hana', 'Ivo'][owner % 8 + 1] || ' Smith ' || owner;
CREATE MACRO shown_id(owner) AS lpad(owner::VARCHAR, 7, '0');
"""

MEMBERS = """
COPY (
    WITH row_of AS (
        SELECT place, number, CASE WHEN number < {customers} THEN number ELSE lot(number, 1, {customers}) END AS owner
        FROM (SELECT place, place * 7919 % {members} AS number FROM range({members}) AS places(place))
    ), drawn AS (
        SELECT *, lot(number, 4, 2000) > 0 AS has_id, lot(number, 5, 500) > 0 AS has_name,
            CASE
                WHEN lot(number, 6, 20) = 0 THEN 'no_email' WHEN lot(number, 7, 1000) = 0 THEN 'invalid_email'
            END AS why,
            CASE
                WHEN number < {customers} THEN day_of(owner, 2)
                ELSE day_of(owner, 2) + INTERVAL 1 DAY * (335 + lot(number, 3, 90))
            END AS begins
        FROM row_of
    )
    SELECT
        place + 2 AS source_row,
        CASE WHEN has_id THEN shown_id(owner) END AS customer_id,
        CASE WHEN has_id THEN owner::VARCHAR END AS customer_id_key,
        CASE WHEN has_name THEN name_of(owner) END AS customer_name,
        CASE WHEN why IS NULL THEN 'member.' || (owner - (owner % 100 = 1)::INTEGER) || '@example.com' END AS email,
        why AS email_reason,
        CASE WHEN lot(number, 8, 2000) > 0 THEN begins END AS created_on,
        CASE WHEN lot(number, 9, 2000) > 0 THEN begins + INTERVAL 1 DAY END AS start_on,
        CASE WHEN lot(number, 10, 2000) > 0 THEN begins + INTERVAL 365 DAY END AS expires_on,
        CASE lot(number, 11, 4) WHEN 0 THEN 'HFO Web' END AS original_purchase,
        ['Gold', 'Silver', 'Bronze'][lot(number, 12, 3) + 1] AS membership,
        CASE WHEN NOT has_id AND has_name THEN lower(name_of(owner)) END AS customer_name_key
    FROM drawn
    ORDER BY source_row
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
"""

ORDERS = """
COPY (
    WITH row_of AS (
        SELECT place, CASE  -- one row in 500 repeats an earlier one
            WHEN place > 1000 AND lot(place, 20, 500) = 0 THEN place - 1 - lot(place, 21, 1000) ELSE place
        END AS number
        FROM range({orders}) AS places(place)
    ), drawn AS (SELECT *, lot(number, 22, {buyers}) AS owner, lot(number, 23, 1000) > 0 AS has_id FROM row_of)
    SELECT
        place + 2 AS source_row,
        CASE WHEN has_id THEN shown_id(owner) END AS customer_id,
        CASE WHEN has_id THEN owner::VARCHAR END AS customer_id_key,
        CASE lot(number, 25, 100)
            WHEN 0 THEN -2550 ELSE 500 + lot(number, 26, {dearest})
        END * 10000 AS total_value_micros,
        (10000000 + number)::VARCHAR AS order_id,
        (10000000 + number)::VARCHAR AS order_id_key,
        day_of(number, 24) AS ordered_on,
        name_of(owner) AS customer_name,
        chr(31) || ['Oil', 'Gas', 'Card', 'Fee'][lot(number, 27, 4) + 1] AS other_columns
    FROM drawn
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
"""


HEADERS = {
    "Cust ID": "customer_id",
    "Customer Name": "customer_name",
    "Contact Email": "email",
    "Created Date": "created_on::DATE",
    "Start Date": "start_on::DATE",
    "Expiration Date": "expires_on::DATE",
    "Original Pu": "original_purchase",
    "Membership": "membership",
}
ORDER_HEADERS = {
    "Sales Doc": "order_id",
    "SAP ID": "customer_id",
    "Order Date": "ordered_on::DATE",
    "Total Value": "(total_value_micros / 1000000)::DECIMAL(12, 2)",
    "Customer Name": "customer_name",
}


def write_parquet(memberships: Path, orders: Path, data_set: DataSet) -> None:
    """Write a pair of exports."""
    customers = customers_of(data_set.members)
    buyers = customers * 13 // 12 + 1
    dearest = 200_000 * data_set.members // data_set.orders  # cents, so that some are worth more than 1,000 in all
    with duckdb.connect() as database:
        database.execute("SET preserve_insertion_order = true")
        database.execute(MACROS.format(days=DAYS))
        database.execute(MEMBERS.format(members=data_set.members, customers=customers, target=memberships))
        database.execute(ORDERS.format(orders=data_set.orders, buyers=buyers, dearest=dearest, target=orders))
        if not data_set.is_canonical:
            _rename(database, memberships, HEADERS)
            _rename(database, orders, ORDER_HEADERS)


def _rename(database: duckdb.DuckDBPyConnection, path: Path, headers: dict[str, str]) -> None:
    """Write a file again as a system exports it: under the headers of exports, without what reading adds."""
    columns = ", ".join(f'{column} AS "{header}"' for header, column in headers.items())
    new = path.with_suffix(".new")
    database.execute(f"COPY (SELECT {columns} FROM '{path}' ORDER BY source_row) TO '{new}' (FORMAT parquet)")
    new.replace(path)
