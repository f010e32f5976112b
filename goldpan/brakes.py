"""Limits over plans: what no run may do before a person approves it.

Each limit has a share and mostly a count; beyond both, the whole run is held. Only changes caused by data count: what
the accepted exports already imply at today's date was accepted with them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

from pydantic import Field

from goldpan.checked import Number, Settings, Whole
from goldpan.config import Config
from goldpan.desired import tag_options
from goldpan.model import Action, Cause, Change
from goldpan.stored import split_options

EXAMPLES = 5


ACCEPTED = (Cause.TIME, Cause.APPROVED)
"""Causes of changes that a person has accepted already, with the exports or one by one."""


def _share(value: str) -> Any:  # noqa: ANN401 - what pydantic's Field is typed as
    return Field(Decimal(value), ge=0, le=1)


class BrakeLimits(Settings):
    """`[brakes]` of goldpan.toml: beyond the share and, where there is one, the count, a run is held."""

    tag_loss_share: Number = _share("0.10")
    tag_loss_contacts: Whole = Field(25, ge=0)
    changed_share: Number = _share("0.20")
    changed_contacts: Whole = Field(100, ge=0)
    created_share: Number = _share("0.05")
    created_contacts: Whole = Field(100, ge=0)
    fewer_rows_share: Number = _share("0.10")
    fewer_contacts_share: Number = _share("0.10")
    order_sum_loss_share: Number = _share("0.20")
    unsendable_rise_share: Number = _share("0.05")
    column_filled_share: Number = _share("0.50")
    column_emptied_share: Number = _share("0.05")
    export_age_days: Whole = Field(7, ge=1)
    export_age_warning_hours: Whole = Field(30, ge=1)


@dataclass(frozen=True, slots=True)
class TagMovement:
    """What a plan does to one option of the tag property, in contacts.

    Attributes:
        value: The option's stored value.
        label: As people see it.
        before: How many contacts carried it by the confirmed state.
        gains: How many get it; ``data_gains`` of them because of data.
        losses: How many lose it; ``data_losses`` of them because of data.
    """

    value: str
    label: str
    before: int
    gains: int
    losses: int
    data_gains: int
    data_losses: int

    @property
    def after(self) -> int:
        """How many carry it then."""
        return self.before + self.gains - self.losses


@dataclass(frozen=True, slots=True)
class TrippedBrake:
    """A limit that a plan is beyond; the run is held.

    Attributes:
        name: The limit, such as ``tag_loss`` (its numbers stand in ``[brakes]`` of goldpan.toml) or ``first_load``.
        what: What happened, in a sentence with its numbers.
        found: The number that is beyond.
        limit: The limit in words.
        examples: Up to five addresses of contacts that are part of it (personal: masked wherever they are shown).
    """

    name: str
    what: str
    found: float
    limit: str
    examples: tuple[str, ...] = ()


def brakes_on_plan(
    changes: Sequence[Change],
    movements: Iterable[TagMovement],
    losers: Mapping[str, Sequence[str]],
    known: int,
    limits: BrakeLimits,
    *,
    bases: Mapping[str, int] | None = None,
) -> Iterator[TrippedBrake]:
    """Compare a plan with the limits.

    Args:
        changes: The plan's; those whose cause is not known count as caused by data.
        movements: What it does to each option of the tag property.
        losers: Who loses each option because of data (:func:`losers_by_tag`), for examples.
        known: How many contacts HubSpot has confirmed so far; before the first load nothing has a share.
        limits: The limits.
        bases: Options whose losses are a share of more contacts than carry them (:func:`loss_bases`).
    """
    for moved in movements:
        base = (bases or {}).get(moved.value, moved.before)
        if moved.data_losses > limits.tag_loss_contacts and moved.data_losses > limits.tag_loss_share * base:
            yield TrippedBrake(
                "tag_loss",
                f"{moved.data_losses:,} of {moved.before:,} contacts lose the tag {moved.label}.",
                moved.data_losses,
                f"{percent(limits.tag_loss_share)} of its contacts and {limits.tag_loss_contacts:,}",
                first_of(losers.get(moved.value, ())),
            )
    data = [change for change in changes if change.cause not in ACCEPTED]
    created = [change.email for change in data if change.action is Action.CREATE]
    changed = [change.email for change in data if change.action is not Action.CREATE]
    for name, emails, words, share, count in (
        ("changed", changed, "would change", limits.changed_share, limits.changed_contacts),
        ("created", created, "would be created", limits.created_share, limits.created_contacts),
    ):
        if known and len(emails) > count and len(emails) > share * known:
            yield TrippedBrake(
                name,
                f"{len(emails):,} contacts {words}; HubSpot has {known:,} of Goldpan's.",
                len(emails),
                f"{percent(share)} of them and {count:,}",
                first_of(emails),
            )


def tag_movements(
    changes: Iterable[Change],
    carriers: Mapping[str, int],
    tag_property: str,
    config: Config,
    with_time: Mapping[str, Collection[str]] | None = None,
) -> tuple[TagMovement, ...]:
    """What a plan does to each option of Goldpan's, in config order; then options that it once owned.

    Args:
        changes: The plan's.
        carriers: How many contacts carry each option by the confirmed state.
        tag_property: The property with the tags.
        config: The tags.
        with_time: The options that come or go with time alone, by address: a contact whose data changed as well still
            loses those with time.
    """
    labels = {option.value: option.label for option in tag_options(config)}
    gains: Counter[str] = Counter()
    losses: Counter[str] = Counter()
    data_gains: Counter[str] = Counter()
    data_losses: Counter[str] = Counter()
    for change in changes:
        gained, lost = gained_options(change, tag_property), lost_options(change, tag_property)
        gains.update(gained)
        losses.update(lost)
        data_gains.update(_by_data(change, gained, with_time))
        data_losses.update(_by_data(change, lost, with_time))
    retired = sorted(value for value in carriers if value not in labels)
    return tuple(
        TagMovement(
            value, labels.get(value, value), carriers.get(value, 0), gains[value], losses[value], data_gains[value],
            data_losses[value],
        )
        for value in (*labels, *retired)
    )  # fmt: skip


def loss_bases(carriers: Mapping[str, int], config: Config) -> dict[str, int]:
    """Options whose losses are a share of everybody who has an answer to their question, not of their carriers.

    Who stops being *not* something has become it: that is a share of all, or a billing run that renews 200 members
    would be a disaster wherever few had lapsed. So it is with a tag about a coming end: renewals are what it is for.
    Measured on a year of the Chicago data (365 nights): by carriers, each of the twelve monthly renewals was held (136
    to 210 contacts: 13 to 33 % of Not Active Membership, 29 to 81 % of Expiring Soon); so measured, none.
    """
    bases: dict[str, int] = {}
    for tag in config.tags:
        values = [option.value for option in tag.options()]
        is_about_an_end = any(condition.column == "days_until_expiration" for condition in tag.conditions())
        everybody = sum(carriers.get(value, 0) for value in values)
        bases |= dict.fromkeys(values if is_about_an_end else values[1:], everybody)
    return bases


def losers_by_tag(
    changes: Iterable[Change], tag_property: str, with_time: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[str]]:
    """Who loses each option because of data; the arguments are those of :func:`tag_movements`."""
    losers: dict[str, list[str]] = {}
    for change in changes:
        for value in _by_data(change, lost_options(change, tag_property), with_time):
            losers.setdefault(value, []).append(change.email)
    return losers


def _by_data(
    change: Change, options: frozenset[str], with_time: Mapping[str, Collection[str]] | None
) -> frozenset[str]:
    """Those of the options that a change moves because of data."""
    if change.cause in ACCEPTED:
        return frozenset()
    return options.difference((with_time or {}).get(change.email, ()))


def gained_options(change: Change, tag_property: str) -> frozenset[str]:
    """The options that a change adds."""
    return _options(change.after, tag_property) - _options(change.before, tag_property)


def lost_options(change: Change, tag_property: str) -> frozenset[str]:
    """The options that a change takes away."""
    return _options(change.before, tag_property) - _options(change.after, tag_property)


def _options(values: Mapping[str, str], tag_property: str) -> frozenset[str]:
    return _options_in(values.get(tag_property, ""))


@lru_cache(maxsize=10_000)  # of as many contacts as there may be, few have tags that nobody else has
def _options_in(value: str) -> frozenset[str]:
    return frozenset(split_options(value))


def percent(share: Decimal) -> str:
    """A share for people: 12.5%."""
    return f"{(share * 100).normalize():f}%"


def first_of(emails: Iterable[str]) -> tuple[str, ...]:
    """A few of them, as examples."""
    return tuple(islice(emails, EXAMPLES))
