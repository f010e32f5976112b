"""What a person approved already, and what broke off before all of it was sent."""

from goldpan.model import Change, Portal
from sync.state import tables as t
from sync.state.runs import is_full
from sync.state.store import State

Approved = frozenset[tuple[str, str, tuple[tuple[str, str], ...]]]
"""Changes by what they do: address, action, and the values that they write."""


def approved_changes(state: State, destination: str, portal: Portal) -> Approved:
    """The changes of the approved plan that was sent last, if it broke off: nobody need approve them twice.

    A whole run that went through since ends that: what it planned stands for itself.
    """
    runs = state.runs.of_portal(destination, portal, is_full(), t.runs.c.status != "held")
    for run in runs:
        if run.kind == "approve" and run.status != "done":
            return frozenset(map(what_it_does, state.journal.each_planned(run.parent_id, "held")))
        if run.status in ("done", "partial"):
            break
    return frozenset()


def what_it_does(change: Change) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """A change as an approval knows it."""
    return change.email, str(change.action), tuple(sorted(change.after.items()))
