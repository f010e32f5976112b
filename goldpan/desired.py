"""What Goldpan wants HubSpot to have for its contacts: properties, and the options of the tag property."""

from collections.abc import Mapping

from goldpan.columns import CATEGORIES
from goldpan.config import Config, PropertySpec
from goldpan.model import PropertyDefinition, PropertyOption
from goldpan.policies import LeftTag

DESCRIPTION = "Kept by Goldpan; edits are overwritten"
"""Stands in every property that Goldpan makes; what lacks it belongs to somebody else."""

_HUBSPOT_TYPES: Mapping[str, tuple[str, str]] = {
    "tags": ("enumeration", "checkbox"),
    "select": ("enumeration", "select"),
    "number": ("number", "number"),
    "date": ("date", "date"),
    "text": ("string", "text"),
}


def tag_options(config: Config) -> tuple[PropertyOption, ...]:
    """The options of the tag property that Goldpan owns, in config order."""
    options = [option for tag in config.tags for option in tag.options()]
    if isinstance(config.contacts.on_left, LeftTag):
        options.append(config.contacts.on_left.option())
    return tuple(PropertyOption(option.value, option.label) for option in options)


def property_definitions(config: Config) -> tuple[PropertyDefinition, ...]:
    """The HubSpot properties that a run needs, as `goldpan setup` makes them."""
    return tuple(_definition(spec, config) for spec in config.properties.properties)


def _definition(spec: PropertySpec, config: Config) -> PropertyDefinition:
    options: tuple[PropertyOption, ...] = ()
    if spec.type == "tags":
        options = tag_options(config)
    elif spec.type == "select":
        options = tuple(PropertyOption(value, label) for value, label in CATEGORIES.items())
    type_, field_type = _HUBSPOT_TYPES[spec.type]
    return PropertyDefinition(
        name=spec.name,
        label=spec.label or spec.name.replace("_", " ").title(),
        type=type_,
        field_type=field_type,
        group=config.properties.group.name,
        description=DESCRIPTION,
        options=options,
    )
