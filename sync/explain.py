"""Why one contact carries its tags, and every write to it: from the last accepted exports and the journal, offline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from goldpan.errors import ConfigError
from goldpan.explain import Explanation, explain_contact
from goldpan.values.emails import read_email
from goldpan.values.ids import read_id
from sync.app import now, open_state, today
from sync.choosing import named_exports
from sync.exports import Delivery, delivery_of, open_engine_of, read_exports
from sync.settings import AppSettings
from sync.settings_file import KINDS
from sync.state.history import AbsentContact, Confirmation, History, RefusedContact, Write
from sync.state.store import State


@dataclass(frozen=True)
class ContactHistory:
    """How a contact stands with HubSpot as far as the state knows, and every change that was planned for it.

    Attributes:
        confirmed: What HubSpot last confirmed, by address and portal.
        refused: What it refuses.
        absent: Where it has no such contact.
        writes: The newest first.
    """

    confirmed: tuple[Confirmation, ...]
    refused: tuple[RefusedContact, ...]
    absent: tuple[AbsentContact, ...]
    writes: tuple[Write, ...]

    def __bool__(self) -> bool:
        return bool(self.confirmed or self.refused or self.absent or self.writes)


@dataclass(frozen=True)
class Told:
    """All that is known of one contact.

    Attributes:
        as_of: The date that the explanation is for; ``asked_at`` is when it was made.
        contact: ``None`` for a contact that Goldpan wrote to once and that is in the exports no more.
    """

    as_of: date
    asked_at: datetime
    contact: Explanation | None
    hubspot: ContactHistory

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints; amounts are texts, so that they stay exact."""
        return {"is_found": True, **as_data(self)}


def explain(
    settings: AppSettings, asked: str, *, named: Mapping[str, Path | None] | None = None, as_of: date | None = None
) -> Told:
    """Explain one contact; HubSpot is not asked, and nothing is written.

    Args:
        settings: The rules, and where the state is.
        asked: An address or a customer id.
        named: Exports to explain from, by kind, instead of the last accepted ones.
        as_of: The date; ``None`` is that of the last accepted run, or today where an export is named.

    Raises:
        ConfigError: When there is no export to explain from, or nobody is meant.
        DataError: When an export can't be used.
    """
    given = named_exports(named or {})
    with open_state(settings, read_only=True) as state:
        history = History(state.engine)
        deliveries = {kind: [delivery] for kind, delivery in given.items()}
        deliveries |= _accepted(state, settings, missing=[kind for kind in KINDS if kind not in given])
        last = None if given else history.last_accepted_as_of()
        day = as_of or last or today(settings)
        with open_engine_of((), settings, "pandas") as engine:  # whoever explains looks at single rows
            exports = {kind: read_exports(deliveries[kind], settings, engine) for kind in KINDS}
        contact = explain_contact(
            asked,
            exports["memberships"],
            exports["orders"],
            day,
            settings.config,
            suppression=settings.suppression,
        )
        known = _history_of(history, contact.addresses if contact else _addresses(asked, history))
    if contact is None and not known:
        raise ConfigError(_nobody(deliveries))
    return Told(day, now(), contact, known)


def _accepted(state: State, settings: AppSettings, *, missing: list[str]) -> dict[str, list[Delivery]]:
    """The last accepted exports of these kinds."""
    accepted, problems = {}, []
    for kind in missing:
        last = state.inputs.last_accepted(kind)
        found = [delivery_of(stored, settings) for stored in last]
        accepted[kind] = [delivery for delivery in found if delivery is not None]
        if not last or len(accepted[kind]) < len(last):
            why = f"the last accepted one is gone from {last[0].path.parent}" if last else "none was accepted yet"
            problems.append(f"No {kind} export to explain from: {why}. Name one: goldpan explain EMAIL --{kind} FILE")
    if problems:
        raise ConfigError.of(problems)
    return accepted


def _addresses(asked: str, history: History) -> tuple[str, ...]:
    """The addresses that a question means where the exports know nobody."""
    address, customer_key = read_email(asked)[0], read_id(asked)[1]
    return (address,) if address else history.addresses_of(customer_key or "")


def _history_of(history: History, emails: tuple[str, ...]) -> ContactHistory:
    return ContactHistory(
        confirmed=history.confirmations(emails),
        refused=history.refusals(emails),
        absent=history.absences(emails),
        writes=history.writes(emails),
    )


def _nobody(deliveries: Mapping[str, Sequence[Delivery]]) -> str:
    names = " and ".join(delivery.name for kind in KINDS for delivery in deliveries[kind])
    return (
        f"Nobody in {names} has that address or customer id, and nothing was ever written to it. "
        "Try the other of the two; an address counts as the e-mail column of the memberships export has it. Everybody "
        "is in the sheet Contacts of a run's analysis (goldpan show says where), buyers without a membership in "
        "Prospects. For a newer export: goldpan explain EMAIL --memberships FILE --orders FILE"
    )


def as_data(value: Any) -> Any:  # noqa: ANN401 - whatever an explanation is made of
    """Values as JSON has them: dates as ISO texts, exact amounts as texts."""
    if is_dataclass(value):
        return {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, BaseModel):
        return as_data(value.model_dump())
    if isinstance(value, Mapping):
        return {key: as_data(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_data(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
