"""A database as a source: only read, whole snapshots, and errors that say what to do."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from goldpan.checked import describe_problems
from goldpan.errors import ConfigError, DataError, TransientError
from sync.environment import Environment
from sync.readers.limits import ReadLimits
from sync.source_settings import SourceSettings
from sync.sources.sql import SqlSource
from tests.cli.installation import MEMBERS
from tests.sources.databases import MARKS, QUERIES, VARIABLE, members

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = "Kirschkern-7"


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(clock):
    """Makes sources that ask for members."""

    def make(query=QUERIES["memberships"], mark="", limits=None, environment=None, **more):
        settings = SourceSettings(name="crm", sql=VARIABLE, memberships_query=query, memberships_mark=mark, **more)
        environment = environment or Environment(_env_file=None)
        return SqlSource(settings, environment, limits or ReadLimits(), zone=ZoneInfo("America/New_York"), clock=clock)

    return make


@pytest.fixture
def fetched(opened, tmp_path):
    """What a query gives, as a file of its own for each call."""
    numbers = iter(range(100))

    def fetch(query, **more):
        source = opened(query, **more)
        target = tmp_path / f"fetched-{next(numbers)}" / "memberships.parquet"
        target.parent.mkdir()
        try:
            source.fetch(source.list_files().files[0], target)
        finally:
            assert [path.name for path in target.parent.iterdir()] in ([], [target.name])
        return target

    return fetch


at = datetime.fromisoformat


def only(source):
    (found,) = source.list_files().files
    return found


def test_a_query_becomes_a_table_of_typed_columns(system, fetched):
    table = pq.read_table(fetched(QUERIES["memberships"]))

    assert table.column_names == list(MEMBERS[0])
    assert table["Cust ID"].to_pylist() == [row["Cust ID"] for row in MEMBERS]
    assert [str(day) for day in table["Expiration Date"].to_pylist()] == [row["Expiration Date"] for row in MEMBERS]
    day = pa.string() if system.engine.name == "sqlite" else pa.date32()  # SQLite keeps dates as texts
    assert (table.schema.field("Cust ID").type, table.schema.field("Start Date").type) == (pa.string(), day)


def test_a_table_comes_in_the_order_of_its_key_wherever_its_rows_lie(system, fetched):
    numbers = pq.read_table(fetched("members"))["number"].to_pylist()
    system.run("UPDATE members SET name = name WHERE number < 3", "DELETE FROM members WHERE number = 1")

    assert numbers == [*range(len(MEMBERS))]
    assert pq.read_table(fetched("members"))["number"].to_pylist() == [0, *range(2, len(MEMBERS))]


def test_a_view_and_a_table_of_a_schema_will_do(system, fetched):
    schema = "main" if system.engine.name == "sqlite" else "public"
    system.run("CREATE VIEW sold AS SELECT document FROM orders")

    assert pq.read_table(fetched("sold")).num_rows == 4
    assert pq.read_table(fetched(f"{schema}.orders")).num_rows == 4


def test_a_query_goes_to_the_database_as_it_is(system, fetched):
    query = (
        "-- all\nSELECT ':name' AS \"Cust. 100 %\", customer FROM members WHERE name LIKE '%o%' AND ':b' <> '%s' ;\n"
    )

    table = pq.read_table(fetched(query))

    assert table.column_names == ["Cust. 100 %", "customer"]
    assert set(table["Cust. 100 %"].to_pylist()) == {":name"}


def test_the_same_rows_are_the_same_bytes(system, fetched):
    first = fetched(QUERIES["memberships"]).read_bytes()
    again = fetched(QUERIES["memberships"]).read_bytes()
    system.run("UPDATE members SET name = 'Ada King' WHERE number = 0")

    assert first == again
    assert fetched(QUERIES["memberships"]).read_bytes() != first


MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250000)"


def test_a_type_that_the_last_row_changes_holds_for_all(system, fetched):
    late = "CASE WHEN i = 230000 THEN {} ELSE {} END"
    text = late.format("'A7'", "CAST(i AS varchar(9))")
    number = late.format("0.5", "i")
    query = f"{MANY} SELECT i, {text} AS a, {late.format('1', 'NULL')} AS b, {number} AS c FROM n"

    table = pq.read_table(fetched(query))

    assert table["i"].to_pylist() == [*range(1, 250_001)]
    assert table["a"].to_pylist()[229_998:230_001] == ["229999", "A7", "230001"]
    assert table["b"].to_pylist() == [1 if i == 230_000 else None for i in range(1, 250_001)]
    assert [Decimal(str(each)) for each in table["c"].to_pylist()[229_998:]][:2] == [229_999, Decimal("0.5")]


def test_moments_are_told_by_the_configured_clock(server, monkeypatch, fetched):
    """The server's own zone is another one."""
    monkeypatch.setenv(VARIABLE, server.database())

    table = pq.read_table(
        fetched("SELECT timestamptz '2026-11-21 03:00+00' AS at, timestamp '2026-11-21 03:00' AS here")
    )

    assert table.to_pylist() == [{"at": at("2026-11-20 22:00"), "here": at("2026-11-21 03:00")}]


