"""What a review of the service found, each as a promise."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from sync.approval import approve
from sync.choosing import choose_exports
from sync.runner import RunRequest, run
from sync.sandbox import Fault
from sync.undo import undo
from tests.cli.installation import MEMBERS, ORDERS, member, order, write_csv

NEWER = ({**MEMBERS[0], "Customer Name": "Ada King"}, *MEMBERS[1:])
MORE = (*ORDERS, order(5, 2, "1.00"))


@pytest.fixture
def loaded(night):
    night.load_first()
    return night


def name_of_ada(sandbox):
    return sandbox.contacts()["ada@example.org"]["customer_name"]


def test_a_run_that_fails_before_it_reads_an_export_is_tried_again_later_not_at_once(loaded, sandbox):
    sandbox.faults.replace([Fault("status", status=401)])
    loaded.drop(NEWER, MORE)
    with capture_logs() as logged:
        loaded.turn(times=10)
    failed = loaded.told()[2:]
    sandbox.faults.replace([])
    loaded.turn(minutes=21)

    assert failed == [("run", "failed")]
    assert ["401" in event["problems"][0] for event in logged if event["event"] == "run.failed"] == [True]
    assert loaded.told()[2:] == [("run", "failed"), ("run", "done")]
    assert name_of_ada(sandbox) == "Ada King"


def test_content_that_goes_back_to_what_it_was_is_taken(loaded, sandbox):
    loaded.drop(NEWER, MORE)
    loaded.turn(times=3, minutes=2)
    loaded.drop(MEMBERS, MORE)
    loaded.turn(times=3, minutes=2)

    assert loaded.told()[2:] == [("run", "done"), ("run", "done")]
    assert name_of_ada(sandbox) == "Ada Lovelace"


def test_a_history_that_is_delivered_once_more_is_no_work(loaded, sandbox):
    loaded.drop(NEWER, MORE, day="_2026-11-20")
    loaded.turn(times=3, minutes=2)
    loaded.drop(({**MEMBERS[0], "Customer Name": "Ada III"}, *MEMBERS[1:]), None, day="_2026-11-21")
    loaded.turn(times=3, minutes=2)
    loaded.turn(minutes=121)
    before = loaded.told()
    loaded.drop(NEWER, MORE, day="_2026-11-20")
    loaded.turn(times=3, minutes=2)

    assert loaded.told() == before
    assert name_of_ada(sandbox) == "Ada III"


def test_an_export_that_is_delivered_unchanged_each_day_is_never_too_old(loaded):
    for day in range(21, 31):
        loaded.go_to(f"2026-11-{day}T05:31")
        loaded.drop(day=f"_2026-11-{day}")
        loaded.turn(times=3, minutes=2)

    assert {status for _, status in loaded.told()[2:]} == {"done"}


def test_after_a_named_run_each_source_still_has_its_own_last_export(night, sandbox):
    night.split_in_two()
    zoe = member(70, "Zoe South", "zoe@example.org", "2026-01-01", "2027-01-01")
    night.drop(folder="north")
    night.drop([zoe], [order(71, 70, "5000")], folder="south")
    night.turn(times=3, minutes=2)
    approve(night.settings(), night.runs()[0].fingerprint, clock=lambda: night.at)
    named = write_csv(night.goldpan.home / "all.csv", [*MEMBERS, zoe])
    night.at += timedelta(minutes=5)
    assert run(night.settings(), RunRequest({"memberships": named}), clock=lambda: night.at).status == "done"

    chosen = choose_exports(night.settings(), night.state, {}, delivered=())
    night.drop(NEWER, None, folder="north")
    night.turn(times=3, minutes=2)
    night.turn(minutes=125)

    assert [each.name for each in chosen["memberships"]] == ["all.csv"]
    assert night.told()[-1] == ("run", "done")
    assert night.runs()[0].record["contacts"]["total"] == 7
    assert name_of_ada(sandbox) == "Ada King"


def test_an_export_of_a_source_that_is_taken_out_of_the_config_waits_until_it_is_back(night):
    night.split_in_two()
    night.drop(folder="north")
    night.turn(times=3, minutes=2)
    approve(night.settings(), night.runs()[0].fingerprint, clock=lambda: night.at)
    night.goldpan.configure("goldpan.toml", ("debounce_seconds = 0", "debounce_seconds = 600"))
    night.drop([member(70, "Zoe South", "zoe@example.org", "2026-01-01", "2027-01-01")], None, folder="south")
    night.drop(NEWER, MORE, folder="north")
    night.turn(times=3, minutes=1)
    south = '\n[[source]]\nname = "south"\nfolder = "south"\n'
    night.goldpan.configure("goldpan.toml", (south, ""), ("debounce_seconds = 600", "debounce_seconds = 0"))
    night.turn(times=8, minutes=3)
    without = night.told()
    night.goldpan.configure("goldpan.toml", append=south)
    night.go_to("2026-11-21T05:31")

    assert without == [("run", "held"), ("approve", "done"), ("run", "done")]
    assert night.told() == [*without, ("run", "done")]
    assert [each["rows"] for each in night.runs()[0].record["inputs"]] == [len(MEMBERS), 1, len(MORE)]


def test_held_exports_are_found_again_when_the_home_moved(loaded, tmp_path):
    loaded.drop(MEMBERS[:3], MORE)
    loaded.turn(times=3, minutes=2)
    (loaded.goldpan.home / "archive").rename(loaded.goldpan.home / "elsewhere")
    loaded.goldpan.configure("goldpan.toml", ('folder = "archive"', 'folder = "elsewhere"'))
    loaded.go_to("2026-11-21T05:31")

    assert loaded.told()[2:] == [("run", "held"), ("run", "held")]


def test_orders_whose_amounts_are_none_are_set_aside(loaded):
    loaded.drop(None, [{**ORDERS[0], "Total Value": "900000000000"} for _ in range(12)])
    loaded.turn(times=3, minutes=2)
    loaded.turn(minutes=121)

    assert loaded.told()[-1] == ("run", "failed")
    assert any("orders" in name for name in loaded.files("failed")), loaded.files("failed")
    loaded.go_to("2026-11-21T05:31")
    assert loaded.told()[-1] == ("run", "done")


def test_after_a_pause_what_waited_goes_at_once(loaded, sandbox):
    loaded.state.pauses.begin(loaded.at + timedelta(hours=1), at=loaded.at)
    loaded.drop(NEWER, MORE)
    loaded.turn(times=6, minutes=2)
    during = loaded.told()[2:]
    loaded.turn(minutes=61)
    loaded.turn(minutes=1)

    assert during == [("run", "held")]
    assert loaded.told()[2:] == [("run", "held"), ("run", "done")]
    assert name_of_ada(sandbox) == "Ada King"


def test_after_an_undo_the_good_export_can_be_delivered_again(loaded, sandbox):
    loaded.drop(NEWER, MORE)
    loaded.turn(times=3, minutes=2)
    loaded.at += timedelta(minutes=1)
    assert undo(loaded.settings(), "latest", clock=lambda: loaded.at).status == "done"
    loaded.drop(MEMBERS, ORDERS)
    loaded.turn(times=3, minutes=2)

    newest = loaded.runs()[0]
    assert (newest.status, newest.record["contacts"]["held"]) in (("held", 0), ("done", 0))
