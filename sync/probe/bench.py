"""Where the experiments are made: names of one probe, contacts to try things on, and a list of what to take away."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from goldpan.errors import GoldpanError
from sync.destinations.hubspot.answers import Json, objects, text
from sync.destinations.hubspot.records import is_whole
from sync.destinations.hubspot.wire import ADDITIONAL_EMAILS, BATCH, named_in
from sync.probe.asking import Asker, Reply

PREFIX = "goldpan-probe-"
GROUP = "goldpan_probe"
OPTIONS = ("amber", "birch", "cedar")
LOOKS = 5  # merging and erasing may take HubSpot a few seconds
PAUSE_SECONDS = 2.0

Found = TypeVar("Found")


class ProbeError(GoldpanError):
    """An experiment can't go on, because HubSpot didn't do what it needs first."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One contact that two were merged into.

    Attributes:
        record_id: The record that lives on.
        primary: Its primary address.
        additional: Its additional one, once the other contact's.
        gone_id: The id of the record that was merged away.
    """

    record_id: str
    primary: str
    additional: str
    gone_id: str


@dataclass
class Bench:
    """The names of one probe, and what it has made.

    Attributes:
        asker: HubSpot.
        run: A few random characters that no other probe has.
        domain: Of all addresses.
        sleep: Waits that many seconds.
        addresses: Every address that may have been written; noted before it is sent.
        record_ids: Every record that HubSpot says it made.
        stays: What HubSpot keeps for good, by name.
    """

    asker: Asker
    run: str
    domain: str
    sleep: Callable[[float], None] = time.sleep
    addresses: dict[str, None] = field(default_factory=dict)
    record_ids: dict[str, None] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What every address of this probe begins with."""
        return PREFIX + self.run

    @property
    def tags(self) -> str:
        """The name of its multi-select property."""
        return f"goldpan_probe_tags_{self.run}"

    def furnish(self) -> None:
        """Make the property, and see that contacts can be made.

        Raises:
            ProbeError: HubSpot refuses the property, or addresses of this domain.
        """
        group = self.asker.make_group({"name": GROUP, "label": "Goldpan probe", "displayOrder": -1})
        if not group.is_whole and group.status != 409:
            raise ProbeError(f"HubSpot refuses the property group {GROUP}: {group.said}")
        made = self.asker.make_property(self.property_body(OPTIONS))
        if not made.is_whole:
            raise ProbeError(f"HubSpot refuses the property {self.tags}: {made.said}")
        self.contact("first")

    def property_body(self, options: Sequence[str]) -> Json:
        """The property with these options."""
        return {
            "name": self.tags,
            "label": f"Goldpan probe {self.run}",
            "groupName": GROUP,
            "type": "enumeration",
            "fieldType": "checkbox",
            "formField": False,
            "options": [
                {"label": f"Probe {value}", "value": value, "displayOrder": place, "hidden": False}
                for place, value in enumerate(options)
            ],
        }

    def address(self, word: str) -> str:
        """An address of this probe's own; noted, so that it is taken away."""
        address = f"{self.name}-{word}@{self.domain}"
        self.addresses[address] = None
        return address

    def upsert(self, *inputs: Json) -> Reply:
        """Create or update contacts by address."""
        reply = self.asker.ask_upsert(inputs)
        self.record_ids |= {text(result["id"]): None for result in reply.results if text(result.get("id"))}
        return reply

    def contact(self, word: str, properties: Mapping[str, str] | None = None) -> str:
        """Make a contact; its record id.

        Raises:
            ProbeError: HubSpot refuses it.
        """
        reply = self.upsert(one(self.address(word), properties or {"firstname": "Probe"}))
        if not reply.results:
            raise ProbeError(
                f"HubSpot refuses a contact at {self.domain}: {reply.said}. If that is about the address, choose a "
                "domain of your own: goldpan check --probe --probe-domain DOMAIN."
            )
        return text(reply.results[0].get("id"))

    def merged(self, word: str) -> Merged:
        """A contact with two addresses, made by merging two.

        Raises:
            ProbeError: HubSpot refuses, or doesn't finish.
        """
        primary, additional = f"{word}-main", f"{word}-other"
        kept, other = self.contact(primary), self.contact(additional)
        reply = self.asker.merge(kept, other)
        record_id = text(reply.body.get("id"))
        if not reply.is_whole or not record_id:
            raise ProbeError(f"HubSpot refuses to merge two contacts: {reply.said}")
        self.record_ids[record_id] = None
        if self.until(lambda: self.record(record_id) or None) is None:
            raise ProbeError("HubSpot merged two contacts, but the record isn't there after ten seconds.")
        return Merged(record_id, self.address(primary), self.address(additional), other)

    def read(
        self, *keys: str, by_email: bool = False, properties: Sequence[str] = (), history: Sequence[str] = ()
    ) -> Reply:
        """``batch/read`` by record id, or by address."""
        wanted = dict.fromkeys(["email", ADDITIONAL_EMAILS, "firstname", "lastmodifieddate", self.tags, *properties])
        body: dict[str, object] = {
            "properties": list(wanted),
            "propertiesWithHistory": list(history),
            "inputs": [{"id": key} for key in keys],
        }
        return self.asker.ask_read(body | ({"idProperty": "email"} if by_email else {}))

    def found(self, keys: Sequence[str], *, by_email: bool = False) -> dict[str, str]:
        """The primary address of each record that these keys lead to, by record id.

        Raises:
            ProbeError: HubSpot doesn't say.
        """
        replies = [self.read(*keys[at : at + BATCH], by_email=by_email) for at in range(0, len(keys), BATCH)]
        held = [record for reply in replies for record in _records(reply)]
        return {text(record.get("id")): values_of(record).get("email", "") for record in held}

    def record(self, record_id: str) -> dict[str, str]:
        """What a record holds, empty properties as ``""``; nothing if it isn't there."""
        return next(map(values_of, _records(self.read(record_id))), {})

    def history(self, record_id: str) -> list[str]:
        """The values of the tags in the record's history, the latest first."""
        held = _records(self.read(record_id, history=[self.tags]))
        told = held[0].get("propertiesWithHistory") if held else None
        return [text(entry.get("value")) for entry in objects(told.get(self.tags))] if isinstance(told, dict) else []

    def until(self, look: Callable[[], Found | None]) -> Found | None:
        """What a look finds; looked for a few times, because HubSpot may need a moment."""
        for left in reversed(range(LOOKS)):
            if (found := look()) is not None or not left:
                return found
            self.sleep(PAUSE_SECONDS)
        return None


