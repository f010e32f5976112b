"""HubSpot contacts as a destination, through HubSpot's official client."""

from sync.destinations.hubspot.calls import Retries
from sync.destinations.hubspot.destination import HubSpotDestination

__all__ = ["HubSpotDestination", "Retries"]
