"""A state of an older Goldpan is copied first, then brought forward with everything in it, or left as it was."""

import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import structlog
from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlalchemy import create_engine, text

from goldpan.errors import BusyError, FatalError
from sync.state import upgrade
from sync.state.database import connect_engine, open_engine
from sync.state.leases import Holder, Leases
from sync.state.store import State

OLDER = ("0001", "0002")
RUN = {
    "run_id": "20261101T013000-1", "destination": "hubspot", "portal_id": "7", "started_at": "2026-11-01 01:30:00",
    "finished_at": None, "status": "done", "as_of": "2026-11-01", "fingerprint": "f00", "goldpan_version": "0.1.0",
    "record": '{"contacts":{"total":1}}',
}  # fmt: skip
INPUT = {"sha256": "5ha", "kind": "orders", "name": "orders.csv", "size_bytes": 2_147_483_647, "path": "kept/5ha"}
USED = {
    "run_id": RUN["run_id"], "kind": "orders", "sha256": "5ha", "name": "orders.csv", "rows": 3, "is_accepted": True,
}  # fmt: skip
CONTACT = {
    "destination": "hubspot", "portal_id": "7", "email": "zoë@example.org", "record_id": "12", "payload": '{"a":"é"}',
    "confirmed_at": "2026-11-01 01:31:00", "run_id": RUN["run_id"],
}  # fmt: skip
CHANGE = {
    "run_id": RUN["run_id"], "email": "zoë@example.org", "action": "create", "before": "{}", "after": '{"a":"é"}',
    "verdict": "applied", "reason": "", "message": "", "record_id": "12", "correlation_id": "c",
}  # fmt: skip
REFUSAL = {
    "destination": "hubspot", "portal_id": "7", "email": "no@example.org", "payload": "{}", "reason": "INVALID_EMAIL",
    "message": "m", "first_at": "2026-11-01 01:31:00", "last_at": "2026-11-01 01:31:00",
}  # fmt: skip
ROWS = {
    "runs": RUN, "inputs": INPUT, "run_inputs": USED, "contacts": CONTACT, "changes": CHANGE, "refusals": REFUSAL,
}  # fmt: skip


def make_older(url: str, version: str) -> None:
    """A state as an older version left it, with a row in each table."""
    engine = connect_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        for table, row in ROWS.items():
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    engine.dispose()


def rows_in(url: str, table: str, names: str = "*", schema: str = "") -> list[tuple]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(f"SELECT {names} FROM {schema}{table}"))]
    engine.dispose()
    return rows


def as_kept(url: str) -> dict[str, list[tuple]]:
    """What each table holds of the columns that the oldest version had."""
    return {table: rows_in(url, table, ", ".join(row)) for table, row in ROWS.items()}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk that is full: what is written beyond that fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True)
def without_logs():
    """As in a command that only reads: nobody has set up a log."""
    structlog.reset_defaults()


@pytest.fixture(params=OLDER)
def older(request, url):
    make_older(url, request.param)
    return url


def test_nothing_is_lost_on_the_way_to_the_newest_version(older):
    before = as_kept(older)

    State.open(older).close()

    assert as_kept(older) == before
    assert all(len(rows) == 1 for rows in before.values())
    assert rows_in(older, "run_inputs", "source") == [("",)]
    assert rows_in(older, "alembic_version") == [(upgrade.VERSION,)]


def test_what_an_older_goldpan_kept_is_found_by_this_one(older):
    with State.open(older) as state:
        assert [kept.name for kept in state.inputs.last_accepted("orders")] == ["orders.csv"]
        assert state.runs.get("latest").record == {"contacts": {"total": 1}}
        assert [row.verdict for row in state.journal.changes(RUN["run_id"])] == ["applied"]


def test_a_state_that_is_new_or_up_to_date_is_not_copied(url, tmp_path):
    State.open(url).close()
    State.open(url).close()

    assert list(tmp_path.rglob("backups")) == []
    assert schemas_in(url) == []


@pytest.mark.parametrize("version", OLDER)
def test_sqlite_is_copied_first_whole_and_private(sqlite_url, tmp_path, version, capsys):
    make_older(sqlite_url, version)
    before = as_kept(sqlite_url)
    with closing(sqlite3.connect(tmp_path / "state" / "goldpan.sqlite")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()  # somebody looks on: the log is not written back yet
        State.open(sqlite_url).close()

    folder = tmp_path / "state" / "backups"
    [copy] = folder.iterdir()
    assert copy.name.startswith(f"goldpan-{version}-2")
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(copy.stat().st_mode)) == (0o700, 0o600)
    assert as_kept(f"sqlite:///{copy}") == before
    assert rows_in(f"sqlite:///{copy}", "alembic_version") == [(version,)]
    said = capsys.readouterr()
    assert (said.out, str(copy) in said.err) == ("", True)


