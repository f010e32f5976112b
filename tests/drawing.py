"""How often a property is tried: on a part of its examples each time, on all of them with the slow tests."""

from collections.abc import Callable
from math import ceil
from typing import Any

import pytest
from hypothesis import settings

THOROUGH = "thorough"
"""The profile of the slow tests: ``make test-slow``."""
PART = 4
"""Each time one in so many."""

settings.register_profile(THOROUGH)


def examples(count: int, **more: Any) -> Callable[[Any], Any]:
    """A property whose examples each cost a run of the pipeline.

    Args:
        count: On how many it is tried with the slow tests.
        more: Other settings of hypothesis.
    """
    is_thorough = settings.get_current_profile_name() == THOROUGH
    tried = settings(max_examples=count if is_thorough else ceil(count / PART), deadline=None, **more)
    return lambda test: pytest.mark.drawn(tried(test))
