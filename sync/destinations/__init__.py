"""Where changes go: what every destination can do, whatever the service behind it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

from goldpan.model import Change, CurrentRecord, Outcome, Portal, PropertyDefinition, RequestCounts

Key = Literal["email", "record_id"]
"""What contacts are asked for by."""


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """What the destination holds for the keys of one request; every one is either found or absent.

    Attributes:
        asked: The keys (addresses or record ids), as the caller wrote them.
        found: The record of each key that the destination knows. Two keys may lead to one record: an additional
            address, or the id of a record that was merged into another, whose own id it then shows.
        absent: The keys it doesn't know.
    """

    asked: tuple[str, ...]
    found: Mapping[str, CurrentRecord]
    absent: tuple[str, ...]


class Destination(Protocol):
    """What a run needs of a destination. One object serves one run; close it afterwards (it is a context manager)."""

    name: str
    """A lower-case word; together with the portal id it keys the confirmed state."""

    @property
    def requests(self) -> RequestCounts:
        """How many requests were made so far."""

    def portal(self) -> Portal:
        """The account behind the token.

        Raises:
            AccessError: The token is refused or lacks a scope.
            TransientError: Nothing answers at the address.
        """

    def properties(self) -> Mapping[str, PropertyDefinition]:
        """All contact properties by name."""

    def read_contacts(
        self,
        keys: Sequence[str],
        properties: Sequence[str],
        *,
        by: Key = "email",
        on_batch: Callable[[ReadBatch], None] | None = None,
    ) -> Iterator[ReadBatch]:
        """What the destination holds now for these keys; batches come as they are answered, in any order.

        Args:
            keys: All addresses, or all record ids.
            properties: What to read of each contact; an empty or unknown one comes back as "".
            by: What the keys are. A record id survives that somebody edits the address, and mergers.
            on_batch: Told of each batch, in the caller's thread, before it is yielded.
        """

    def write(
        self, changes: Iterable[Change], on_sent: Callable[[Sequence[Change]], None] | None = None
    ) -> Iterator[list[Outcome]]:
        """Send the changes; each one that was announced to ``on_sent`` comes back as exactly one outcome.

        A create is written by address with everything, an update or a clear by its record id with what it names.

        Args:
            changes: Taken lazily, a batch at a time; no address and no record twice.
            on_sent: Called in the caller's thread with each batch just before it may leave.

        Raises:
            FatalError: The rest was not sent. The outcomes of what was announced have been yielded before.
            TransientError: Likewise, and a later run may work.
        """

    def close(self) -> None:
        """Close all connections."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
