"""The calls for HubSpot's lists: look one up by its name, and make it.

Names are unique in an account, upper and lower case make no difference (reference of the v3 lists API,
developers.hubspot.com, read 2026-11-20), and looking one up by name sees a list at once, which the search does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hubspot.crm.contacts import ApiClient, ApiException

from goldpan.errors import SchemaError
from sync.destinations.hubspot.answers import RefusedError, objects, text
from sync.destinations.hubspot.calls import Calls
from sync.destinations.hubspot.list_status import ACTIVE, FoundList, ListStatus, MakeList, status_of

READ = ("crm.lists.read",)
WRITE = ("crm.lists.write", "crm.lists.read")
CONTACTS = "0-1"


@dataclass(frozen=True, slots=True)
class _NotThere:
    """What the official client would return for a list that isn't there, if it didn't raise."""

    headers: Mapping[str, str]
    data: bytes = b"{}"


class Lists:
    """The calls for lists; they share the pool, the pace and the retries of all others."""

    def __init__(self, calls: Calls, api: ApiClient) -> None:
        self._calls = calls
        self._client = api

    @cached_property
    def _api(self) -> Any:  # noqa: ANN401 - the official client has no types
        from hubspot.crm.lists import ListsApi  # noqa: PLC0415 - 70 ms that only setup and check need

        return ListsApi(self._client)

    def status(self, wanted: MakeList) -> ListStatus:
        """How a list of the config stands in HubSpot.

        Raises:
            AccessError: The token lacks ``crm.lists.read``.
        """
        return status_of(wanted, self._find(wanted.name))

    def make(self, wanted: MakeList) -> None:
        """Make a list; fine if one of this name with the same filter is there meanwhile.

        Raises:
            AccessError: The token lacks ``crm.lists.write``.
            SchemaError: HubSpot refuses it, or has another list of this name.
        """
        name = wanted.name
        body = {"name": name, "objectTypeId": CONTACTS, "processingType": ACTIVE, "filterBranch": wanted.filter}
        try:
            self._calls.call(self._api.create, body, needs=WRITE)
        except RefusedError as refused:
            there = self.status(wanted)  # a lost answer is asked for again, and then the name is taken
            if there.found is None:
                raise SchemaError(
                    f"HubSpot refuses to make the list {name}: {refused}{_if_taken(refused)}"
                ) from refused
            if there.problem:
                raise SchemaError(str(there)) from refused

    def _find(self, name: str) -> FoundList | None:
        def send(**options: Any) -> object:  # noqa: ANN401 - what the official client takes
            try:
                # "true" as text: the client would write a Python True as "True".
                return self._api.get_by_name(name, CONTACTS, include_filters="true", **options)
            except ApiException as error:
                if error.status == 404:
                    return _NotThere(error.headers or {})
                raise

        body = self._calls.call(send, needs=READ).body.get("list")
        if not isinstance(body, dict) or body.get("deletedAt"):
            return None
        kind, branch = text(body.get("processingType")), body.get("filterBranch")
        return FoundList(
            name=text(body.get("name")),
            kind=kind,
            is_counting=text(body.get("processingStatus")) == "PROCESSING",
            size=_number(body.get("size")) if "size" in body else self._size(text(body.get("listId"))),
            filter=branch if isinstance(branch, dict) else {},
        )

    def _size(self, list_id: str) -> int | None:
        """The size as the search tells it, for answers that leave it out."""
        answer = self._calls.call(self._api.do_search, {"listIds": [list_id], "count": 1}, needs=READ).body
        found = [each for each in objects(answer.get("lists")) if text(each.get("listId")) == list_id]
        more = found[0].get("additionalProperties") if found else None
        return _number(more.get("hs_list_size")) if isinstance(more, dict) else None


def _number(value: object) -> int | None:
    return int(text(value)) if text(value).isdecimal() else None


def _if_taken(refused: RefusedError) -> str:
    if refused.reason != "DUPLICATE_LIST_NAMES":
        return ""
    return (
        " Something that is no list of contacts, or was deleted lately, has this name: choose another one in "
        "config/lists.toml."
    )
