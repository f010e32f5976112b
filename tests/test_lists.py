"""`lists.toml`, checked: each mistake is named with the file, and all of them at once."""

import json
import tomllib
from itertools import chain

import pytest

from goldpan.errors import ConfigError
from goldpan.lists import SmartList, parse_lists
from tests.builders import REPOSITORY, default_config

TAGS = default_config().tags
KNOWN = [option.value for tag in TAGS for option in tag.options()]


def parsed(text):
    return parse_lists(tomllib.loads(text), TAGS)


def problems(text):
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def a_list(**said):
    """One list as TOML, which writes these values as JSON does."""
    return "\n".join(["[[list]]", *(f"{key} = {json.dumps(value)}" for key, value in said.items()), ""])


def test_a_list_is_its_name_and_its_conditions():
    lists = parsed(a_list(name="Due", any_of=["expiring_soon", "hfo_buy"], none_of=["recently_renewed"]))

    assert lists == (SmartList(name="Due", any_of=("expiring_soon", "hfo_buy"), none_of=("recently_renewed",)),)


def test_no_file_is_no_lists():
    assert parse_lists({}, TAGS) == ()


def shipped_examples():
    """The lists that config/lists.toml shows, without the # before each line of theirs."""
    text = (REPOSITORY / "config" / "lists.toml").read_text(encoding="utf-8")
    examples = text[text.index("# [[list]]") :]
    return parsed("\n".join(line.removeprefix("# ") for line in examples.splitlines()))


def test_goldpan_makes_no_list_that_nobody_asked_for():
    assert parsed((REPOSITORY / "config" / "lists.toml").read_text(encoding="utf-8")) == ()


def test_the_lists_that_goldpan_proposes_are_made_of_its_tags():
    lists = shipped_examples()

    assert len(lists) == 5
    assert {*chain(*((*each.any_of, *each.all_of, *each.none_of) for each in lists))} <= {*KNOWN}


def test_the_opposite_of_a_tag_is_a_tag():
    assert parsed(a_list(name="Gone", all_of=["not_active_membership"]))[0].all_of == ("not_active_membership",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (a_list(name="A", any=["hfo_buy"]), "lists.toml: list.0.any: unknown key"),
        (a_list(any_of=["hfo_buy"]), "lists.toml: list.0.name: missing"),
        (a_list(name="A", any_of="hfo_buy"), "lists.toml: list.0.any_of: found 'hfo_buy'"),
        (a_list(name="A", any_of=[]), "lists.toml: list.0.any_of: found []; takes at least one value of tags.toml"),
        (a_list(name="A", any_of=[7]), "lists.toml: list.0.any_of.0: found 7"),
        (a_list(name=" A", any_of=["hfo_buy"]), "takes one line of text without outer blanks"),
        (a_list(name="", any_of=["hfo_buy"]), "takes one line of text without outer blanks"),
        (a_list(name="A\tB", any_of=["hfo_buy"]), "takes one line of text without outer blanks"),
        (a_list(name="A/B", any_of=["hfo_buy"]), "use no slash"),
        (a_list(name="A", none_of=["hfo_buy"], include_blank=1), "lists.toml: list.0.include_blank: found 1"),
        (a_list(name="A"), "lists.toml: list 'A': says nothing"),
        (
            a_list(name="A", any_of=["Expiring Soon"]),
            "no tag has the value 'Expiring Soon'; known: high_value_customer,",
        ),
        (a_list(name="A", none_of=["vip"]), "no tag has the value 'vip'"),
        (a_list(name="A", all_of=["hfo_buy"], none_of=["hfo_buy"]), "'hfo_buy' is both wanted and in none_of"),
        (a_list(name="A", any_of=["hfo_buy"], none_of=["hfo_buy"]), "'hfo_buy' is both wanted and in none_of"),
        (a_list(name="A", all_of=["hfo_buy", "not_hfo_buy"]), "carries both 'hfo_buy' and its opposite 'not_hfo_buy'"),
        (a_list(name="A", any_of=["hfo_buy"], include_blank=True), "include_blank says something only beside none_of"),
        (
            a_list(name="A", any_of=["hfo_buy"], none_of=["expiring_soon"], include_blank=True),
            "include_blank says something only beside none_of",
        ),
        (
            a_list(name="A", any_of=["hfo_buy"]) + a_list(name="a", any_of=["expiring_soon"]),
            "lists.toml: list 'a': the name is used twice",
        ),
        ('lists = "x"', "lists.toml: lists: unknown key"),
    ],
)
def test_a_mistake_is_named(text, said):
    found = problems(text)

    assert len(found) == 1, found
    assert said in found[0]


def test_all_mistakes_are_told_at_once():
    text = a_list(name="A", any_of=["vip"], none_of=["gold"]) + a_list(name="B") + a_list(name="b", any_of=["hfo_buy"])

    assert [line.split(":")[1].strip() for line in problems(text)] == ["list 'A'", "list 'A'", "list 'B'", "list 'b'"]


def test_wanting_one_of_two_opposites_is_fine():
    """Everybody with a tag at all: a sensible list."""
    assert parsed(a_list(name="Known people", any_of=["hfo_buy", "not_hfo_buy"]))
