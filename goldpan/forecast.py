"""Forecast: how many contacts carry each tag on each coming day, if no new export comes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import narwhals.stable.v2 as nw
import pandas as pd

from goldpan.config import Config
from goldpan.errors import FatalError
from goldpan.pipeline import refine
from goldpan.rules import RuleContext, Tag, as_expression
from goldpan.steps.contacts import assign_contacts, unite_contacts
from goldpan.steps.measures import add_measures
from goldpan.steps.orders import link_repeated_orders, process_orders_and_add_value_tiers
from goldpan.steps.renewals import link_renewals


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """How many sendable contacts carry each option on one day, in config order."""

    on: date
    tags: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Course:
    """One option over all days: how many carry it on each, and the first day with the fewest and with the most."""

    counts: tuple[int, ...]
    lowest: int
    lowest_on: date
    highest: int
    highest_on: date

    @property
    def is_level(self) -> bool:
        """Whether it is the same on every day."""
        return self.lowest == self.highest


@dataclass(frozen=True, slots=True)
class Movement:
    """What one day changes against the day before, by tag; tags that stay are left out."""

    on: date
    changes: Mapping[str, int]

    @property
    def size(self) -> int:
        """All changes together, up or down."""
        return sum(map(abs, self.changes.values()))


def forecast_tags(
    memberships: pd.DataFrame, orders: pd.DataFrame, as_of: date, days: int, config: Config
) -> Iterator[ForecastDay]:
    """Count the tags of each day, one after the other, as :func:`goldpan.pipeline.refine` would on that day.

    Renewals, orders and addresses are the same on every day and are worked out once; a contact's membership is chosen
    anew only where it may be another one, which the beginnings and ends of the contacts with several of them tell.

    Args:
        memberships: One row per membership row, as :class:`goldpan.conform.Export` holds it in ``frame``.
        orders: One row per order row, likewise.
        as_of: The first day.
        days: How many days after it.
        config: The rules.

    Yields:
        ``days + 1`` days, the first one among them.

    Raises:
        DataError: ``amounts_too_large``, when the amounts are no amounts.
        FatalError: When the first day is not what a run would count (a defect of Goldpan).
    """
    wanted = refine(memberships, orders, as_of, config).tag_counts(config)
    people = _People(memberships, orders, as_of, config)
    for ahead in range(days + 1):
        day = as_of + timedelta(days=ahead)
        counts = _tag_counts(people.sendable_on(day), day, config)
        if day == as_of and counts != wanted:
            raise FatalError("The forecast does not begin with what a run would count; this is a defect of Goldpan.")
        yield ForecastDay(day, counts)


class _People:
    """The contacts on one day after the other, with the membership that counts on each."""

    def __init__(self, memberships: pd.DataFrame, orders: pd.DataFrame, as_of: date, config: Config) -> None:
        rules = config.rules
        valued = process_orders_and_add_value_tiers(memberships, link_repeated_orders(orders))
        linked = link_renewals(valued, renewal_window_days=rules.renewal_window_days, match_on=rules.match_on)
        stays = assign_contacts(linked[linked["replaced_by"].isna()])
        is_one_of_several = stays["contact_key"].duplicated(keep=False)
        self._several = stays[is_one_of_several]
        stays_as = linked["replaced_by"].fillna(linked["source_row"])
        self._linked = linked[stays_as.isin(self._several["source_row"])]
        self._turns = {
            turn.date() for column in ("member_since", "expires_on") for turn in self._several[column].dropna()
        }
        self._settled = _sendable(unite_contacts(stays[~is_one_of_several], linked, as_of=as_of))
        self._today: pd.DataFrame | None = None

    def sendable_on(self, day: date) -> pd.DataFrame:
        """One row per contact with an address; days are asked for in order, without a gap."""
        if self._today is None or day in self._turns:
            chosen = _sendable(unite_contacts(self._several, self._linked, as_of=day))
            self._today = pd.concat([self._settled, chosen], ignore_index=True)
        return self._today


def _sendable(contacts: pd.DataFrame) -> pd.DataFrame:
    return contacts[contacts["email"].notna()]


def _tag_counts(contacts: pd.DataFrame, day: date, config: Config) -> dict[str, int]:
    """As :meth:`goldpan.pipeline.Refined.tag_counts` counts them, without a column per tag."""
    context = RuleContext(columns=config.contact_columns(), as_of=day, savings_share=config.rules.savings_share)
    measured = add_measures(contacts, as_of=day, expiring_soon_days=config.rules.expiring_soon_days)
    sums = nw.from_native(measured).select(as_expression(tag, context).sum().alias(tag.value) for tag in config.tags)
    counts: dict[str, int] = {}
    for tag in config.tags:
        counts[tag.value] = int(sums[tag.value].item())
        if tag.otherwise:
            counts[tag.otherwise.value] = len(contacts) - counts[tag.value]
    return counts


def courses_of(days: Sequence[ForecastDay]) -> dict[str, Course]:
    """Each option over all days (at least one), in config order."""
    return {value: _course(days, value) for value in days[0].tags}


def _course(days: Sequence[ForecastDay], value: str) -> Course:
    counts = tuple(day.tags[value] for day in days)
    lowest, highest = min(counts), max(counts)
    return Course(counts, lowest, days[counts.index(lowest)].on, highest, days[counts.index(highest)].on)


def largest_movements(days: Sequence[ForecastDay], tags: Sequence[Tag], limit: int) -> tuple[Movement, ...]:
    """The days on which most changes, the largest first; opposites are left out, since they mirror their tags."""
    moves = []
    for before, after in pairwise(days):
        changes = {tag.value: after.tags[tag.value] - before.tags[tag.value] for tag in tags}
        moves.append(Movement(after.on, {value: change for value, change in changes.items() if change}))
    moving = [move for move in moves if move.changes]
    return tuple(sorted(moving, key=lambda move: -move.size)[:limit])  # the earlier first of two alike