def test_the_five_newest_copies_of_sqlite_are_kept(sqlite_url, tmp_path):
    make_older(sqlite_url, "0002")
    folder = tmp_path / "state" / "backups"
    folder.mkdir()
    old = [folder / f"goldpan-000{9 - day}-2026010{day}T000000Z.sqlite" for day in range(1, 8)]
    for path in [*old, folder / "mine.sqlite"]:
        path.touch()

    State.open(sqlite_url).close()

    kept = {path.name for path in folder.iterdir()}
    assert len(kept) == 6
    assert {path.name for path in old[-4:]} | {"mine.sqlite"} < kept


def test_without_room_for_the_copy_nothing_is_changed_and_it_says_what_to_do(sqlite_url, tmp_path):
    make_older(sqlite_url, "0001")
    (tmp_path / "state" / "backups").write_text("a file where the folder should be")

    with pytest.raises(FatalError, match=r"(?s)could not be written.*Nothing was changed\. Make room"):
        State.open(sqlite_url)

    assert rows_in(sqlite_url, "alembic_version") == [("0001",)]
    assert all(len(rows) == 1 for rows in as_kept(sqlite_url).values())


def test_a_copy_that_is_cut_short_leaves_nothing_behind(sqlite_url, tmp_path):
    make_older(sqlite_url, "0002")
    with closing(sqlite3.connect(tmp_path / "state" / "goldpan.sqlite")) as file, file:
        file.execute("UPDATE changes SET message = ?", ["m" * 600_000])
    before = as_kept(sqlite_url)

    with files_of_at_most(300_000), pytest.raises(FatalError, match="Nothing was changed"):
        State.open(sqlite_url)

    assert list((tmp_path / "state" / "backups").iterdir()) == []
    assert as_kept(sqlite_url) == before
    assert rows_in(sqlite_url, "alembic_version") == [("0002",)]


def test_postgresql_is_copied_first_into_a_schema(postgres_url):
    make_older(postgres_url, "0002")
    before = as_kept(postgres_url)

    State.open(postgres_url).close()

    [schema] = schemas_in(postgres_url)
    assert schema.startswith("goldpan_backup_0002_2")
    copied = {table: rows_in(postgres_url, table, ", ".join(row), f"{schema}.") for table, row in ROWS.items()}
    assert copied == before
    assert rows_in(postgres_url, "alembic_version", schema=f"{schema}.") == [("0002",)]


def test_the_two_newest_copies_in_postgresql_are_kept_and_nobody_else_s_schema_goes(postgres_url, server):
    make_older(postgres_url, "0002")
    with server.connect(postgres_url) as connection:
        for name in ("goldpan_backup_0009_20250101t000000z", "goldpan_backup_0001_20260101t000000z", "others"):
            connection.execute(f"CREATE SCHEMA {name} CREATE TABLE runs (x int)")

    State.open(postgres_url).close()

    first, second = schemas_in(postgres_url)
    assert (first, second[:20]) == ("goldpan_backup_0001_20260101t000000z", "goldpan_backup_0002_")
    with server.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM others.runs").fetchone() == (0,)


def test_a_user_who_may_make_no_schema_changes_nothing_and_is_told_what_to_do(postgres_url, server):
    make_older(postgres_url, "0002")
    name = postgres_url.rpartition("/")[2]
    with server.connect(postgres_url) as connection:
        connection.execute("CREATE ROLE modest LOGIN")
        for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            connection.execute(f"ALTER TABLE {table} OWNER TO modest")

    with pytest.raises(FatalError, match=f"GRANT CREATE ON DATABASE {name}"):
        State.open(postgres_url.replace("goldpan@", "modest@"))

    assert rows_in(postgres_url, "alembic_version") == [("0002",)]
    assert schemas_in(postgres_url) == []


def test_a_state_is_not_changed_under_a_run_of_an_older_goldpan(sqlite_url, tmp_path):
    make_older(sqlite_url, "0002")

    with FileLock(tmp_path / "state" / "goldpan.sqlite.lock"), pytest.raises(BusyError, match="another Goldpan"):
        State.open(sqlite_url)

    assert rows_in(sqlite_url, "alembic_version") == [("0002",)]


def test_nor_in_postgresql_while_somebody_has_the_lease(postgres_url):
    with State.open(postgres_url) as state:
        state.leases.take("one", Holder("m", "1 1", "process 1 on there"), seconds=60, is_dead=lambda _: False)
        with state.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))

    with pytest.raises(BusyError, match="process 1 on there"):
        State.open(postgres_url)


def test_whoever_has_the_lock_brings_it_forward(sqlite_url, tmp_path):
    make_older(sqlite_url, "0002")

    with FileLock(tmp_path / "state" / "goldpan.sqlite.lock"):
        engine = open_engine(sqlite_url, is_alone=True)
        assert Leases(engine).current() is None
        engine.dispose()


def schemas_in(url: str) -> list[str]:
    if url.startswith("sqlite"):
        return []
    engine = create_engine(url)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'goldpan%' ORDER BY 1"))
        schemas = list(names.scalars())
    engine.dispose()
    return schemas
