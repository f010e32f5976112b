"""Parquet tables: typed cells come as they are, and an export reads the same as from text."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldpan.conform import conform
from sync.readers import ReadLimits, read_column_sheets, read_sheets
from tests.builders import default_config
from tests.readers.builders import moment, refusal, rows_of

HEADERS = frozenset({"sap id"})


@pytest.fixture
def export(tmp_path):
    return tmp_path / "orders.parquet"


@pytest.mark.parametrize(
    ("values", "type_", "cells"),
    [
        (["00121", None, ""], pa.string(), ["00121", None, ""]),
        (["a", "b", "a"], pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a"]),
        ([1, None, 999_999_999_999_999], pa.int64(), [1, None, 999_999_999_999_999]),
        ([1, None, 1_234_567_890_123_456_789], pa.int64(), ["1", None, "1234567890123456789"]),
        ([2**64 - 1], pa.uint64(), ["18446744073709551615"]),
        ([0.1, None], pa.float64(), [0.1, None]),
        ([0.1, None], pa.float32(), [0.1, None]),
        ([Decimal("12.50"), None], pa.decimal128(12, 2), [Decimal("12.50"), None]),
        ([Decimal(12), None], pa.decimal128(12, 0), [12, None]),
        ([Decimal(10**20)], pa.decimal128(38, 0), ["100000000000000000000"]),
        ([True, None], pa.bool_(), [True, None]),
        ([time(6, 30)], pa.time64("us"), [time(6, 30)]),
        ([[1, 2], None], pa.list_(pa.int64()), ["[1, 2]", None]),
        ([None, None], pa.null(), [None, None]),
    ],
)
def test_cells_come_with_their_types(export, values, type_, cells):
    pq.write_table(pa.table({"x": pa.array(values, type_)}), export)

    assert rows_of(export) == [["x"], *([cell] for cell in cells)]


@pytest.mark.parametrize(
    ("value", "type_", "wanted"),
    [
        (date(2026, 2, 9), pa.date32(), date(2026, 2, 9)),
        (moment(2026, 2, 9, 23, 30), pa.timestamp("us"), moment(2026, 2, 9, 23, 30)),
        (datetime(2026, 2, 9, 23, 30, tzinfo=UTC), pa.timestamp("ms", "UTC"), moment(2026, 2, 9, 23, 30)),
        (datetime(2026, 2, 9, 23, 30, tzinfo=UTC), pa.timestamp("ms", "Asia/Tokyo"), moment(2026, 2, 10, 8, 30)),
    ],
)
def test_moments_go_by_the_clock_of_their_own_zone(export, value, type_, wanted):
    pq.write_table(pa.table({"x": pa.array([value, None], type_)}), export)

    assert [row[0] for row in rows_of(export)[1:]] == [wanted, None]


def test_an_export_is_read_from_parquet_as_from_text(export):
    table = pd.DataFrame({
        "SAP ID": [121, None, 7, 8, 9],
        "Total Value": [Decimal("1200.50"), Decimal("-3.00"), None, Decimal("0.10"), Decimal("7.00")],
        "Order Date": [date(2026, 1, 2), None, date(1800, 1, 1), date(2026, 1, 3), date(2026, 1, 4)],
        "Sales Doc": ["A1", "A2", "A3", "A1", "A1"],
    }).astype({"SAP ID": "Int64"})  # fmt: skip
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), export)
    text = export.with_suffix(".csv")
    table.to_csv(text, index=False)

    from_parquet, from_text = (
        conform(read_column_sheets(path, known_headers=HEADERS), default_config().orders) for path in (export, text)
    )

    pd.testing.assert_frame_equal(from_parquet.frame, from_text.frame)
    assert from_parquet.findings.drop(columns="file").equals(from_text.findings.drop(columns="file"))
    assert from_parquet.frame["customer_id_key"].tolist()[0] == "121"
    assert from_parquet.frame["total_value_micros"].tolist()[:2] == [1_200_500_000, -3_000_000]


def test_a_damaged_table_is_refused(export):
    pq.write_table(pa.table({"x": [1, 2, 3]}), export)
    export.write_bytes(export.read_bytes()[:-20])

    assert refusal(export).reason == "corrupt_file"


def test_a_table_beyond_the_limits_is_refused_before_it_is_read(export):
    pq.write_table(pa.table({"x": ["abcdefgh" * 1000] * 1000}), export)

    assert refusal(export, limits=ReadLimits(max_cells=999)).reason == "too_large"
    assert refusal(export, limits=ReadLimits(max_unpacked_bytes=1000)).reason == "too_large"


def test_a_table_without_rows_is_no_error_of_the_reader(export):
    pq.write_table(pa.table({"SAP ID": pa.array([], pa.string()), "Total Value": pa.array([], pa.float64())}), export)

    (sheet,) = read_sheets(export)

    assert [*map(list, sheet.rows)] == [["SAP ID", "Total Value"]]
