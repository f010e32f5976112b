"""Whole columns are read as their cells are, one by one: the short cuts take nothing that they read otherwise."""

from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldpan.values.dates import read_date, read_dates
from goldpan.values.emails import read_email, read_emails
from goldpan.values.ids import read_id, read_ids
from goldpan.values.money import read_amount, read_money
from goldpan.values.texts import BLANKS, are_blank, is_blank, read_texts, text_of
from tests.builders import default_config

FIRST, LAST = datetime(1940, 1, 1), datetime(2210, 1, 1)  # noqa: DTZ001 - cells have no zone
ANY_TIME = settings(deadline=None)
FORMATS = default_config().orders.date_formats

FRAMES = st.sampled_from(["{}", "{}", "{}", " {}", "{}\u00a0", "'{}", "\u200b{}", "{}\n", "<{}>", "{};{}", "{}#"])
BODIES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.text(alphabet=[*"0129", ".", ",", "-", "E", "+", "e"], max_size=12),
    st.from_regex(r"0{0,3}[0-9]{0,18}(\.0{0,3})?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True),
    st.from_regex(r"-?\$?[0-9]{1,9}([.,][0-9]{0,8})?-?", fullmatch=True),
    st.from_regex(r"[a-zA-Z0-9._+=-]{1,9}@([a-zA-Z0-9-]{1,5}\.){0,3}[a-zA-Z\u212a\u017f-]{0,4}", fullmatch=True),
    st.from_regex(r"[a-z]{30}[a-z]{0,40}@[a-z]{1,9}\.[a-z]{2}", fullmatch=True),
    st.from_regex(
        r"(19[4-9]|2[0-2][0-9])[0-9]-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?)?", fullmatch=True
    ),
    st.from_regex(r"[01]?[0-9]/[0-3]?[0-9]/(19|20)?[0-9]{2}", fullmatch=True),
    st.sampled_from(["#N/A", "#n/a ", "#REF!", "1.2E+15", "5E+2", "nan", "inf", "None", "0x1", "1_000", "٣", "²"]),
)  # fmt: skip
TEXTS = st.lists(st.none() | st.builds(lambda frame, body: frame.format(body, body), FRAMES, BODIES), max_size=25)
CELLS = st.lists(
    st.none()
    | BODIES
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False)
    | st.datetimes(FIRST, LAST)
    | st.dates(date(1940, 1, 1), date(2210, 1, 1))
    | st.timedeltas(timedelta(0), timedelta(days=3)),
    max_size=12,
)

READERS = {
    "id": (read_ids, read_id, ["value", "key", "reason"]),
    "email": (read_emails, read_email, ["value", "reason"]),
    "date": (partial(read_dates, formats=FORMATS), partial(read_date, formats=FORMATS), ["value", "reason"]),
    "money": (read_money, read_amount, ["value", "reason"]),
    "money with a comma": (
        partial(read_money, decimal_mark=","), partial(read_amount, decimal_mark=","), ["value", "reason"],
    ),
    "text": (lambda cells: pd.DataFrame({"value": read_texts(cells)}), lambda cell: (text_of(cell),), ["value"]),
}  # fmt: skip


def plain(value):
    """A result without pandas' types."""
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def read_of(kind, cells):
    read, _, names = READERS[kind]
    got = read(cells)
    assert list(got.columns) == names
    return [tuple(map(plain, row)) for row in got.itertuples(index=False)]


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("dtype", [object, "str"])
@ANY_TIME
@given(texts=TEXTS)
def test_a_column_of_texts_is_read_as_its_cells(kind, dtype, texts):
    got = read_of(kind, pd.Series(texts, dtype=dtype))

    assert got == [READERS[kind][1](text) for text in texts]


@pytest.mark.parametrize("kind", READERS)
@ANY_TIME
@given(cells=CELLS)
def test_a_column_of_any_cells_is_read_as_its_cells(kind, cells):
    got = read_of(kind, pd.Series(cells, dtype=object))

    assert got == [READERS[kind][1](cell) for cell in cells]


@pytest.mark.parametrize("kind", READERS)
@ANY_TIME
@given(numbers=st.lists(st.none() | st.integers(-(10**16), 10**16), max_size=20))
def test_a_column_of_whole_numbers_is_read_as_its_cells(kind, numbers):
    got = read_of(kind, pd.Series(numbers, dtype="Int64"))

    assert got == [READERS[kind][1](number) for number in numbers]


AMOUNTS = st.one_of(
    st.floats(allow_nan=False),
    st.decimals(-(10**9), 10**9, places=7).map(float),
    st.decimals(-1000, 1000, places=2).map(float),
    st.integers(-(10**13), 10**13).map(lambda halves: (2 * halves + 1) / 2_000_000),
    st.none(),
)


@pytest.mark.parametrize("kind", READERS)
@ANY_TIME
@given(numbers=st.lists(AMOUNTS, max_size=20))
@example(numbers=[1.8e302, -1e300, None])
def test_a_column_of_numbers_is_read_as_its_cells(kind, numbers):
    got = read_of(kind, pd.Series(np.array(numbers, dtype="float64")))

    assert got == [READERS[kind][1](number) for number in numbers]


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@ANY_TIME
@given(moments=st.lists(st.none() | st.datetimes(FIRST, LAST), max_size=12))
def test_a_column_of_dates_is_read_as_its_cells(kind, unit, moments):
    moments = [moment and moment.replace(microsecond=0) for moment in moments]

    got = read_of(kind, pd.Series(np.array(moments, dtype=f"datetime64[{unit}]")))

    assert got == [READERS[kind][1](moment) for moment in moments]


@ANY_TIME
@given(cells=CELLS, texts=TEXTS)
def test_blank_cells_of_a_column_are_those_that_are_blank_one_by_one(cells, texts):
    assert are_blank(pd.Series(cells, dtype=object)).tolist() == [is_blank(cell) for cell in cells]
    assert are_blank(pd.Series(texts, dtype="str")).tolist() == [is_blank(text) for text in texts]
    assert are_blank(pd.Series([*BLANKS], dtype="str")).all()


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("cells", [["a\ud800b", None, "7"], ["a\ud800b", 7.0]])
def test_half_a_character_is_read_as_one_that_nobody_knows(kind, cells):
    got = read_of(kind, pd.Series(cells, dtype=object))

    assert got == [READERS[kind][1](cell.replace("\ud800", "\ufffd") if cell == cells[0] else cell) for cell in cells]