def test_rows_of_one_moment_come_although_somebody_writes_on(server, monkeypatch, opened, tmp_path):
    """Between the first and the last rows of a snapshot others change all of them."""
    url = server.database()
    monkeypatch.setenv(VARIABLE, url)
    with server.connect(url) as other:
        other.execute("CREATE TABLE members AS SELECT i, 'old' AS name FROM generate_series(1, 30000) i")
        source = opened("SELECT * FROM members ORDER BY i")
        with source._asking() as database, database.reading() as connection:
            parts = database.ask(connection, source.settings.memberships_query).partitions(10_000)
            first = next(parts)
            other.execute("UPDATE members SET name = 'new'")
            rest = [row for part in parts for row in part]

    assert (len(first), len(rest)) == (10_000, 20_000)
    assert {row.name for row in [*first, *rest]} == {"old"}


@pytest.mark.parametrize("statement", ["nextval('counted')", "changed()"])
def test_nothing_is_ever_written(server, monkeypatch, fetched, statement):
    url = server.database()
    monkeypatch.setenv(VARIABLE, url)
    with server.connect(url) as other:
        other.execute("CREATE SEQUENCE counted; CREATE TABLE t (a int)")
        other.execute("CREATE FUNCTION changed() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING a'")

        with pytest.raises(DataError, match="read-only transaction"):
            fetched(f"SELECT {statement}")

        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_file_of_sqlite_that_is_not_there_is_not_made(tmp_path, monkeypatch, fetched):
    monkeypatch.setenv(VARIABLE, f"sqlite:///{tmp_path / 'nowhere.sqlite'}")

    with pytest.raises(TransientError, match=r"nowhere\.sqlite can't be reached: unable to open database file"):
        fetched("members")

    assert not (tmp_path / "nowhere.sqlite").exists()


def test_too_many_cells_are_refused_before_they_are_written(system, fetched):
    with pytest.raises(DataError, match=r"memberships\.parquet: the query gives .* max_cells") as refused:
        fetched(f"{MANY} SELECT i FROM n", limits=ReadLimits(max_cells=30_000))

    assert refused.value.reason == "too_large"


def test_a_file_that_grows_too_large_is_refused(lite, fetched):
    with pytest.raises(DataError, match="max_file_mb") as refused:
        fetched(f"{MANY} SELECT hex(randomblob(20)) AS i FROM n", limits=ReadLimits(max_file_bytes=1_000_000))

    assert refused.value.reason == "too_large"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("nowhere", "nowhere"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT nothing FROM members", "nothing"),
        ("SELECT FROM WHERE", "syntax error"),
        ("WITH a AS (SELECT 1) DELETE FROM members", ""),
    ],
)
def test_a_query_that_does_not_fit_is_refused_with_what_the_database_says(system, fetched, query, said):
    with pytest.raises(
        DataError, match=rf"refuses memberships_query of source crm: .*{said}.*Correct it in gold"
    ) as no:
        fetched(query)

    assert no.value.reason == "query_failed"


def test_a_value_that_fails_is_not_quoted(server, monkeypatch, fetched):
    monkeypatch.setenv(VARIABLE, server.database())

    with pytest.raises(DataError, match="SQLSTATE 22P02") as refused:
        fetched("SELECT CAST(name AS integer) FROM (VALUES ('Ada Lovelace')) AS t(name)")

    assert "Ada" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        (f"postgresql://goldpan:{PASSWORD}@127.0.0.1:1/crm", TransientError, "127.0.0.1:1/crm can't be reached: "),
        (f"postgresql://goldpan:{PASSWORD}@@127.0.0.1:1/crm", ConfigError, "holds an @. Write it as %40"),
        (f"mysql+nosuch://goldpan:{PASSWORD}@127.0.0.1/crm", ConfigError, r"driver for mysql\+nosuch is not installed"),
        (f"goldpan:{PASSWORD}@127.0.0.1", ConfigError, "CRM_DATABASE_URL holds no database URL"),
        ("", ConfigError, "neither CRM_DATABASE_URL nor CRM_DATABASE_URL_FILE is set"),
    ],
)
def test_a_database_that_is_not_reached_is_named_and_never_its_password(monkeypatch, fetched, url, error, said):
    monkeypatch.setenv(VARIABLE, url)

    with pytest.raises(error, match=said) as raised:
        fetched("members")

    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None or PASSWORD not in str(raised.value.__cause__)


