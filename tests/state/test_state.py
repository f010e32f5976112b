"""The state remembers exactly what HubSpot proved, per portal, and survives what interrupts it."""

import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from goldpan.errors import ConfigError, FatalError
from goldpan.model import Action, Change, Confirmed, Outcome, Portal, Verdict
from sync.state import database, tables, upgrade
from sync.state.contacts import Refusal
from sync.state.inputs import StoredInput
from sync.state.store import State

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
DAY = date(2026, 11, 20)
HERE, THERE = Portal("1"), Portal("2")


def begin(state: State, run_id: str = "r1", *, as_of: date = DAY) -> None:
    state.runs.start(run_id, destination="hubspot", as_of=as_of, version="1", at=AT)


def finish(state: State, run_id: str = "r1", status: str = "done") -> None:
    state.runs.finish(run_id, status=status, portal_id="1", fingerprint="f", record={"contacts": {"total": 1}}, at=AT)


def change(email: str) -> Change:
    return Change(email, Action.CREATE, {"a": ""}, {"a": "x"})


def test_the_migrations_make_the_tables_that_the_code_uses(url):
    engine = database.open_engine(url)

    made = inspect(engine)
    for table in tables.metadata.tables.values():
        columns = {column["name"]: column for column in made.get_columns(table.name)}
        assert set(columns) == {column.name for column in table.columns}
        assert {name for name, column in columns.items() if column["nullable"]} == {
            column.name for column in table.columns if column.nullable
        }
        assert made.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
        assert {index["name"] for index in made.get_indexes(table.name)} == {index.name for index in table.indexes}
    engine.dispose()


def test_the_version_is_that_of_the_newest_migration():
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))

    assert scripts.get_current_head() == upgrade.VERSION


def test_the_file_and_its_folder_are_private(sqlite_url, tmp_path):
    State.open(sqlite_url).close()

    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "goldpan.sqlite").stat().st_mode) == 0o600


def test_a_state_of_a_newer_goldpan_is_refused(url):
    with State.open(url) as state, state.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(FatalError, match="newer Goldpan"):
        State.open(url)


@pytest.mark.parametrize("url", ["nonsense", "mysterydb://x", "mysql://x/y", "sqlite:////proc/nowhere/state.sqlite"])
def test_a_url_that_leads_nowhere_says_so(url):
    with pytest.raises(ConfigError, match=r"GOLDPAN_STATE_URL|state"):
        State.open(url)


def test_a_file_that_is_no_database_says_so(tmp_path):
    (tmp_path / "state.sqlite").write_bytes(b"this is no database, but long enough to look like one" * 40)

    with pytest.raises(ConfigError, match="can't be opened"):
        State.open(f"sqlite:///{tmp_path / 'state.sqlite'}")


def test_what_was_confirmed_is_there_after_reopening(url):
    with State.open(url) as state:
        state.contacts_of("hubspot", HERE).confirm({"a@x.com": Confirmed("7", '{"n":"é"}')}, run_id="r1", at=AT)

    with State.open(url) as state:
        assert state.contacts_of("hubspot", HERE).known() == {
            "a@x.com": Confirmed("7", '{"n":"é"}', first_run_id="r1", run_id="r1")
        }


def test_another_portal_starts_empty(state):
    state.contacts_of("hubspot", HERE).confirm({"a@x.com": Confirmed("7", "{}")}, run_id="r1", at=AT)

    assert state.contacts_of("hubspot", THERE).known() == {}
    assert state.contacts_of("hubspot", THERE).other_portals() == ["1"]
    assert state.contacts_of("hubspot", HERE).other_portals() == []


def test_confirming_replaces_and_forgets_an_earlier_refusal(state):
    state.contacts_of("hubspot", HERE).confirm({"a@x.com": Confirmed("7", '{"a":"1"}')}, run_id="r1", at=AT)
    state.contacts_of("hubspot", HERE).refuse({"a@x.com": Refusal("new", "INVALID_EMAIL", "no", AT, AT)})

    state.contacts_of("hubspot", HERE).confirm({"a@x.com": Confirmed("7", "new")}, run_id="r2", at=AT)

    assert state.contacts_of("hubspot", HERE).known() == {
        "a@x.com": Confirmed("7", "new", first_run_id="r1", run_id="r2")
    }
    assert state.contacts_of("hubspot", HERE).refusals() == {}


