"""Who looks at the state is not held up by who writes to it, and sees only what is whole."""

from threading import Event, Thread

import pytest
from sqlalchemy import text

from sync.state.database import open_engine, writing
from sync.state.store import State
from tests.state.test_state import begin, change, finish


def test_readers_go_on_while_a_run_writes_and_see_what_is_finished(url):
    with State.open(url) as writer, State.open(url) as reader:
        begin(writer, "r1")
        writer.journal.plan("r1", [change("a@x.com")])
        with writer.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE changes SET verdict = 'sent'")
            connection.exec_driver_sql("UPDATE runs SET status = 'done'")

            seen = [row.verdict for row in reader.journal.changes("r1")], reader.runs.latest(1)[0].status

        assert seen == (["planned"], "running")
        assert [row.verdict for row in reader.journal.changes("r1")] == ["sent"]


def test_a_reader_in_the_middle_of_a_long_list_holds_up_no_writer(url):
    with State.open(url) as writer, State.open(url) as reader:
        begin(writer, "r1")
        writer.journal.plan("r1", [change(f"{number:04}@x.com") for number in range(3000)])
        listed = reader.journal.changes("r1")
        first = next(listed)

        finish(writer, "r1")
        begin(writer, "r2")

        assert first.email == "0000@x.com"
        assert sum(1 for _ in listed) == 2999
        assert [run.run_id for run in reader.runs.latest(5)] == ["r2", "r1"]


def test_a_batch_that_may_not_leave_is_not_marked(state):
    begin(state, "r1")
    state.journal.plan("r1", [change("a@x.com")])

    def refuse(connection):
        connection.exec_driver_sql("UPDATE runs SET status = 'failed'")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        state.journal.mark_sent("r1", [change("a@x.com")], unless=refuse)

    assert [row.verdict for row in state.journal.changes("r1")] == ["planned"]
    assert state.runs.get("r1").status == "running"


def test_who_reads_and_then_writes_is_never_refused_because_another_wrote_between(tmp_path):
    """The other one waits; without the right to write from the beginning, SQLite would refuse at once."""
    engine = open_engine(f"sqlite:///{tmp_path / 'state.sqlite'}")
    add = text("INSERT INTO alerts (topic, status, since_at) VALUES (:name, 'ok', '2026-11-20 00:00:00')")
    began, done = Event(), []

    def other() -> None:
        began.wait(10)
        with writing(engine) as connection:
            connection.execute(add, {"name": "second"})
        done.append("second")

    thread = Thread(target=other)
    thread.start()
    with writing(engine) as connection:
        connection.execute(text("SELECT count(*) FROM alerts")).scalar_one()
        began.set()
        thread.join(0.3)
        connection.execute(add, {"name": "first"})
        done.append("first")
    thread.join(30)

    assert done == ["first", "second"]
    engine.dispose()