def test_a_password_that_the_driver_repeats_is_masked(server, monkeypatch, fetched):
    monkeypatch.setenv(VARIABLE, f"postgresql://goldpan:{PASSWORD}@127.0.0.1:{server.port}/{PASSWORD}")

    with pytest.raises(TransientError, match=r'database "\*\*\*" does not exist'):
        fetched("members")


def test_a_database_that_failed_is_left_alone_for_a_minute(lite, opened, monkeypatch, clock):
    """A wrong password every ten seconds locks an account."""
    source = opened(mark=MARKS["memberships"])
    monkeypatch.setenv(VARIABLE, "sqlite:////nowhere/crm.sqlite")
    with pytest.raises(TransientError):
        source.list_files()
    monkeypatch.setenv(VARIABLE, lite.url)

    with pytest.raises(TransientError, match="nowhere"):
        source.list_files()
    clock.at += timedelta(minutes=1)

    assert only(source).name == "memberships.parquet"


def test_the_url_is_read_afresh_from_the_environment_a_file_or_env(lite, opened, monkeypatch, tmp_path):
    dotenv, secret = tmp_path / ".env", tmp_path / "url"
    secret.write_text(f"{lite.url}\n")
    source = opened("members", environment=Environment(_env_file=(dotenv,)))
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ConfigError):
        source.columns("memberships")

    dotenv.write_text(f"{VARIABLE}={lite.url}\n")
    from_env = source.columns("memberships")
    dotenv.write_text(f"{VARIABLE}_FILE={secret}\n")
    from_file = source.columns("memberships")

    assert from_env == from_file == members.columns.keys()


def test_the_mark_tells_whether_anything_has_changed(system, opened, clock):
    source = opened(mark=MARKS["memberships"])
    first = only(source).fingerprint
    clock.at += timedelta(hours=1)
    again = only(source).fingerprint
    system.run("UPDATE members SET changed = '2' WHERE number = 4")
    clock.at += timedelta(hours=1)

    assert first == again
    assert only(source).fingerprint != first


def test_the_database_is_asked_once_in_every_so_many_minutes(system, opened, clock):
    source = opened(mark=MARKS["memberships"], every_minutes=5)
    first = only(source)
    system.run("UPDATE members SET changed = '2'")
    clock.at += timedelta(minutes=4)
    within = only(source)
    clock.at += timedelta(minutes=1)

    assert within == first
    assert only(source).fingerprint != first.fingerprint


def test_without_a_mark_each_turn_is_another_look_and_lists_without_asking(opened, monkeypatch, clock):
    monkeypatch.setenv(VARIABLE, "sqlite:////nowhere/crm.sqlite")
    source = opened()
    first = only(source).fingerprint
    clock.at += timedelta(minutes=59)
    within = only(source).fingerprint
    clock.at += timedelta(minutes=1)

    assert within == first
    assert only(source).fingerprint != first


def test_another_query_is_another_export_although_nothing_has_changed(system, opened):
    mark = MARKS["memberships"]

    assert only(opened("members", mark)).fingerprint != only(opened(QUERIES["memberships"], mark)).fingerprint


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("SELECT number FROM members", "several rows came"),
        ("SELECT number FROM members WHERE number < 0", "no row came"),
        ("SELECT max(nothing) FROM members", "refuses memberships_mark of source crm: .*nothing"),
    ],
)
def test_a_mark_that_means_nothing_is_refused_in_its_place(system, opened, mark, said):
    listing = opened(mark=mark).list_files()

    (refusal,) = listing.refused
    assert listing.files == ()
    assert refusal.code == "query_failed"
    assert re.search(said, refusal.reason)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"sql": "postgresql://u:geheim@h/d", "orders_query": "o"}, "takes the name of an environment variable"),
        ({"sql": "CRM"}, "needs memberships_query, orders_query or both"),
        ({"sql": "CRM", "orders_query": "DELETE FROM orders"}, "takes a SELECT or the name of a table"),
        ({"sql": "CRM", "orders_query": "o", "orders_mark": "UPDATE o SET a = 1"}, "takes a SELECT; nothing else"),
        ({"sql": "CRM", "orders_query": "o", "memberships_mark": "SELECT 1"}, "there is no memberships_query"),
        ({"sql": "CRM", "orders_query": "o", "folder": "inbox"}, "either folder"),
        ({"sql": "CRM", "orders_query": "o", "remove_source": True}, "remove_source: only for files"),
        ({"folder": "inbox", "orders_query": "o"}, 'only with sql = "NAME"'),
    ],
)
def test_settings_that_mean_nothing_are_refused_without_what_they_hold(keys, said):
    with pytest.raises(ValidationError) as refused:
        SourceSettings.model_validate({"name": "crm", **keys})

    (problem,) = describe_problems("goldpan.toml", refused.value)
    assert said in problem
    assert "geheim" not in problem
