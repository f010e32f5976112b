"""What `goldpan explain` prints for people about HubSpot: how the contact stands there, and every change of it."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from rich.markup import escape

from goldpan.explain import Explanation
from goldpan.reasons import reason_of
from sync.cli.console import console_for_people
from sync.cli.explained import BLANK, contact_lines, days_said, said
from sync.explain import Told
from sync.settings import AppSettings
from sync.state.history import Confirmation, KnownContact, Write

WRITES_SHOWN = 10
_STYLES = {"applied": "green", "refused": "red", "unknown": "yellow", "held": "yellow"}
_CAUSES = {"time": ", time passed", "data": ", the data changed"}


def print_told(told: Told, settings: AppSettings) -> None:
    """Everything about one contact, top-down."""
    console = console_for_people()
    history = _History(told, settings)
    for line in (*_opening(told), *history.standing(), *history.changes()):
        console.print(line, soft_wrap=True)


def _opening(told: Told) -> Iterator[str]:
    if told.contact is not None:
        yield from contact_lines(told.contact)
    else:
        yield f"[bold]In no row of the exports[/] as of {told.as_of}, but in the journal."


class _History:
    """What the state knows, in lines."""

    def __init__(self, told: Told, settings: AppSettings) -> None:
        self._told, self._hubspot, self._zone = told, told.hubspot, settings.zone
        self._tag_properties = {spec.name for spec in settings.config.properties.properties if spec.type == "tags"}
        known: tuple[KnownContact, ...] = (
            *self._hubspot.confirmed,
            *self._hubspot.refused,
            *self._hubspot.absent,
            *self._hubspot.writes,
        )
        self._has_several_portals = len({(each.destination, each.portal_id) for each in known}) > 1

    def standing(self) -> Iterator[str]:
        """How the contact stands in HubSpot."""
        yield "\n[bold]In HubSpot[/], as Goldpan last knew it"
        for held in self._hubspot.confirmed:
            yield (
                f"  Record {escape(held.record_id)}{self._whose(held)} confirmed {self._when(held.confirmed_at)} "
                f"(run {held.run_id})"
            )
            yield from self._drift(held, self._told.contact)
        for absent in self._hubspot.absent:
            reason = reason_of(absent.reason)
            yield f"  {reason.title}{self._whose(absent)}, since {self._when(absent.since_at)}. {reason.advice}"
        for refused in self._hubspot.refused:
            reason = reason_of(refused.reason)
            age = days_said((self._told.asked_at - refused.first_at).days)
            yield (
                f"  [red]Refused[/]{self._whose(refused)} since {self._when(refused.first_at)} ({age}), last tried "
                f"{self._when(refused.last_at)}: {escape(reason.title)}. {escape(reason.advice)}"
            )
            if refused.message:
                yield f"      {said(refused.message)}"
        if not (self._hubspot.confirmed or self._hubspot.absent or self._hubspot.refused):
            yield "  Nothing is confirmed."
        if self._told.contact and self._told.contact.email and not self._told.contact.may_create:
            yield "  Should HubSpot lack it, it is not created: `create` in config/contacts.toml."

    def _drift(self, held: Confirmation, contact: Explanation | None) -> Iterator[str]:
        """Where the confirmed values are not those that the exports give."""
        if contact is None or not contact.wanted or held.email != contact.email:
            return
        differing = [name for name, value in contact.wanted.items() if held.values.get(name, "") != value]
        if not differing:
            yield "      It holds what the exports above give."
        for name in differing:
            yield f"      not yet as above: {self._change(name, held.values, contact.wanted)}"

    def changes(self) -> Iterator[str]:
        """Every change that was planned, the newest first."""
        yield "\n[bold]Changes[/], the newest first"
        if not self._hubspot.writes:
            yield "  None was ever planned."
        for write in self._hubspot.writes[:WRITES_SHOWN]:
            yield from self._write(write)
        if len(self._hubspot.writes) > WRITES_SHOWN:
            yield f"  … and {len(self._hubspot.writes) - WRITES_SHOWN:,} older ones; --json has them all"

    def _write(self, write: Write) -> Iterator[str]:
        style = _STYLES.get(write.verdict, "")
        verdict = f"[{style}]{write.verdict}[/]" if style else escape(write.verdict)
        kind = "" if write.run_kind == "run" else f", {escape(write.run_kind)}"
        cause = _CAUSES.get(write.cause, "")
        yield (
            f"  {self._when(write.at)}  {escape(write.action)}: {verdict}{self._whose(write)}  "
            f"(run {write.run_id} as of {write.as_of}{kind}{cause})"
        )
        if write.reason:
            reason = reason_of(write.reason)
            yield f"      {escape(reason.title)} {said(write.message) if write.message else ''}".rstrip()
        if write.correlation_id:
            yield f"      HubSpot request {escape(write.correlation_id)}"
        for name in write.after:
            if write.before.get(name, "") != write.after[name]:
                yield f"      {self._change(name, write.before, write.after)}"

    def _change(self, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """One property, old and new; of tags only those that came and went."""
        old, new = before.get(name, ""), after.get(name, "")
        if name in self._tag_properties:
            had, has = old.split(";") if old else [], new.split(";") if new else []
            came, went = _without(has, had), _without(had, has)
            return f"{escape(name)}  {said(' '.join([*(f'+{each}' for each in came), *(f'-{each}' for each in went)]))}"
        return f"{escape(name)}  {said(old) or BLANK} → {said(new) or BLANK}"

    def _when(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M %Z}"

    def _whose(self, known: KnownContact) -> str:
        """Under which address, and where, if that is not what goes without saying."""
        contact = self._told.contact
        address = f" of {said(known.email)}" if contact is None or known.email != contact.email else ""
        portal = f" in {known.destination} portal {known.portal_id or '(not reached)'}"
        return f"{address}{portal if self._has_several_portals else ''}"


def _without(options: Collection[str], others: Collection[str]) -> list[str]:
    return [option for option in options if option not in others]
