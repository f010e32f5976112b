"""What is timed, a function each: it gets ready and returns the work, which is all that the clock sees.

With the work comes a function that counts what it came to, after the clock has stopped.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Counts: TypeAlias = Mapping[str, Any]
Work: TypeAlias = tuple[Callable[[], Any], Callable[[Any], Counts]]
