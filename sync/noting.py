"""What a person should know of a plan besides its changes, a sentence each."""

from collections.abc import Collection, Iterable, Iterator

from goldpan.plan import Plan
from sync.state.contacts import Refusal


def notes_on(plan: Plan) -> Iterator[str]:
    """What the plan found out about contacts in HubSpot."""
    told = {
        "contacts share a HubSpot record with another contact, which goes before them.": plan.same_record,
        "contacts carry an option that the tag property no longer has; HubSpot could not take it back, so it is "
        "dropped where the contact is written.": plan.dropped_options,
        "contacts have another address in HubSpot now; it was left as it is.": plan.addresses_changed,
        "customers have a new address in the exports: merge the two contacts in HubSpot.": plan.address_moves,
    }
    yield from (f"{len(found)} {words} See Rejects and warnings." for words, found in told.items() if found)


def notes_on_refusals(resting: Collection[Refusal], *, retried_after_days: int) -> Iterator[str]:
    """Who is left alone because HubSpot refused the same values before."""
    if resting:
        oldest = min(refusal.first_at for refusal in resting)
        yield (
            f"{len(resting)} contacts were refused before with the same values (the oldest since {oldest:%Y-%m-%d}); "
            "they are sent again when those, HubSpot's properties or Goldpan's version change, else after "
            f"{retried_after_days} days. At once: goldpan retry"
        )


def note_on_new_portal(portal_id: str, known: Iterable[str]) -> str:
    """That a portal has nothing confirmed yet, though others have."""
    return (
        f"Portal {portal_id} is new to this installation (known: {', '.join(known)}): it starts empty, and every "
        "contact is compared with what it holds."
    )
