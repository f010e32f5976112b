"""A state in SQLite and one in PostgreSQL: every test of the state runs on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.state.store import State
from tests.state.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'goldpan.sqlite'}"


@pytest.fixture
def postgres_url(server: PostgresServer) -> str:
    return server.database()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def state(url: str) -> Iterator[State]:
    with State.open(url) as state:
        yield state
