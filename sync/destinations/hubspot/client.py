"""HubSpot's official client behind typed methods, with one connection pool for all of them.

What its version 12.0.0 does by itself, and what is done about it here and in ``calls.py``:

* Each access to ``client.crm.contacts.batch_api`` makes a new pool. It is taken once; the properties' and groups' calls
  and account-info (which it doesn't know) go through the same pool, so only one ``ApiException`` class can appear.
* It turns a truncated answer into an object with ``results=None`` and logs whole bodies at DEBUG. With
  ``_preload_content=False`` it does neither: the body is read and parsed by Goldpan, which costs less, too.
* urllib3 would repeat a failed connection or a dropped GET up to 3 times unseen. ``retry=False`` turns that off.
* It waits for ever without ``_request_timeout``; every call passes it.
* While raising its own error it fails on a missing body (TLS) or one that isn't UTF-8; its error is then the context.
"""

import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from hubspot import HubSpot
from hubspot.crm.properties import CoreApi, GroupsApi

from goldpan.errors import ConfigError
from goldpan.model import RequestCounts
from sync.destinations.hubspot.answers import Answer, Json
from sync.destinations.hubspot.calls import Calls, Retries
from sync.destinations.hubspot.lists import Lists
from sync.destinations.hubspot.pace import Pace
from sync.stopping import Stop

READ = ("crm.objects.contacts.read",)
WRITE = ("crm.objects.contacts.write", "crm.objects.contacts.read")
READ_SCHEMA = ("crm.schemas.contacts.read", "crm.objects.contacts.read")
WRITE_SCHEMA = ("crm.schemas.contacts.write",)
CONTACTS = "contacts"


class Client:
    """The few HubSpot calls that Goldpan makes; safe to share between threads."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        pace: Pace,
        workers: int,
        timeouts: tuple[float, float],
        retries: Retries,
        sleep: Callable[[float], None] = time.sleep,
        stop: Stop | None = None,
    ) -> None:
        url = _checked_url(base_url)
        self._calls = Calls(url, pace, timeouts, retries, sleep=sleep, stop=stop or Stop())
        client = HubSpot(access_token=_checked_token(token), host=url, retry=False, connection_pool_maxsize=workers)
        self._batches = client.crm.contacts.batch_api
        self._api = self._batches.api_client
        self._properties = CoreApi(self._api)
        self._groups = GroupsApi(self._api)
        self.lists = Lists(self._calls, self._api)

    @property
    def requests(self) -> RequestCounts:
        """How many requests were made so far."""
        return self._calls.requests

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self._api.rest_client.pool_manager.clear()

    def account(self) -> Answer:
        """The account-info details; any scope will do."""

        def get(**options: object) -> object:
            accept = {"Accept": "application/json"}
            path = "/account-info/v3/details"
            return self._api.call_api(path, "GET", header_params=accept, auth_settings=["oauth2"], **options)

        return self._calls.call(get, needs=READ)

    def upsert(self, inputs: Sequence[Json], stop: threading.Event) -> Answer:
        """Create or update up to 100 contacts; safe to repeat: the same keys, the same final values."""
        return self._calls.call(self._batches.upsert, {"inputs": list(inputs)}, needs=WRITE, stop=stop)

    def update(self, inputs: Sequence[Json], stop: threading.Event) -> Answer:
        """Update up to 100 contacts by record id; safe to repeat: the same records, the same final values."""
        return self._calls.call(self._batches.update, {"inputs": list(inputs)}, needs=WRITE, stop=stop)

    def read(self, body: Json, is_whole: Callable[[Json], bool], stop: threading.Event) -> Answer:
        """Read up to 100 contacts; an answer that isn't ``is_whole`` is asked for again."""
        return self._calls.call(self._batches.read, body, needs=READ, stop=stop, is_whole=is_whole)

    def properties(self) -> Json:
        """All contact properties."""
        return self._calls.call(self._properties.get_all, CONTACTS, needs=READ_SCHEMA, is_whole=_has_results).body

    def property(self, name: str) -> Json:
        """One contact property with its options."""
        return self._calls.call(self._properties.get_by_name, CONTACTS, name, needs=READ_SCHEMA).body

    def create_property(self, body: Json) -> None:
        """Make a property; the name of an archived one restores it."""
        self._calls.call(self._properties.create, CONTACTS, body, needs=WRITE_SCHEMA)

    def update_property(self, name: str, body: Json) -> None:
        """Change a property; an ``options`` list replaces the one that is there."""
        self._calls.call(self._properties.update, CONTACTS, name, body, needs=WRITE_SCHEMA)

    def groups(self) -> Json:
        """All groups of contact properties."""
        return self._calls.call(self._groups.get_all, CONTACTS, needs=READ_SCHEMA, is_whole=_has_results).body

    def create_group(self, body: Json) -> None:
        """Make a property group."""
        self._calls.call(self._groups.create, CONTACTS, body, needs=WRITE_SCHEMA)


def _has_results(body: Json) -> bool:
    return isinstance(body.get("results"), list)


def _checked_token(token: str) -> str:
    """The token, if it can be a header; a broken one is never quoted."""
    token = token.strip()
    if not token:
        raise ConfigError(
            "HUBSPOT_ACCESS_TOKEN is empty. Put a service key into it, or name a file in HUBSPOT_ACCESS_TOKEN_FILE."
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError("HUBSPOT_ACCESS_TOKEN holds blanks or characters that no token has. Copy it again.")
    return token


def _checked_url(base_url: str) -> str:
    url = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        plain = False
    if not plain or parts.query or parts.fragment:
        raise ConfigError("HUBSPOT_BASE_URL isn't a plain http(s) address, such as https://api.hubapi.com.")
    return url
