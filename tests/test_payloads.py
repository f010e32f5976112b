"""Payloads made column by column are, to the byte, those that were made one by one: or an upgrade resends everybody."""

import json
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldpan.payloads import TEXT, count_values, hold, hold_values, payload_of, payloads_of

KEYS = ("customer_name", "fill_blank:lastname", "membership_status_tags")
ODD = ('"', "\\", "\n", "\t", "\x00", "\x1f", "\x7f", "\u2028", "é", "😀", '","customer_name":"x', '":""', "membership")
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.lists(st.sampled_from(ODD), max_size=4).map("".join),
    st.sampled_from(KEYS),
)
contacts = st.lists(st.fixed_dictionaries(dict.fromkeys(KEYS, texts)), max_size=8)


def columns(rows: list[dict[str, str]], *, repeats: bool = False) -> dict[str, pa.Array]:
    plain = {key: pa.array([row[key] for row in rows], TEXT) for key in reversed(KEYS)}
    return {key: column.dictionary_encode() for key, column in plain.items()} if repeats else plain


@pytest.mark.parametrize("repeats", [False, True])
@settings(deadline=None)
@given(rows=contacts)
def test_columns_and_contacts_give_the_same_bytes(repeats, rows):
    wanted = [json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True) for row in rows]

    assert payloads_of(columns(rows, repeats=repeats)).to_pylist() == wanted
    assert [payload_of(row) for row in rows] == wanted


@settings(deadline=None)
@given(rows=contacts, first=st.integers(0, 8))
def test_a_part_of_a_column_gives_the_bytes_of_that_part(rows, first):
    whole = payloads_of(columns(rows))

    assert payloads_of({key: column.slice(first) for key, column in columns(rows).items()}) == whole.slice(first)


@settings(deadline=None)
@given(rows=contacts, key=st.sampled_from((*KEYS, "lastname", "unknown")))
def test_values_are_counted_as_reading_each_payload_would(rows, key):
    assert count_values(payloads_of(columns(rows)), key) == Counter(row.get(key, "") for row in rows)


def test_payloads_that_are_not_canonical_are_counted_too():
    """None is written so; but a count of tags must not depend on it."""
    assert count_values(pa.array(['{"a": "x", "b": "y"}', '{"b":"y"}'], TEXT), "a") == Counter({"x": 1, "": 1})


def test_a_payload_is_one_canonical_text_to_the_byte():
    """As the state has kept millions of them."""
    values = {"b": 'a "b" \\', "a": "tab\t é", "c": ""}
    wanted = '{"a":"tab\\t é","b":"a \\"b\\" \\\\","c":""}'

    assert payload_of(values) == wanted
    assert payloads_of({key: pa.array([value], TEXT) for key, value in values.items()}).to_pylist() == [wanted]
    assert payloads_of({"a": pa.array(["tab\t"], TEXT)}).to_pylist() == ['{"a":"tab\\t"}']


def test_only_a_text_is_a_value_that_somebody_holds():
    held = pa.array(['{"a":"","b":"x"}', '{"a":"\\"","b":""}'], TEXT)

    assert hold_values(held, ["a"]).to_pylist() == [False, True]
    assert hold_values(held, ["a", "b"]).to_pylist() == [True, True]


@settings(deadline=None)
@given(rows=contacts, keys=st.sets(st.sampled_from((*KEYS, "lastname"))))
def test_who_holds_a_value_is_told_as_reading_each_payload_would(rows, keys):
    found = hold_values(payloads_of(columns(rows)), keys).to_pylist()

    assert found == [any(row.get(key) for key in keys) for row in rows]


@settings(deadline=None)
@given(rows=contacts, wanted=st.dictionaries(st.sampled_from(KEYS), texts))
def test_who_holds_just_these_values_is_told_as_reading_each_payload_would(rows, wanted):
    rows = [*rows, *({**row, **wanted} for row in rows)]

    assert hold(payloads_of(columns(rows)), wanted).to_pylist() == [{**row, **wanted} == row for row in rows]
