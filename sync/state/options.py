"""The options that Goldpan has ever owned: one that is retired from the config still leaves the contacts."""

from collections.abc import Iterable

from sqlalchemy import Engine, insert, select

from goldpan.model import Portal
from sync.state import tables as t
from sync.state.database import writing


class OwnedOptions:
    """Options of enumeration properties, by portal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, destination: str, portal: Portal, property_name: str) -> frozenset[str]:
        """Every option of this property that a run ever wrote."""
        c = t.owned_options.c
        query = select(c.value).where(
            c.destination == destination, c.portal_id == portal.portal_id, c.property == property_name
        )
        with self._engine.connect() as connection:
            return frozenset(connection.execute(query).scalars())

    def remember(self, destination: str, portal: Portal, property_name: str, values: Iterable[str]) -> None:
        """A run is about to write these options."""
        new = frozenset(values) - self.of(destination, portal, property_name)
        rows = [
            {"destination": destination, "portal_id": portal.portal_id, "property": property_name, "value": value}
            for value in sorted(new)
        ]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(insert(t.owned_options), rows)
