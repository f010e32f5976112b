"""A state that an older Goldpan left, in the middle of sending, is brought up and settled."""

import sqlite3

from tests.cli.installation import WANTED, tags_in
from tests.cli.test_run import counted
from tests.state.test_upgrade import make_older


def test_changes_that_an_older_goldpan_journalled_are_settled_and_never_confirmed_blank(goldpan, sandbox):
    goldpan.run()
    with sqlite3.connect(goldpan.home / "state" / "goldpan.sqlite") as state:
        state.execute("UPDATE changes SET payload = '', customer_key = '', verdict = 'sent' WHERE verdict = 'applied'")
        state.execute("UPDATE runs SET status = 'running' WHERE kind = 'approve'")
        state.execute("DELETE FROM contacts")
    state.close()

    said = goldpan.run()

    assert said.exit_code == 0, said.json["problems"]
    assert tags_in(sandbox) == WANTED
    assert counted(said.json) == {"total": 6, "unchanged": 5, "unsendable": 1}
    assert goldpan("verify", "--json").json["drift"]["fine"] == 5


def test_a_command_that_prints_json_brings_an_older_state_up_and_prints_nothing_else(set_up):
    installation = set_up("http://127.0.0.1:9")
    make_older(f"sqlite:///{installation.home / 'state' / 'goldpan.sqlite'}", "0002")

    said = installation.as_process("runs", "--json")

    assert [run["status"] for run in said.json["runs"]] == ["done"]
    assert "state.upgraded" in said.err
    assert str(installation.home / "state" / "backups") in said.err
