"""A stage on a disk of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "home")
    yield stage
    stage.close()
