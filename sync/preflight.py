"""Before anything is read or sent: the right portal, and every property and option that the run will write."""

import hashlib
import json
from dataclasses import asdict, dataclass

from goldpan.config import Config
from goldpan.desired import property_definitions, tag_options
from goldpan.errors import ConfigError, SchemaError
from goldpan.model import Portal, PropertyDefinition
from goldpan.plan import TagOptions
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.properties import SetupStep, missing_in, problems_in
from sync.settings import AppSettings


def check_portal(destination: HubSpotDestination, settings: AppSettings) -> Portal:
    """The portal behind the token.

    Raises:
        ConfigError: When it is not the one that HUBSPOT_PORTAL_ID allows.
    """
    portal = destination.portal()
    allowed = settings.environment.hubspot_portal_id
    if allowed is not None and settings.file.destination == "hubspot" and portal.portal_id != allowed:
        raise ConfigError(
            f"The token belongs to portal {portal.portal_id}, but HUBSPOT_PORTAL_ID allows only {allowed}. Nothing was "
            "read or sent. Check which token is set."
        )
    return portal


def setup_steps(destination: HubSpotDestination, config: Config) -> tuple[list[SetupStep], list[str]]:
    """What HubSpot lacks, and what a person has to settle first."""
    wanted = property_definitions(config)
    found = destination.properties()
    adopted = frozenset(spec.name for spec in config.properties.properties if spec.adopt)
    group = config.properties.group
    steps = missing_in(wanted, found, adopted, groups=destination.groups(), group_labels={group.name: group.label})
    return steps, problems_in(wanted, found, adopted)


@dataclass(frozen=True)
class Schema:
    """The portal's side of what a run writes.

    Attributes:
        tag_options: The options of the tag property: those of the config, and all that HubSpot has.
        digest: Of the definitions of all properties that are written; a refused contact is tried again when it changes.
    """

    tag_options: TagOptions
    digest: str


def check_properties(destination: HubSpotDestination, config: Config) -> Schema:
    """Everything that the run will write exists and fits; else it stops before it starts.

    Raises:
        SchemaError: Naming what is missing, and `goldpan setup`.
    """
    wanted = property_definitions(config)
    found = destination.properties()
    adopted = frozenset(spec.name for spec in config.properties.properties if spec.adopt)
    problems = problems_in(wanted, found, adopted)
    lacking = [str(step) for step in missing_in(wanted, found, adopted, groups=[config.properties.group.name])]
    if problems or lacking:
        todo = [f"HubSpot lacks something: {step}." for step in lacking]
        raise SchemaError("\n".join([*problems, *todo, "Run `goldpan setup`; it shows what it will make first."]))
    owned = frozenset(option.value for option in tag_options(config))
    definitions = [asdict(found[definition.name]) for definition in wanted]
    return Schema(
        TagOptions(owned=owned, available=_options_of_tags(config, found)),
        hashlib.sha256(json.dumps(definitions, sort_keys=True).encode()).hexdigest(),
    )


def _options_of_tags(config: Config, found: dict[str, PropertyDefinition]) -> frozenset[str]:
    names = [spec.name for spec in config.properties.properties if spec.type == "tags"]
    return frozenset(option.value for name in names for option in found[name].options)
