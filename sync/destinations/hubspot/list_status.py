"""A Smart List of the config compared with HubSpot's list of that name, pure: missing, as wanted, or what is different.

A list that exists is never changed: people send mails to it. So a difference is told, in words, and left to a person.
"""

from dataclasses import dataclass

from goldpan.lists import SmartList
from sync.destinations.hubspot.answers import Json
from sync.destinations.hubspot.filters import NotUnderstoodError, filter_of, in_words, meaning_of

ACTIVE = "DYNAMIC"


@dataclass(frozen=True, slots=True)
class MakeList:
    """An active list as the config wants it, on the tag property."""

    smart_list: SmartList
    tags: str

    @property
    def name(self) -> str:
        """What the list is called."""
        return self.smart_list.name

    @property
    def filter(self) -> Json:
        """Its filter as HubSpot takes it."""
        return filter_of(self.smart_list, self.tags)

    def __str__(self) -> str:
        return f"make the active list {self.name}: {in_words(self.filter, self.tags)}"


@dataclass(frozen=True, slots=True)
class FoundList:
    """A list of contacts as HubSpot has it; ``size`` is None where HubSpot doesn't tell."""

    name: str
    kind: str
    is_counting: bool
    size: int | None
    filter: Json


@dataclass(frozen=True, slots=True)
class ListStatus:
    """How one list of the config stands in HubSpot: missing, or there, maybe with something to know about it."""

    wanted: MakeList
    found: FoundList | None
    problem: str = ""
    note: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether `goldpan setup` makes it."""
        return self.found is None and not self.problem

    def __str__(self) -> str:
        found = self.found
        if found is None:
            return f"{self.wanted.name}: {self.problem or 'missing'}"
        size = "size unknown" if found.size is None else f"{found.size:,} contact{'' if found.size == 1 else 's'}"
        told = [size + (", HubSpot is still counting" if found.is_counting else ""), self.problem, self.note]
        return f"{self.wanted.name}: {'; '.join(filter(None, told))}"


def status_of(wanted: MakeList, found: FoundList | None) -> ListStatus:
    """Compare what the config wants with what HubSpot has, by what the filters mean."""
    if found is None:
        return ListStatus(wanted, None)
    name = wanted.name
    note = f"HubSpot spells it {found.name}" if found.name and found.name != name else ""
    if found.kind != ACTIVE:
        problem = (
            f"HubSpot has a static list of this name ({found.kind or 'no kind'}), which does not follow the tags. "
            "Rename it in HubSpot, or choose another name in config/lists.toml"
        )
        return ListStatus(wanted, found, problem, note)
    try:
        is_the_same = meaning_of(wanted.filter) == meaning_of(found.filter)
    except NotUnderstoodError as error:
        told = f"it can't be compared with config/lists.toml: HubSpot's filter has what Goldpan doesn't know ({error})"
        return ListStatus(wanted, found, note="; ".join(filter(None, (note, told))))
    if is_the_same:
        return ListStatus(wanted, found, note=note)
    problem = (
        f"differs: config/lists.toml says {in_words(wanted.filter, wanted.tags)}; HubSpot has "
        f"{in_words(found.filter, wanted.tags)}. Goldpan leaves a list that exists alone; change one of the two"
    )
    return ListStatus(wanted, found, problem, note)
