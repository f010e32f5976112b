"""A source system on SQLite, and one on PostgreSQL: what a database promises holds on both."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import furnished_file, sandbox, set_up, waits  # noqa: F401 - fixtures
from tests.sources.databases import VARIABLE, SourceSystem
from tests.state.conftest import server  # noqa: F401 - a fixture


@pytest.fixture(params=["sqlite", "postgresql"])
def system(request, tmp_path, monkeypatch) -> Iterator[SourceSystem]:
    url = (
        f"sqlite:///{tmp_path / 'crm.sqlite'}"
        if request.param == "sqlite"
        else request.getfixturevalue("server").database()
    )
    system = SourceSystem(url)
    system.fill()
    monkeypatch.setenv(VARIABLE, url)
    yield system
    system.close()


@pytest.fixture
def lite(tmp_path, monkeypatch) -> Iterator[SourceSystem]:
    """On SQLite alone, for what doesn't depend on the database."""
    system = SourceSystem(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    system.fill()
    monkeypatch.setenv(VARIABLE, system.url)
    yield system
    system.close()
