"""How each desired contact stands with the confirmed state, and who is confirmed besides: whole columns, in batches."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from goldpan.brakes import EXAMPLES
from goldpan.config import Config
from goldpan.desired_contacts import DesiredContacts, Flags, Rows, flags_of
from goldpan.former import FormerCandidates
from goldpan.model import Confirmed
from goldpan.payloads import Texts, count_texts, count_values
from goldpan.plan import tag_property
from goldpan.stored import split_options

UNKNOWN, CONFIRMED, DIFFERS = 0, 1, 2
"""Nothing is confirmed of a contact; what is wanted is; something else is."""


@dataclass(frozen=True)
class ConfirmedBefore:
    """What HubSpot had confirmed before a plan, as far as limits ask for it.

    Attributes:
        count: How many contacts.
        carriers: How many of them carry each option of the tag property.
        missing: A few of those that tonight's exports lack.
        held: What is confirmed of the contacts that were looked at, by address.
    """

    count: int
    carriers: Mapping[str, int]
    missing: tuple[str, ...] = ()
    held: Mapping[str, Confirmed] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """Where the desired contacts are in a batch.

    Attributes:
        rows: Those that are in it, in their own order.
        places: Their places in the batch.
        is_same: Whose payload is the same there.
    """

    rows: Rows
    places: Rows
    is_same: Flags


def match(desired: DesiredContacts, emails: Texts, payloads: Texts) -> Match:
    """Find the desired contacts in a batch, which has no address twice."""
    found = pc.index_in(desired.emails, value_set=emails).fill_null(-1).to_numpy()
    rows = np.flatnonzero(found >= 0)
    places = found[rows]
    is_same = pc.equal(desired.payloads(rows), payloads.take(pa.array(places)))
    return Match(rows, places, flags_of(is_same))


class Standing:
    """What comes of comparing desired contacts with everybody who is confirmed, batch by batch.

    Attributes:
        codes: By desired contact: ``UNKNOWN``, ``CONFIRMED`` or ``DIFFERS``.
        count: How many contacts are confirmed.
        former: Those of them among whom former contacts are to be looked for.
    """

    def __init__(self, desired: DesiredContacts, former: FormerCandidates, config: Config) -> None:
        self._desired, self._tags = desired, tag_property(config)
        self.codes: npt.NDArray[np.int8] = np.full(len(desired), UNKNOWN, dtype=np.int8)
        self.count = 0
        self.former = former
        self._missing: list[str] = []
        self._values: Counter[str] = Counter()

    def add(self, emails: Texts, payloads: Texts, customer_keys: Texts) -> None:
        """Compare some confirmed contacts; each comes once."""
        found = match(self._desired, emails, payloads)
        self.codes[found.rows] = np.where(found.is_same, CONFIRMED, DIFFERS)
        self.count += len(emails)
        is_same, is_in_exports, is_desired = (np.zeros(len(emails), dtype=bool) for _ in range(3))
        is_same[found.places] = found.is_same
        is_in_exports[found.places] = True
        is_desired[found.places] = ~self._desired.is_suppressed[found.rows]
        if self._tags:
            self._values += count_values(payloads.filter(pa.array(~is_same)), self._tags)
        self._note_missing(emails.filter(pa.array(~is_in_exports)))
        apart = pa.array(~is_desired)
        self.former.add(
            emails.filter(apart),
            payloads.filter(apart),
            customer_keys.filter(apart),
            is_in_exports=is_in_exports[~is_desired],
        )

    def before(self, held: Mapping[str, Confirmed]) -> ConfirmedBefore:
        """All batches in numbers, with what is confirmed of those that are looked at."""
        values = Counter(self._values)
        if self._tags:
            same = self._desired.texts[self._tags].take(pa.array(np.flatnonzero(self.codes == CONFIRMED)))
            values.update(count_texts(same))
        return ConfirmedBefore(self.count, carriers_of(values), tuple(self._missing), held)

    def _note_missing(self, emails: Texts) -> None:
        """Keep the first few, in the order of the addresses."""
        both = pa.concat_arrays([pa.array(self._missing, emails.type), emails])
        first = pc.select_k_unstable(both, k=EXAMPLES, sort_keys=[("", "ascending")])
        self._missing = both.take(first).to_pylist()


def confirmed_before(batches: Iterable[tuple[Texts, ...]], config: Config) -> ConfirmedBefore:
    """The numbers alone, for runs that read no exports."""
    tags = tag_property(config)
    count, values = 0, Counter[str]()
    for emails, payloads, _ in batches:
        count += len(emails)
        values += count_values(payloads, tags) if tags else Counter()
    return ConfirmedBefore(count, carriers_of(values))


def carriers_of(values: Mapping[str, int]) -> Counter[str]:
    """How many contacts carry each option, by how many have each value of the tag property."""
    carriers: Counter[str] = Counter()
    for value, times in values.items():
        carriers.update(dict.fromkeys(split_options(value), times))
    return carriers