def test_a_refusal_keeps_its_times(state):
    refusal = Refusal("p", "CONFLICT", "why", AT, AT + timedelta(days=1))

    state.contacts_of("hubspot", HERE).refuse({"a@x.com": refusal})

    assert state.contacts_of("hubspot", HERE).refusals() == {"a@x.com": refusal}


def test_unconfirming_forgets_only_that_contact(state):
    both = {"a@x.com": Confirmed("7", "{}"), "b@x.com": Confirmed("8", "{}")}
    state.contacts_of("hubspot", HERE).confirm(both, run_id="r1", at=AT)

    state.contacts_of("hubspot", HERE).unconfirm(["a@x.com"])

    assert set(state.contacts_of("hubspot", HERE).known()) == {"b@x.com"}


def test_changes_go_from_planned_to_sent_to_their_outcome(state):
    begin(state)
    state.journal.plan("r1", [change("a@x.com"), change("b@x.com"), change("c@x.com")])
    state.journal.mark_sent("r1", [change("a@x.com"), change("b@x.com")])

    state.journal.record("r1", [Outcome("a@x.com", Verdict.REFUSED, reason="CONFLICT", message="m")], at=AT)

    assert [(row.email, row.verdict, row.reason) for row in state.journal.changes("r1")] == [
        ("a@x.com", "refused", "CONFLICT"),
        ("b@x.com", "sent", ""),
        ("c@x.com", "planned", ""),
    ]
    assert [row.email for row in state.journal.changes("r1", "sent")] == ["b@x.com"]


def test_an_interrupted_run_leaves_its_unanswered_changes_unknown_and_the_unsent_ones_discarded(state):
    begin(state)
    state.journal.plan("r1", [change("a@x.com"), change("b@x.com")])
    state.journal.mark_sent("r1", [change("a@x.com")])

    assert state.runs.close_interrupted(AT) == 1

    assert [(row.email, row.verdict) for row in state.journal.changes("r1")] == [("a@x.com", "unknown")]
    assert state.runs.get("r1").status == "interrupted"
    assert state.runs.close_interrupted(AT) == 0


def test_a_run_is_found_by_the_beginning_of_its_id_and_by_latest(state):
    begin(state, "20261120T01-a")
    finish(state, "20261120T01-a")
    begin(state, "20261121T01-b")

    assert state.runs.get("20261120").run_id == "20261120T01-a"
    assert state.runs.get("latest").run_id == "20261121T01-b"
    assert [run.run_id for run in state.runs.latest(5)] == ["20261121T01-b", "20261120T01-a"]
    assert state.runs.get("20261120").record == {"contacts": {"total": 1}}


@pytest.mark.parametrize(("run_id", "says"), [("2026112", "Several"), ("2030", "No run"), ("%", "No run")])
def test_a_run_that_is_not_one_says_so(state, run_id, says):
    begin(state, "20261120T01-a")
    begin(state, "20261121T01-b")

    with pytest.raises(ConfigError, match=says):
        state.runs.get(run_id)


def test_the_last_day_sent_is_that_of_runs_that_were_sent_to_this_portal(state):
    for run_id, status, day in (("r1", "done", 20), ("r2", "failed", 25), ("r3", "held", 26), ("r4", "partial", 21)):
        begin(state, run_id, as_of=date(2026, 11, day))
        finish(state, run_id, status)

    assert state.runs.last_sent_as_of("hubspot", HERE) == date(2026, 11, 21)
    assert state.runs.last_sent_as_of("hubspot", THERE) is None


def test_the_last_accepted_export_is_that_of_the_last_run_that_was_sent(state, tmp_path):
    for run_id, name in (("r1", "first.csv"), ("r2", "second.csv"), ("r3", "third.csv")):
        path = tmp_path / name
        path.write_text(name)
        begin(state, run_id)
        state.inputs.add(run_id, StoredInput("orders", name, f"sha-{name}", path), rows=3)
    state.inputs.accept("r1")
    state.inputs.accept("r2")

    assert replace(state.inputs.last_accepted("orders")[0], arrived_at=None) == StoredInput(
        "orders", "second.csv", "sha-second.csv", tmp_path / "second.csv"
    )
    assert state.inputs.last_accepted("memberships") == []


def test_the_same_export_in_two_runs_is_kept_once(state, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("x")
    for run_id in ("r1", "r2"):
        begin(state, run_id)
        state.inputs.add(run_id, StoredInput("orders", "orders.csv", "sha", path), rows=3)

    with state.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM inputs")).scalar() == 1
