"""How properties are tried: without a clock; many on a part of their examples, on all of them with the slow tests."""

from collections.abc import Callable
from math import ceil
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

USUAL, THOROUGH = "usual", "thorough"
"""The profiles of hypothesis; the second one is for the slow tests, ``make test-slow``."""
PART = 4
"""Each time one in so many."""

for profile in (USUAL, THOROUGH):  # a machine that has much else to do fails no test
    settings.register_profile(profile, settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(USUAL)


def examples(count: int, **more: Any) -> Callable[[Any], Any]:
    """A property whose examples each cost a run of the pipeline.

    Args:
        count: On how many it is tried with the slow tests.
        more: Other settings of hypothesis.
    """
    is_thorough = settings.get_current_profile_name() == THOROUGH
    tried = settings(max_examples=count if is_thorough else ceil(count / PART), **more)
    return lambda test: pytest.mark.drawn(tried(test))
