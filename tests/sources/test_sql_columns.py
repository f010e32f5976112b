"""What a driver gives becomes one type a column, and no value becomes another."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.sources.sql_columns import as_array, as_text, cleaned, held_in

NEW_YORK = ZoneInfo("America/New_York")
at = datetime.fromisoformat
DAY, NOON = date(2026, 11, 20), at("2026-11-20 12:30")
EVENING = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
"""The day before, in New York."""
HUGE, FINE = Decimal(10) ** 30, Decimal("0." + "1" * 20)


def column(values):
    values = cleaned(values, NEW_YORK)
    return as_array(values, held_in(values))


@pytest.mark.parametrize(
    ("values", "type_", "wanted"),
    [
        (["0042", None, "7"], pa.string(), ["0042", None, "7"]),
        ([None, None], pa.string(), [None, None]),
        ([], pa.string(), []),
        ([True, False, None], pa.bool_(), [True, False, None]),
        ([1, -5, None], pa.int64(), [1, -5, None]),
        ([10**18 - 1], pa.int64(), [10**18 - 1]),
        ([10**18, 1], pa.string(), [str(10**18), "1"]),
        ([1, 0.5], pa.float64(), [1.0, 0.5]),
        ([10**15, 0.5], pa.string(), [str(10**15), "0.5"]),
        ([0.1, float("nan"), None], pa.float64(), [0.1, None, None]),
        ([Decimal("1.5"), Decimal("22.25"), 3], pa.decimal128(38, 2), [Decimal("1.50"), Decimal("22.25"), Decimal(3)]),
        ([Decimal(12), Decimal("1E+3")], pa.int64(), [12, 1000]),
        ([HUGE, FINE], pa.decimal256(76, 20), [HUGE, FINE]),
        ([Decimal("NaN"), Decimal("1.5")], pa.decimal128(38, 1), [None, Decimal("1.5")]),
        ([Decimal("Infinity"), 1], pa.string(), ["Infinity", "1"]),
        ([DAY, None], pa.date32(), [DAY, None]),
        ([NOON], pa.timestamp("us"), [NOON]),
        ([DAY, NOON], pa.timestamp("us"), [at("2026-11-20"), NOON]),
        ([EVENING], pa.timestamp("us"), [at("2026-11-20 22:00")]),
        ([time(8, 15)], pa.time64("us"), [time(8, 15)]),
        ([DAY, "soon"], pa.string(), ["2026-11-20", "soon"]),
        ([1, "A7", True, 2.0, 0.25], pa.string(), ["1", "A7", "true", "2", "0.25"]),
        ([b"\xff\x01", b"text"], pa.string(), ["ff01", "text"]),
        ([UUID(int=1)], pa.string(), ["00000000-0000-0000-0000-000000000001"]),
    ],
)  # fmt: skip
def test_a_column_has_the_narrowest_type_that_holds_every_value(values, type_, wanted):
    got = column(values)

    assert (got.type, got.to_pylist()) == (type_, wanted)


cells = st.one_of(
    st.none(), st.text(st.characters(codec="utf-8")), st.integers(), st.booleans(), st.decimals(allow_nan=False),
    st.floats(allow_nan=False), st.dates(), st.datetimes(), st.times(),
)  # fmt: skip


@given(st.lists(cells, max_size=6), st.lists(cells, max_size=6))
def test_cells_of_any_kind_become_a_column_and_each_part_fits_the_type_of_the_whole(first, second):
    first, second = cleaned(first, NEW_YORK), cleaned(second, NEW_YORK)
    held = held_in(first).with_(held_in(second))

    whole = as_array([*first, *second], held)

    assert held == held_in([*first, *second])
    assert whole.null_count == [*first, *second].count(None)
    assert as_array(first, held).type == as_array(second, held).type == whole.type


@given(st.lists(st.one_of(st.none(), st.integers(), st.decimals(allow_nan=False)), max_size=8))
def test_exact_numbers_stay_exact(values):
    got = column(values)

    assert [None if each is None else Decimal(each) for each in got.to_pylist()] == values


def test_moments_without_a_time_are_written_as_dates():
    assert as_text(at("2026-11-20")) == "2026-11-20"
    assert as_text(NOON) == "2026-11-20 12:30:00"
