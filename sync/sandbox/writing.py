"""What one request changes in contacts: checked record by record, stored all at once.

Readings chosen where HubSpot's is unknown, each the less comfortable one:

- ``null`` leaves a property as it is; only ``""`` empties it.
- Writing the same value again counts: it adds history and moves ``lastmodifieddate``.
- Writing ``email`` replaces the primary address. If the new one was an additional address of the same contact the two
  swap; otherwise the old address is free for another contact.
- An address removed under the GDPR is refused for good.
"""

from collections.abc import Iterable, Mapping

from sync.sandbox.answers import Problem, RefusedError, conflict, invalid, not_valid, now
from sync.sandbox.contacts import Contact
from sync.sandbox.portal import Portal
from sync.sandbox.values import ValueRefusedError, normalise


class Writer:
    """The changes of one request; nothing is stored before ``save``."""

    def __init__(self, portal: Portal) -> None:
        self.at = now()
        self._portal = portal
        self._definitions = portal.schema.definitions()
        self._blocked = portal.contacts.blocked()
        self._holders: dict[tuple[str, str], int | None] = {}
        self._moved: dict[tuple[str, str], int | None] = {}
        self._contacts: dict[int, Contact] = {}
        self._changed: dict[int, Contact] = {}

    def check_known(self, records: Iterable[Mapping[str, str | None]]) -> None:
        """Refuse the whole request over one unknown property.

        Raises:
            RefusedError: 400 PROPERTY_DOESNT_EXIST.
        """
        unknown = dict.fromkeys(name for record in records for name in record if name not in self._definitions)
        if unknown:
            raise not_valid(
                [Problem("PROPERTY_DOESNT_EXIST", name, f'Property "{name}" does not exist') for name in unknown],
                self._portal.id,
            )

    def read(self, unique: str, values: Iterable[str]) -> None:
        """Read the contacts that hold these values in two queries."""
        wanted = list(values)
        held = self._portal.contacts.holders(unique, wanted)
        self._holders.update({(unique, value): held.get(value) for value in wanted})
        self._contacts.update(self._portal.contacts.by_id(held.values()))

    def key(self, unique: str, value: str) -> str:
        """The value of a unique property as it is stored.

        Raises:
            RefusedError: 400, the value would be refused.
        """
        return self._checked(None, {unique: value})[unique]

    def find(self, unique: str, value: str) -> Contact | None:
        """The contact that holds this value."""
        contact_id = self._holder(unique, value)
        return None if contact_id is None else self.by_id(contact_id)

    def by_id(self, contact_id: int) -> Contact | None:
        """The contact with this id, unless archived or merged away."""
        if contact_id not in self._contacts:
            self._contacts.update(self._portal.contacts.by_id([contact_id]))
        return self._contacts.get(contact_id)

    def create(self, properties: Mapping[str, str | None]) -> Contact:
        """A new contact with these properties."""
        contact = self._portal.contacts.new(self.at)
        self.write(contact, properties)
        self._contacts[contact.id] = contact
        return contact

    def write(self, contact: Contact, properties: Mapping[str, str | None]) -> None:
        """Write properties to a contact, all of them or none.

        Raises:
            RefusedError: 400 for a value, 409 for an address that another contact holds.
        """
        values = self._checked(contact, properties)
        unique = {
            name: value
            for name, value in values.items()
            if self._definitions[name].is_unique and value != contact.properties.get(name, "")
        }
        for name, value in unique.items():
            self._check_free(contact, name, value)
        for name, value in unique.items():
            self._move(contact, name, value)
        contact.properties.update(values)
        contact.properties = {name: value for name, value in contact.properties.items() if value}
        contact.written.update(values)
        contact.updated_at = self.at
        self._changed[contact.id] = contact

    def blank_custom(self, contact: Contact, properties: Mapping[str, str | None]) -> dict[str, str | None]:
        """The properties, and ``""`` for every custom one that the contact holds and the request leaves out."""
        left_out = {
            name
            for name in contact.properties
            if properties.get(name) is None and name in self._definitions and self._definitions[name].is_custom
        }
        return {**properties, **dict.fromkeys(left_out, "")}

    def save(self) -> None:
        """Store everything."""
        self._portal.contacts.hold(
            [(unique, value, holder) for (unique, value), holder in self._moved.items() if holder is not None],
            [key for key, holder in self._moved.items() if holder is None],
        )
        self._portal.contacts.save(self._changed.values(), self.at)

    def _checked(self, contact: Contact | None, properties: Mapping[str, str | None]) -> dict[str, str]:
        held = contact.properties if contact else {}
        values, problems = {}, []
        for name, value in properties.items():
            if value is None:
                continue
            try:
                values[name] = normalise(self._definitions[name], value, held.get(name, ""))
                if name == "email" and values[name] in self._blocked:
                    raise ValueRefusedError("GDPR_BLACKLISTED_EMAIL", "email has been GDPR blacklisted")  # noqa: TRY301 - one more reason among many
            except ValueRefusedError as refused:
                problems.append(Problem(refused.code, name, str(refused)))
        if problems:
            raise not_valid(problems, self._portal.id)
        return values

    def _holder(self, unique: str, value: str) -> int | None:
        key = (unique, value)
        if key not in self._holders:
            self._holders[key] = self._portal.contacts.holders(unique, [value]).get(value)
        return self._holders[key]

    def _check_free(self, contact: Contact, unique: str, value: str) -> None:
        holder = self._holder(unique, value) if value else None
        if unique == "email" and value in self._portal.settings.conflicts:
            raise conflict(holder or contact.id)
        if holder not in {None, contact.id}:
            raise _taken(unique, value, holder)

    def _move(self, contact: Contact, unique: str, value: str) -> None:
        old = contact.properties.get(unique, "")
        if unique == "email":
            others = [other for other in contact.properties.get("hs_additional_emails", "").split(";") if other]
            if value in others:
                others[others.index(value)] = old
                contact.properties["hs_additional_emails"] = ";".join(others)
                old = ""
        changes: list[tuple[str, int | None]] = [(old, None), (value, contact.id)]
        for moved, holder in changes:
            if moved:
                self._holders[unique, moved] = self._moved[unique, moved] = holder


def _taken(unique: str, value: str, holder: int | None) -> RefusedError:
    if unique == "email":
        return conflict(holder or 0)
    return invalid(f"Contact {holder} already has {value} for property {unique}", code="CONFLICTING_UNIQUE_VALUE")
