"""Who is written at all: whom to create, what becomes of those who left the exports, who is suppressed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from goldpan.checked import Settings
from goldpan.columns import ColumnType
from goldpan.rules import Group, Label, Tag, problems_of_conditions


class LeftTag(Settings):
    """The one tag of a contact that left the exports."""

    tag: str = Field(min_length=1, max_length=100, pattern=r"^[^;]+$")
    label: str = Field("", max_length=200, pattern=r"^[^;]*$")

    def option(self) -> Label:
        """The option that HubSpot has for it."""
        return Label(value=self.tag, label=self.label or self.tag.replace("_", " ").title())


class ContactPolicies(Settings):
    """`contacts.toml`.

    Attributes:
        create: Whom to create in HubSpot: everybody, nobody, or the contacts for which conditions hold.
        on_left: What becomes of a contact that is in no export any more: it stays as it is, loses Goldpan's tags, or
            gets one tag instead of them. It is never archived or deleted.
        suppression_file: Who is never written: a text file beside this one.
        on_suppress: Whether a suppressed contact that Goldpan wrote before keeps its values, or is cleared once.
    """

    create: Annotated[Literal["all", "none"] | Group, Field(union_mode="left_to_right")] = "all"
    on_left: Annotated[Literal["keep", "clear_tags"] | LeftTag, Field(union_mode="left_to_right")] = "keep"
    suppression_file: str = Field("suppressed.txt", min_length=1)
    on_suppress: Literal["leave", "clear"] = "leave"


def problems_of_policies(
    policies: ContactPolicies, tags: Iterable[Tag], columns: Mapping[str, ColumnType]
) -> Iterator[str]:
    """What no run could make sense of."""
    if isinstance(policies.create, Group):
        yield from (f"create: {problem}" for problem in problems_of_conditions(policies.create, columns))
    if isinstance(policies.on_left, LeftTag):
        wanted = policies.on_left.option()
        options = [option for tag in tags for option in tag.options()]
        if wanted.value.strip() != wanted.value or wanted.value in {option.value for option in options}:
            yield f"on_left: the tag {wanted.value!r} has outer blanks, or is one of tags.toml; choose another value"
        if wanted.label.casefold() in {option.label.casefold() for option in options}:
            yield f"on_left: the label {wanted.label!r} is one of tags.toml; choose another label"
