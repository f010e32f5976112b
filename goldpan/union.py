"""Several exports of one kind as one."""

from collections.abc import Sequence

from goldpan.conform import Export
from goldpan.errors import FatalError


def unite_exports(exports: Sequence[Export]) -> Export:
    """The exports of one kind as if they were one."""
    if len(exports) > 1:
        raise FatalError("Several sources of one kind can't be united yet.")
    return exports[0]
