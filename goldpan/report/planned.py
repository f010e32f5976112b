"""What a person or a program has to know of a plan before it is approved."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from goldpan.brakes import TagMovement, TrippedBrake
from goldpan.model import Action, Change, Outcome
from goldpan.reasons import CONTACT_STATES
from goldpan.report.findings import in_order_of_interest, words_of

NOT_SENT = tuple(state for state in CONTACT_STATES if state not in {"created", "updated", "held", "unknown"})
"""What can become of a contact that a plan does not write."""

_AT_ONCE = 1_000  # changes; whole, the text of a first load of 100,000 contacts took 300 MB


@dataclass(frozen=True)
class Planned:
    """What a person has to see of a plan before it is approved.

    Attributes:
        as_of: The business date.
        fingerprint: What it is approved by.
        changes: What would be sent, in the plan's order.
        counts: Contacts that are not written, by what becomes of them (:data:`NOT_SENT`); other keys are passed over.
        tags: What becomes of each option of the tag property.
        brakes: The limits that the plan is beyond; without any it is not held.
        left_alone: Contacts that a person should know of: reason code, address, details.
        refused: Contacts that HubSpot refused before and that rest, by address.
        remark: A sentence that must not be missed: a dry run, the sandbox instead of HubSpot.
    """

    as_of: date
    fingerprint: str
    changes: Sequence[Change] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    tags: Sequence[TagMovement] = ()
    brakes: Sequence[TrippedBrake] = ()
    left_alone: Sequence[tuple[str, str, str]] = ()
    refused: Mapping[str, Outcome] = field(default_factory=dict)
    remark: str = ""

    def all_left_alone(self) -> list[tuple[str, str, str]]:
        """Reason code, address and details of every contact that is known by its address and not written."""
        refused = sorted((said.reason, email, words_of(said)) for email, said in self.refused.items())
        return [*refused, *in_order_of_interest(self.left_alone)]

    def all_counts(self) -> dict[str, int]:
        """How many contacts each action writes, then how many are not written, by why."""
        actions = Counter(change.action for change in self.changes)
        return {action.value: actions[action] for action in Action} | {
            state: self.counts.get(state, 0) for state in NOT_SENT
        }


def plan_json(planned: Planned) -> dict[str, Any]:
    """The plan as data for other programs; it holds addresses and values, so it belongs in a private file.

    Returns:
        ``as_of`` (ISO date), ``fingerprint``, ``counts`` (contacts: ``create``, ``update``, ``clear``, then every state
        of :data:`NOT_SENT`), ``brakes`` (``name, what, found, limit, examples``), ``tags`` (``value, label, before,
        gains, losses, after, data_gains, data_losses``), ``changes`` (``email, action, cause, record_id, before,
        after``; ``cause`` and ``record_id`` may be null, the values are texts by property) and ``left_alone``
        (``email, reason, details``; a contact that is written may be in it for an option that is dropped). Keys are
        stable and never left out.
    """
    return {key: [*value] if isinstance(value, Iterator) else value for key, value in _parts(planned).items()}


def plan_json_text(planned: Planned) -> Iterator[str]:
    """The same as text, piece by piece: a first load plans a change for every contact."""
    for number, (key, value) in enumerate(_parts(planned).items()):
        yield f"{', ' if number else '{'}{_as_text(key)}: "
        yield from _pieces(value) if isinstance(value, Iterator) else [_as_text(value)]
    yield "}"


def _parts(planned: Planned) -> dict[str, Any]:
    return {
        "as_of": planned.as_of.isoformat(),
        "fingerprint": planned.fingerprint,
        "counts": planned.all_counts(),
        "brakes": [asdict(brake) | {"examples": list(brake.examples)} for brake in planned.brakes],
        "tags": [asdict(tag) | {"after": tag.after} for tag in planned.tags],
        "changes": map(_change_json, planned.changes),
        "left_alone": map(_left_alone_json, planned.all_left_alone()),
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "email": change.email,
        "action": change.action.value,
        "cause": change.cause.value if change.cause else None,
        "record_id": change.record_id,
        "before": dict(change.before),
        "after": dict(change.after),
    }


def _left_alone_json(line: tuple[str, str, str]) -> dict[str, str]:
    code, email, details = line
    return {"email": email, "reason": code, "details": details}


def _pieces(values: Iterator[Any]) -> Iterator[str]:
    """The text of a list."""
    yield "["
    before = ""
    while some := [*islice(values, _AT_ONCE)]:
        yield f"{before}{_as_text(some)[1:-1]}"
        before = ", "
    yield "]"


def _as_text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return json.dumps(value, ensure_ascii=False)
