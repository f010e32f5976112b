"""The list of those who are never written: every line means somebody, or stops the run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.errors import ConfigError
from goldpan.suppression import Suppression, parse_suppression, suppressed_contacts, without_comment
from tests.builders import memberships, refined


def parse(*lines: str) -> Suppression:
    return parse_suppression("\n".join(lines), "config/suppressed.txt")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ann@x.com", Suppression(emails=frozenset({"ann@x.com"}))),
        ("  Ann@X.com ", Suppression(emails=frozenset({"ann@x.com"}))),
        ('"ann@x.com"', Suppression(emails=frozenset({"ann@x.com"}))),
        ("mailto:ann@x.com", Suppression(emails=frozenset({"ann@x.com"}))),
        ("a#b@x.com  # asked by phone", Suppression(emails=frozenset({"a#b@x.com"}))),
        ("@x.com", Suppression(domains=frozenset({"x.com"}))),
        ("*@X.com", Suppression(domains=frozenset({"x.com"}))),
        ("0000121", Suppression(customer_keys=frozenset({"121"}))),
        ("C-12 3", Suppression(customer_keys=frozenset({"C-12 3"}))),
        ("121.0", Suppression(customer_keys=frozenset({"121"}))),
        ("'0121", Suppression(customer_keys=frozenset({"121"}))),
        ("", Suppression()),
        ("# nobody", Suppression()),
        ("\ufeffann@x.com", Suppression(emails=frozenset({"ann@x.com"}))),
    ],
)
def test_a_line_is_an_address_a_domain_or_a_customer_id(line, wanted):
    assert parse(line) == wanted


@pytest.mark.parametrize(
    "line",
    ["ann@", "@", "ann@x", "@x", "*@", "ann lee@x.com", "a@x.com, b@x.com", "Ann <ann@x.com>", "x.com", "*.x.com",
     "Ann Lee", "1.23E+15", "\u212aelvin@x.com"],
)  # fmt: skip
def test_a_line_that_means_nobody_is_told_with_file_and_line(line):
    with pytest.raises(ConfigError, match=r"config/suppressed.txt: line 2: neither"):
        parse("ann@x.com", line)


def test_every_broken_line_is_told():
    with pytest.raises(ConfigError) as told:
        parse("ann@", "ben@x.com", "x.com")

    assert [line.split(":")[1].strip() for line in str(told.value).splitlines()] == ["line 1", "line 3"]


@pytest.mark.parametrize(
    ("line", "kept"), [("a # b", "a"), ("# b", ""), ("a#b", "a#b"), (" a ", "a"), ("a\t#b", "a"), ("", "")]
)
def test_a_comment_begins_a_line_or_follows_a_blank(line, kept):
    assert without_comment(line) == kept


@given(st.lists(st.sampled_from(["sub", "deep", "other"]), max_size=3))
def test_a_domain_holds_for_all_its_subdomains_and_for_no_lookalike(labels):
    listed = parse("@x.com")

    assert listed.has_email(f"ann@{'.'.join([*labels, 'x.com'])}")
    assert not listed.has_email(f"ann@{'.'.join([*labels, 'notx.com'])}")
    assert not listed.has_email(f"ann@{'.'.join(['x.com', *labels, 'org'])}")


def test_contacts_are_suppressed_by_any_customer_behind_their_address():
    contacts = refined(
        memberships(
            {"Cust ID": "00121", "Contact Email": "ann@x.com", "Created Date": "2026-01-01"},
            {"Cust ID": "122", "Contact Email": "ann@x.com", "Created Date": "2020-01-01"},
            {"Cust ID": "123", "Contact Email": "ben@y.com"},
            {"Cust ID": "124", "Contact Email": ""},
        )
    )

    def suppressed(*lines: str) -> set[str]:
        found = contacts.contacts[suppressed_contacts(contacts, parse(*lines))]
        return set(found["customer_id_key"])

    ann = suppressed("ann@x.com")
    assert suppressed("121") == suppressed("0122") == ann != set()
    assert suppressed("@y.com") == {"123"}
    assert suppressed("124") == {"124"}
    assert suppressed() == set()