def one(address: str, properties: Mapping[str, str | None], trace: str = "") -> Json:
    """One input of an upsert by address."""
    return {"id": address, "idProperty": "email", "properties": dict(properties), **_traced(trace)}


def update_of(record_id: str, properties: Mapping[str, str], trace: str = "") -> Json:
    """One input of an update by record id."""
    return {"id": record_id, "properties": dict(properties), **_traced(trace)}


def values_of(record: Json) -> dict[str, str]:
    """The properties of a record as texts."""
    held = record.get("properties")
    return {name: text(value) for name, value in held.items()} if isinstance(held, dict) else {}


def names(entry: Json, trace: str) -> bool:
    """Whether an entry of ``errors`` says that it is about this input."""
    return trace in named_in(entry, "objectWriteTraceId")


def in_words(error: Exception) -> str:
    """What went wrong; an error that isn't Goldpan's may quote anything, so only its kind is told."""
    if isinstance(error, GoldpanError):
        return str(error)
    return f"HubSpot's answer has a shape that isn't known here ({type(error).__name__})."


def _records(reply: Reply) -> list[Json]:
    """The records in an answer; one that isn't complete says nothing about who is there."""
    if not is_whole(reply.body):
        raise ProbeError(f"HubSpot does not let contacts be read: {reply.said}")
    return reply.results


def _traced(trace: str) -> Json:
    return {"objectWriteTraceId": trace} if trace else {}
