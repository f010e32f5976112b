"""Names as keys: what makes two spellings one name (RULES section 3)."""

import pandas as pd
import pytest

from goldpan.values.names import key_of_name, read_name_keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Lee", "ANN LEE"),
        ("Ann Lee", " ann\u00a0 lee "),
        ("Ann Lee", "Ann\nLee"),
        ("Ann Lee", "A\u200bnn Lee\ufeff"),
        ("Renée Ångström", "Rene\u0301e A\u030angstro\u0308m"),
        ("Weißbräu GmbH", "WEISSBRÄU GMBH"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("\u0345\u03b1", "\u0345\u0391"),
    ],
)
def test_these_are_one_name(one, other):
    assert key_of_name(one) == key_of_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Renée", "Renee"), ("Ann Lee", "AnnLee"), ("Ann Lee", "Lee Ann"), ("Ann", "Ann.")]
)
def test_these_are_two(one, other):
    assert key_of_name(one) != key_of_name(other)


def test_the_key_is_composed_folded_and_single_spaced():
    assert key_of_name("  Cafe\u0301   STRASSE ") == "café strasse"
    assert key_of_name("Straße") == "strasse"


def test_a_missing_name_has_no_key():
    got = read_name_keys(pd.Series(["Ann  Lee", None], index=[4, 5], dtype="str"))

    assert str(got.dtype) == "str"
    assert got.dropna().to_dict() == {4: "ann lee"}
