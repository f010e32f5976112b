"""The Smart Lists of the config against HubSpot: `goldpan check` looks at them, `goldpan setup` makes them.

No run needs or touches them, so trouble with a list is told and never stops anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from goldpan.config import Config
from goldpan.errors import AccessError
from goldpan.plan import tag_property
from sync.destinations.hubspot import HubSpotDestination
from sync.destinations.hubspot.answers import RefusedError
from sync.destinations.hubspot.list_status import ListStatus, MakeList
from sync.settings import AppSettings


@dataclass(frozen=True)
class ListsReport:
    """What became of looking at the lists.

    Attributes:
        statuses: Each list that could be looked at.
        trouble: Why the others could not; "" if all could.
    """

    statuses: tuple[ListStatus, ...] = ()
    trouble: str = ""

    @property
    def missing(self) -> list[MakeList]:
        """The lists to make."""
        return [status.wanted for status in self.statuses if status.is_missing]


def own_token(settings: AppSettings) -> str:
    """HUBSPOT_SETUP_TOKEN if that is what lists and `goldpan setup` use; "" if the nightly token does it all."""
    environment = settings.environment
    has_own = environment.hubspot_setup_token or environment.hubspot_setup_token_file
    return "HUBSPOT_SETUP_TOKEN" if has_own and settings.file.destination == "hubspot" else ""


def look_at_lists(destination: HubSpotDestination, config: Config) -> ListsReport:
    """Look each list of the config up; nothing is asked of HubSpot if there is none.

    Raises:
        TransientError: HubSpot doesn't answer.
    """
    statuses: list[ListStatus] = []
    try:
        for status in _statuses(destination, config):
            statuses.append(status)  # noqa: PERF402 - what came before the error counts
    except AccessError as error:
        return ListsReport(tuple(statuses), str(error))
    if config.lists and not tag_property(config):
        return ListsReport(trouble="config/properties.toml has no property of type 'tags', which lists are made of.")
    return ListsReport(tuple(statuses))


def _statuses(destination: HubSpotDestination, config: Config) -> Iterator[ListStatus]:
    tags = tag_property(config)
    for smart_list in config.lists if tags else ():
        wanted = MakeList(smart_list, tags)
        try:
            yield destination.lists.status(wanted)
        except RefusedError as refused:
            yield ListStatus(wanted, None, f"HubSpot refuses to look it up: {refused}")
