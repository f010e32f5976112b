"""HubSpot's contact properties compared with what Goldpan needs, pure: what to make, and what doesn't fit.

Nothing here removes anything: an option that Goldpan doesn't know stays as it is.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from goldpan.model import PropertyDefinition, PropertyOption
from sync.destinations.hubspot.answers import Json, objects, text

MARK = "Kept by Goldpan"
"""Stands in the description of every property that Goldpan made; one without it is somebody else's."""


@dataclass(frozen=True, slots=True)
class MakeGroup:
    """A property group that HubSpot lacks."""

    name: str
    label: str

    def __str__(self) -> str:
        return f"make the property group {self.label} ({self.name})"


@dataclass(frozen=True, slots=True)
class MakeProperty:
    """A property that HubSpot lacks."""

    definition: PropertyDefinition

    def __str__(self) -> str:
        wanted = self.definition
        options = f" with {len(wanted.options)} options" if wanted.options else ""
        return f"make the property {wanted.label} ({wanted.name}, {wanted.type}/{wanted.field_type}){options}"


@dataclass(frozen=True, slots=True)
class AddOptions:
    """Options that a property lacks."""

    name: str
    options: tuple[PropertyOption, ...]

    def __str__(self) -> str:
        listed = ", ".join(f"{option.label} ({option.value})" for option in self.options)
        return f"add to the property {self.name} the options {listed}"


SetupStep = MakeGroup | MakeProperty | AddOptions


def missing_in(
    wanted: Sequence[PropertyDefinition],
    found: Mapping[str, PropertyDefinition],
    adopt: frozenset[str],
    *,
    groups: Collection[str] = (),
    group_labels: Mapping[str, str] | None = None,
) -> list[SetupStep]:
    """What to make in HubSpot, in the order in which it works; nothing for a property that has a problem.

    Args:
        wanted: The properties as they should be.
        found: HubSpot's properties by name.
        adopt: The names that may be used although Goldpan didn't make them.
        groups: HubSpot's groups, also those without any property.
        group_labels: How to call a group that is made; else its name in words.
    """
    known = {*groups, *(definition.group for definition in found.values())}
    to_make = [definition for definition in wanted if definition.name not in found]
    new_groups = [group for group in dict.fromkeys(definition.group for definition in to_make) if group not in known]
    labels = group_labels or {}
    steps: list[SetupStep] = [
        MakeGroup(name, labels.get(name) or name.replace("_", " ").capitalize()) for name in new_groups
    ]
    steps += [MakeProperty(definition) for definition in to_make]
    for definition in wanted:
        there = found.get(definition.name)
        if there is not None and problem_with(definition, there, adopt) is None:
            values = {option.value for option in there.options}
            options = tuple(option for option in definition.options if option.value not in values)
            steps += [AddOptions(definition.name, options)] if options else []
    return steps


def problems_in(
    wanted: Sequence[PropertyDefinition], found: Mapping[str, PropertyDefinition], adopt: frozenset[str]
) -> list[str]:
    """What a person has to settle first, a sentence each; empty if everything that exists can be used."""
    there = ((definition, found[definition.name]) for definition in wanted if definition.name in found)
    return [problem for pair in there if (problem := problem_with(*pair, adopt)) is not None]


def problem_with(wanted: PropertyDefinition, there: PropertyDefinition, adopt: frozenset[str]) -> str | None:
    """Why this property can't be used, if so: another type, or somebody else's."""
    if not fits(wanted, there):
        return (
            f"{wanted.name}: HubSpot has it as {there.type}/{there.field_type}, Goldpan needs {wanted.type}/"
            f"{wanted.field_type}. HubSpot can't change that: choose another name in config/properties.toml."
        )
    if MARK not in there.description and wanted.name not in adopt:
        return (
            f"{wanted.name}: HubSpot has a property of this name that Goldpan didn't make. To let Goldpan write it, "
            "set adopt = true for it in config/properties.toml; else choose another name there."
        )
    return None


def fits(wanted: PropertyDefinition, there: PropertyDefinition) -> bool:
    """Whether values of the one can be written to the other.

    Choices must match in both types (checkbox holds several, select one). Elsewhere the field type is only how HubSpot
    shows it (``text`` or ``textarea``), unless it is calculated and can't be written.
    """
    if wanted.type != there.type:
        return False
    if wanted.type == "enumeration":
        return wanted.field_type == there.field_type
    return not there.field_type.startswith("calculation")


def definition_of(raw: Json) -> PropertyDefinition:
    """A property as HubSpot sends it; hidden options count, they can be written."""
    return PropertyDefinition(
        name=text(raw.get("name")),
        label=text(raw.get("label")),
        type=text(raw.get("type")),
        field_type=text(raw.get("fieldType")),
        group=text(raw.get("groupName")),
        description=text(raw.get("description")),
        options=tuple(PropertyOption(text(o.get("value")), text(o.get("label"))) for o in objects(raw.get("options"))),
    )


def creation_body(definition: PropertyDefinition) -> Json:
    """What makes this property, with the mark in its description."""
    description = definition.description
    if MARK not in description:
        description = f"{description} {MARK}; edits are overwritten.".strip()
    body: dict[str, object] = {
        "name": definition.name,
        "label": definition.label,
        "groupName": definition.group,
        "type": definition.type,
        "fieldType": definition.field_type,
        "description": description,
        "formField": False,
    }
    if definition.type == "enumeration":
        body["options"] = list(_numbered(definition.options, 0))
    return body


def with_options(raw: Json, wanted: Sequence[PropertyOption]) -> list[Json] | None:
    """The property's whole option list with the missing ones at its end; None if none is missing.

    HubSpot replaces the list as a whole, so all that is there goes back as it came, hidden ones and order included.
    """
    there = objects(raw.get("options"))
    values = {text(option.get("value")) for option in there}
    missing = [option for option in wanted if option.value not in values]
    if not missing:
        return None
    orders = [order for option in there if isinstance(order := option.get("displayOrder"), int)]
    return [*there, *_numbered(missing, max(orders, default=-1) + 1)]


def lost_options(before: Sequence[Json], after: Json) -> list[str]:
    """The values that are gone or changed in ``after`` against the list that was written."""
    now = {text(option.get("value")): option for option in objects(after.get("options"))}
    return [value for option in before if not _same(option, now.get(value := text(option.get("value"))))]


def _same(option: Json, now: Json | None) -> bool:
    return now is not None and all(now.get(part) == option.get(part) for part in ("label", "hidden"))


def _numbered(options: Sequence[PropertyOption], first: int) -> Iterator[Json]:
    for order, option in enumerate(options, first):
        yield {"label": option.label, "value": option.value, "displayOrder": order, "hidden": False}
