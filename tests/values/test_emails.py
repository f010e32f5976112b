"""E-mail addresses: what is sent to, and what is not (RULES section 1, *email*)."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.model import CellError
from goldpan.values.emails import is_valid_email, read_email, read_emails
from tests.reference import values as reference


@pytest.mark.parametrize(
    "cell",
    [
        "jane@x.com",
        " Jane@X.COM ",
        "\u200bjane@x.com\u00a0",
        "ja\u200bne@x.com",
        "mailto:jane@x.com",
        "MAILTO:Jane@x.com",
        "<jane@x.com>",
        "Jane <jane@x.com>",
        "Jane Doe <mailto:jane@x.com>",
        "jane@x.com,",
        ";jane@x.com",
    ],
)
def test_every_wrapping_of_an_address_is_that_address(cell):
    assert read_email(cell) == ("jane@x.com", None)


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("a@x.com;b@y.org", "a@x.com"),
        ("a@x.com, b@y.org", "a@x.com"),
        ("a@x.com b@y.org", "a@x.com"),
        ("a@x.com\nb@y.org", "a@x.com"),
        ("a@, b@y.org", "b@y.org"),
        ("A <a@x.com>; B <b@y.org>", "a@x.com"),
        ("a@x.com; a@x.com", "a@x.com"),
    ],
)
def test_of_several_addresses_the_first_valid_one_counts(cell, first):
    assert read_email(cell) == (first, "several_emails")


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0\u200b", CellError("#N/A"), "#VALUE!"])
def test_a_blank_is_no_email(cell):
    assert read_email(cell) == (None, "no_email")


@pytest.mark.parametrize(
    "cell",
    ["jane", "jane doe@x.com", "jane@", "@x.com", 42, True, "a@b@x.com", "n/a", "jane@x.com is wrong", "-", "a@; b@"],
)
def test_what_is_no_address_is_invalid(cell):
    assert read_email(cell) == (None, "invalid_email")


@pytest.mark.parametrize(
    "address",
    [
        "a@x.co",
        "a.b@x.com",
        "o'neil@mail.z.net",
        "a!#$%&'*+/=?^_`{|}~-z@x.com",
        "a@1.2.xy",
        "a@a-b.com",
        f"{'a' * 64}@x.com",
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 63}.{'f' * 4}",
        "a+b@x.com",
        "_a@x.com",
    ],
)
def test_these_are_valid(address):
    assert is_valid_email(address)


@pytest.mark.parametrize(
    "address",
    [
        *("a@x", "a@x.c", "a@.com", "a@x..com", "a@-x.com", "a@x-.com", "a@x.c0m", "a@x_y.com", "a@x.com."),
        *("=a@x.com", "+a@x.com", "-a@x.com", ".a@x.com", "a.@x.com", "a..b@x.com", "a b@x.com", "a,b@x.com"),
        *('a"@x.com', "ä@x.com", "a@ä.com", "a@x.cöm", "a@x.com\n", "", "@", "a@[1.2.3.4]", "(a)@x.com"),
        f"{'a' * 65}@x.com",
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 63}.{'f' * 7}",
    ],
)  # fmt: skip
def test_these_are_not(address):
    assert not is_valid_email(address)


def test_254_characters_are_the_most():
    domain = ".".join(["b" * 60, "c" * 60, "d" * 60, "e" * 60])

    assert is_valid_email(f"{'a' * 5}@{domain}.{'f' * 4}")
    assert not is_valid_email(f"{'a' * 6}@{domain}.{'f' * 4}")
    assert len(f"{'a' * 5}@{domain}.{'f' * 4}") == 254


def test_no_letter_beyond_ascii_becomes_one_of_ascii():
    """The Kelvin sign in lower case is a plain k."""
    assert read_email("\u212aim@x.com") == (None, "invalid_email")


def test_a_column_of_addresses_is_text_with_a_reason():
    cells = pd.Series(["Ann@x.com", None, "nobody", "a@x.com b@y.org"], index=[5, 6, 7, 8], dtype=object)

    got = read_emails(cells)

    assert got.dtypes.astype(str).to_dict() == {"value": "str", "reason": "str"}
    assert got["value"].dropna().to_dict() == {5: "ann@x.com", 8: "a@x.com"}
    assert got["reason"].dropna().to_dict() == {6: "no_email", 7: "invalid_email", 8: "several_emails"}


@given(st.text(alphabet="ab@@@...x,;<> -+=\u00a0\u200bmailto:Z_é'", max_size=14))
def test_any_text_is_read_as_the_rules_read_it(text):
    address, reason = reference.read_email(text)

    assert read_email(text) == (address, "no_email" if reason == "excel_error" else reason)
