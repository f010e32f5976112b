"""Smart Lists as data: who belongs on a list, by the tags that a contact carries (`config/lists.toml`).

A list is made of tags because tags are what Goldpan keeps right every night; the values are those of `tags.toml`, since
labels may change and values may not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from goldpan.checked import Flag, Settings, describe_problems
from goldpan.errors import ConfigError
from goldpan.rules import Tag

FILE = "lists.toml"


def _can_be_a_name(name: str) -> str:
    if not name.strip() or name != name.strip() or re.search(r"[\x00-\x1f\x7f]", name):
        raise ValueError("takes one line of text without outer blanks")
    if "/" in name or "\\" in name:
        # HubSpot finds a list by the name inside an address, where servers on the way refuse a slash however written.
        raise ValueError("a list is found by its name in an address; use no slash")
    return name


def _names_a_tag(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("takes at least one value of tags.toml; to say nothing, leave the key out")
    return values


Values = Annotated[tuple[str, ...], AfterValidator(_names_a_tag)]


class SmartList(Settings):
    """One Smart List: a contact is on it while everything that is said here holds.

    Attributes:
        name: What HubSpot calls it; upper and lower case make no difference there.
        any_of: Carries at least one of these tags.
        all_of: Carries every one of these.
        none_of: Carries not one of these.
        include_blank: With nothing but ``none_of``: contacts without any tag are on the list, too.
    """

    name: Annotated[str, AfterValidator(_can_be_a_name)]
    any_of: Values = ()
    all_of: Values = ()
    none_of: Values = ()
    include_blank: Flag = False

    @property
    def key(self) -> str:
        """The name as HubSpot compares it."""
        return self.name.casefold()


class ListsFile(Settings):
    """`lists.toml`; a missing file is one without lists."""

    lists: tuple[SmartList, ...] = Field((), alias="list")


def parse_lists(table: Mapping[str, Any], tags: Sequence[Tag]) -> tuple[SmartList, ...]:
    """Check the parsed `lists.toml` against the tags.

    Raises:
        ConfigError: With every problem of the file, one a line.
    """
    try:
        lists = ListsFile.model_validate(table).lists
    except ValidationError as error:
        raise ConfigError.of(list(describe_problems(FILE, error))) from error
    problems = [f"{FILE}: {problem}" for problem in problems_of_lists(lists, tags)]
    if problems:
        raise ConfigError.of(problems)
    return lists


def problems_of_lists(lists: Iterable[SmartList], tags: Sequence[Tag]) -> Iterator[str]:
    """What HubSpot could make no sensible list of: unknown tags, contradictions, a name used twice."""
    known = [option.value for tag in tags for option in tag.options()]
    seen: set[str] = set()
    for smart_list in lists:
        said = f"list {smart_list.name!r}:"
        if smart_list.key in seen:
            yield f"{said} the name is used twice (upper and lower case make no difference to HubSpot)"
        seen.add(smart_list.key)
        yield from (f"{said} {problem}" for problem in _problems_of(smart_list, known, tags))


def _problems_of(smart_list: SmartList, known: Sequence[str], tags: Sequence[Tag]) -> Iterator[str]:
    wanted = dict.fromkeys((*smart_list.any_of, *smart_list.all_of))
    if not (wanted or smart_list.none_of):
        yield "says nothing; give it any_of, all_of or none_of with values of tags.toml"
    for value in dict.fromkeys((*wanted, *smart_list.none_of)):
        if value not in known:
            yield f"no tag has the value {value!r}; known: {', '.join(known)}"
        elif value in wanted and value in smart_list.none_of:
            yield f"{value!r} is both wanted and in none_of"
    for tag in tags:
        if tag.otherwise and {tag.value, tag.otherwise.value} <= {*smart_list.all_of}:
            yield f"no contact carries both {tag.value!r} and its opposite {tag.otherwise.value!r}"
    if smart_list.include_blank and (wanted or not smart_list.none_of):
        yield "include_blank says something only beside none_of alone: a contact without tags meets nothing else"
