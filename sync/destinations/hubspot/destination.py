"""HubSpot as the runner sees it: the account, its properties, contacts read and written."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

from goldpan.errors import FatalError, SchemaError, TransientError
from goldpan.model import Change, Outcome, Portal, PropertyDefinition, PropertyOption, RequestCounts
from sync.destinations import Key, ReadBatch
from sync.destinations.hubspot import properties as schema
from sync.destinations.hubspot import wire
from sync.destinations.hubspot.answers import Json, RefusedError, objects, text
from sync.destinations.hubspot.calls import Retries
from sync.destinations.hubspot.client import Client
from sync.destinations.hubspot.lists import Lists
from sync.destinations.hubspot.pace import Pace
from sync.destinations.hubspot.parallel import chunks, in_parallel
from sync.destinations.hubspot.reading import Reader
from sync.destinations.hubspot.refusals import Refusals
from sync.destinations.hubspot.sending import Sender
from sync.destinations.hubspot.writing import Writing
from sync.stopping import Stop

BASE_URL = "https://api.hubapi.com"
BURST_LIMITS = (100, 190, 250)  # requests per 10 s by tier, see pace.py


class HubSpotDestination:
    """HubSpot contacts; one object serves one run, over which it counts requests and refusals.

    Args:
        token: A service key or private-app token; it shows up nowhere.
        base_url: Where HubSpot, or its stand-in, answers.
        burst_limit: Requests per 10 s: 100 (Free, Starter), 190 (Professional, Enterprise) or 250 (with the add-on).
        workers: Requests at once. 19 a second need 19 × the answer's seconds: 16 are enough up to 0.8 s.
        timeouts: Seconds to connect, and without a byte of the answer (HubSpot's own gateway gives up after 100).
        retries: How often a request without an answer is sent again.
        clock: A monotonic clock, in seconds.
        sleep: Waits that many seconds.
        stop: Once set, nothing more leaves; what is under way is waited for.
    """

    name = "hubspot"

    def __init__(
        self,
        *,
        token: str,
        base_url: str = BASE_URL,
        burst_limit: int = 190,
        workers: int = 16,
        timeouts: tuple[float, float] = (10.0, 120.0),
        retries: Retries | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        stop: Stop | None = None,
    ) -> None:
        self._workers = workers
        self._stop = stop or Stop()
        self._client = Client(
            token=token,
            base_url=base_url,
            pace=Pace(burst_limit, clock=clock, sleep=sleep),
            workers=workers,
            timeouts=timeouts,
            retries=retries or Retries(),
            sleep=sleep,
            stop=self._stop,
        )
        self._refusals = Refusals(self._client.requests)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    @property
    def requests(self) -> RequestCounts:
        """How many requests were made so far, of all kinds."""
        return self._client.requests

    def portal(self) -> Portal:
        """The account behind the token; the first call of a run, since any token may make it."""
        details = self._client.account().body
        portal_id = text(details.get("portalId"))
        if not portal_id:
            raise FatalError(
                "What answers at HUBSPOT_BASE_URL names no portal id, so it isn't HubSpot. Check the address."
            )
        return Portal(
            portal_id=portal_id,
            account_type=text(details.get("accountType")),
            time_zone=text(details.get("timeZone")),
            ui_domain=text(details.get("uiDomain")),
        )

    def time(self) -> datetime | None:
        """HubSpot's time, to the second; `None` where it tells none that can be read."""
        try:
            told = parsedate_to_datetime(self._client.account().date)
        except ValueError:
            return None
        return told if told.tzinfo else None

    def properties(self) -> dict[str, PropertyDefinition]:
        """All contact properties by name, each with its group."""
        found = map(schema.definition_of, objects(self._client.properties().get("results")))
        return {definition.name: definition for definition in found}

    def groups(self) -> dict[str, str]:
        """The labels of all groups of contact properties by name, also of those without a property."""
        found = objects(self._client.groups().get("results"))
        return {text(group.get("name")): text(group.get("label")) for group in found}

    @property
    def lists(self) -> Lists:
        """HubSpot's lists; only `goldpan setup` and `goldpan check` touch them."""
        return self._client.lists

    def set_up(self, step: schema.SetupStep) -> None:
        """Carry out one step of :func:`~sync.destinations.hubspot.properties.missing_in`."""
        match step:
            case schema.MakeGroup(name, label):
                self.make_group(name, label)
            case schema.MakeProperty(definition):
                self.make_property(definition)
            case schema.AddOptions(name, options):
                self.add_options(name, options)

    def make_group(self, name: str, label: str) -> None:
        """Make a property group; fine if it is there."""
        _unless_there(self._client.create_group, {"name": name, "label": label, "displayOrder": -1})

    def make_property(self, definition: PropertyDefinition) -> None:
        """Make a property; fine if one of this name is there, or comes back from HubSpot's archive, and fits.

        Raises:
            SchemaError: The one that is there doesn't fit.
        """
        _unless_there(self._client.create_property, schema.creation_body(definition))
        there = self._client.property(definition.name)
        if not schema.fits(definition, schema.definition_of(there)):
            problem = schema.problem_with(definition, schema.definition_of(there), frozenset())
            raise SchemaError(f"{problem} (It was there already, maybe archived.)")
        self._complete_options(definition.name, there, definition.options)

    def add_options(self, name: str, options: Sequence[PropertyOption]) -> None:
        """Add the options that the property lacks, and nothing else; sends nothing if it lacks none.

        Raises:
            SchemaError: Another edit at the same time took an option away; HubSpot can't prevent that.
        """
        self._complete_options(name, self._client.property(name), options)

    def read_contacts(
        self,
        keys: Sequence[str],
        properties: Sequence[str],
        *,
        by: Key = "email",
        on_batch: Callable[[ReadBatch], None] | None = None,
    ) -> Iterator[ReadBatch]:
        """What HubSpot holds for these keys, 100 a request; see :class:`sync.destinations.Destination`.

        Args:
            keys: Addresses, primary or additional, or record ids, merged-away ones too.
            properties: The properties to read; an empty or unknown one comes back as ``""``.
            by: What the keys are.
            on_batch: Told of each batch, in the caller's thread, before it is yielded.
        """
        stop = Stop(self._stop)
        reader = Reader(self._client, properties, by, self._refusals, stop)
        batches = chunks(dict.fromkeys(keys), wire.BATCH)
        try:
            for batch in in_parallel(reader.read, batches, workers=self._workers, stop=stop):
                if on_batch is not None:
                    on_batch(batch)
                yield batch
        except TransientError:
            self._stop.check()  # who is told to stop asks nothing more: that is no trouble with HubSpot
            raise
        self._stop.check()

    def write(
        self, changes: Iterable[Change], on_sent: Callable[[Sequence[Change]], None] | None = None
    ) -> Iterator[list[Outcome]]:
        """Create or update these contacts, 100 of one kind a request; see :class:`sync.destinations.Destination`.

        An error that ends the run is raised at the end, after the outcomes of all that was under way. Changes that
        were not announced to ``on_sent`` have no outcome: they never left.
        """
        sender = Sender(self._client, self._refusals, Stop(self._stop))
        yield from Writing(sender, self._workers, on_sent).outcomes(changes)
        self._stop.check()

    def _complete_options(self, name: str, there: Json, options: Sequence[PropertyOption]) -> None:
        """Read, modify, write, read again: HubSpot replaces the list as a whole and has no lock."""
        whole = schema.with_options(there, options)
        if whole is None:
            return
        try:
            self._client.update_property(name, {"options": whole})
        except RefusedError as refused:
            raise SchemaError(f"HubSpot refuses the options of {name}: {refused}") from refused
        if lost := schema.lost_options(whole, self._client.property(name)):
            raise SchemaError(
                f"{name}: the options {', '.join(lost)} are missing or changed after Goldpan added others; somebody "
                "edited the property at the same time. Look at it in HubSpot, then run `goldpan setup` again."
            )


def _unless_there(make: Callable[[Json], None], body: Json) -> None:
    try:
        make(body)
    except RefusedError as refused:
        if refused.status != 409:
            raise SchemaError(f"HubSpot refuses to make {body['name']}: {refused}") from refused
