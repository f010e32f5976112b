"""Every step is tried on every engine."""

from collections.abc import Iterator

import pytest

from tests.steps import engines


@pytest.fixture(params=engines.NAMES)
def engine(request: pytest.FixtureRequest) -> Iterator[engines.Engine]:
    with engines.opened(request.param) as engine:
        yield engine
