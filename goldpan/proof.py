"""What a record proves about a change whose answer was lost, or whose time has passed."""

from goldpan.config import Config
from goldpan.model import Change, CurrentRecord, Verdict
from goldpan.stored import are_equal, as_stored, split_options


def holds_after(change: Change, record: CurrentRecord, config: Config) -> bool:
    """Whether a record holds every value that the change writes."""
    return are_equal(change.after, record.properties, config.properties.properties)


def holds_before(change: Change, record: CurrentRecord, config: Config) -> bool:
    """Whether a record still holds every value that the change was planned against."""
    return are_equal(change.before, record.properties, config.properties.properties)


def shows(change: Change, record: CurrentRecord, config: Config) -> bool:
    """Whether a record shows that the change was written; in the tag property, whatever others did there since."""
    for spec in config.properties.properties:
        if spec.name not in change.after:
            continue
        now = record.properties.get(spec.name, "")
        if spec.type == "tags":
            wanted, was = set(split_options(change.after[spec.name])), set(split_options(change.before[spec.name]))
            there = set(split_options(now))
            if wanted - was - there or (was - wanted) & there:
                return False
        elif as_stored(change.after[spec.name], spec) != as_stored(now, spec):
            return False
    return True


def proven(change: Change, record: CurrentRecord | None, config: Config) -> Verdict | None:
    """What became of a change that was sent, by what HubSpot holds now.

    Returns:
        ``applied`` where it holds the new values, ``gone`` where it has no record of a contact that it had, ``moved``
        where somebody else wrote meanwhile; ``None`` where nothing was written, so that it may be sent again.
    """
    if record is None:
        return Verdict.GONE if change.record_id else None
    if shows(change, record, config):
        return Verdict.APPLIED
    return None if holds_before(change, record, config) else Verdict.MOVED
