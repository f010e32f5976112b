"""HubSpot and the network at their worst: each run ends truthfully, and the next one ends right.

Every promise is checked on whole runs: what the run said must be what the portal holds.
"""

import resource
import shutil
import threading
import time

import pytest

from sync.init import set_up_folder
from sync.sandbox import ALL_SCOPES, TOKEN, Fault, Sandbox
from tests.cli.installation import (
    AS_OF,
    READ,
    UPSERT,
    Installation,
    Said,
    customer_id,
    furnished,
    member,
    order,
    pass_waits,
    tags_in,
)
from tests.cli.test_convert import converted_tags
from tests.cli.test_run import assert_documented, counted
from tests.sandbox.hub import PROPERTIES, Hub

CONTACTS = 450  # five batches
ENDS = [f"2026-{11 + number % 2}-{1 + number % 28:02}" for number in range(CONTACTS)]
PEOPLE = [member(number, "Jo", f"m{number}@example.org", "2026-01-01", end) for number, end in enumerate(ENDS)]
BOUGHT = [order(number, number, f"{(number * 37) % 2000}.50") for number in range(0, CONTACTS, 3)]
BAD = [member(900 + number, "Bad", f"b{number}@example.con", "2026-01-01", "2027-01-01") for number in range(3)]
TROUBLE = {"path": "*/batch/*"}


@pytest.fixture(scope="module")
def furnished_file(tmp_path_factory):
    return furnished(tmp_path_factory.mktemp("portal") / "portal.sqlite")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory):
    """Each contact's tags, worked out without HubSpot."""
    goldpan = Installation(tmp_path_factory.mktemp("convert"))
    assert goldpan("convert", *goldpan.deliver(PEOPLE, BOUGHT), "--as-of", AS_OF).exit_code == 0
    return converted_tags(goldpan.home / "hubspot.csv")


@pytest.fixture
def waits(monkeypatch):
    return pass_waits(monkeypatch)


@pytest.fixture
def sandbox(tmp_path, furnished_file):
    file = tmp_path / "portal.sqlite"
    shutil.copyfile(furnished_file, file)
    with Sandbox(file, burst_limit=0) as running:
        yield running


@pytest.fixture
def goldpan(tmp_path, sandbox, waits):
    home = tmp_path / "home"
    for _ in set_up_folder(home):
        pass
    installation = Installation(home, sandbox.url)
    installation.deliver(PEOPLE, BOUGHT)
    return installation


def upserts(sandbox):
    return [request for request in sandbox.requests if request.path == UPSERT]


def assert_true(said, sandbox):
    """The sums add up, and as many contacts were said to be written as the portal holds, but for the unknown ones."""
    assert_documented(said.json)
    contacts = said.json["contacts"]
    said_written = contacts["created"] + contacts["updated"] + contacts["unchanged"]
    assert said_written <= len(sandbox.contacts()) <= said_written + contacts["unknown"]


def assert_ends_right(goldpan, sandbox, wanted):
    """The next run settles everything, and the one after it writes nothing."""
    sandbox.faults.replace([])
    said = goldpan.run()
    assert said.exit_code == 0, said.json["problems"]
    assert_documented(said.json)
    assert_is_right(goldpan, sandbox, wanted)


def assert_is_right(goldpan, sandbox, wanted):
    """Everybody has the right tags, and the next run writes nothing."""
    sandbox.faults.replace([])
    assert tags_in(sandbox) == wanted
    before = len(upserts(sandbox))
    assert counted(goldpan.run().json) == {"total": CONTACTS, "unchanged": CONTACTS}
    assert len(upserts(sandbox)) == before


# --- trouble that passes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("status", status=500, every=2, **TROUBLE), id="500"),
        pytest.param(
            Fault("status", status=502, every=2, body="<html>Bad Gateway</html>", **TROUBLE), id="502 in HTML"
        ),
        pytest.param(Fault("status", status=503, every=3, **TROUBLE), id="503"),
        pytest.param(Fault("status", status=500, every=2, when="after", **TROUBLE), id="500 once it was written"),
        pytest.param(Fault("status", status=423, every=3, **TROUBLE), id="423 locked"),
        pytest.param(Fault("drop", every=2, **TROUBLE), id="connections dropped"),
        pytest.param(Fault("drop", every=2, when="after", **TROUBLE), id="connections dropped once it was written"),
        pytest.param(Fault("truncate", every=2, **TROUBLE), id="answers cut off"),
        pytest.param(Fault("throttle", every=2, **TROUBLE), id="429 bursts"),
        pytest.param(Fault("throttle", times=4, retry_after=3, **TROUBLE), id="429 with Retry-After"),
        pytest.param(Fault("omit", path=READ, every=2, count=7), id="results left out of what is read"),
    ],
)
def test_trouble_that_passes_is_ridden_out_within_the_run(goldpan, sandbox, wanted, fault):
    held = goldpan.plan()
    sandbox.faults.replace([fault])

    said = goldpan.approve(held)

    assert said.exit_code == 0, said.json["problems"]
    assert_true(said, sandbox)
    assert counted(said.json) == {"total": CONTACTS, "created": CONTACTS}
    assert (said.json["requests"]["throttled"] > 0) is (fault.does == "throttle")
    assert_is_right(goldpan, sandbox, wanted)


def test_contacts_left_out_of_an_answer_are_read_back_and_proved(goldpan, sandbox, wanted):
    held = goldpan.plan()
    sandbox.faults.replace([Fault("omit", path=UPSERT, count=3)])

    said = goldpan.approve(held)

    assert said.exit_code == 0, said.json["problems"]
    assert counted(said.json) == {"total": CONTACTS, "created": CONTACTS}
    assert all(len(sandbox.writes_of(email)) == 1 for email in wanted)
    assert_is_right(goldpan, sandbox, wanted)


# --- trouble that stays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("does", ["status", "drop", "throttle"])
def test_one_batch_that_never_gets_an_answer_is_told_by_what_the_portal_holds(goldpan, sandbox, wanted, does, when):
    held = goldpan.plan()
    sandbox.faults.replace([Fault(does, status=503, when=when, path=UPSERT, address="m10@example.org")])

    said = goldpan.approve(held)

    assert_true(said, sandbox)
    if when == "after":  # written, and the reading back proves it
        assert (said.exit_code, counted(said.json)) == (0, {"total": CONTACTS, "created": CONTACTS})
    else:
        assert (said.exit_code, said.json["status"]) == (1, "partial")
        assert counted(said.json) == {"total": CONTACTS, "created": CONTACTS - 100, "unknown": 100}
        assert "100 changes" in said.json["problems"][0]
    assert_ends_right(goldpan, sandbox, wanted)


def test_hubspot_down_while_sending_leaves_everything_unknown_or_unsent_and_the_next_run_settles_it(
    goldpan, sandbox, wanted
):
    held = goldpan.plan()
    sandbox.faults.replace([Fault("status", status=503, path=UPSERT)])

    said = goldpan.approve(held)

    assert said.exit_code == 1
    assert_true(said, sandbox)
    contacts = said.json["contacts"]
    assert (contacts["unknown"] + contacts["held"], contacts["total"]) == (CONTACTS, CONTACTS)
    assert contacts["unknown"] > 0
    assert sandbox.contacts() == {}
    assert_ends_right(goldpan, sandbox, wanted)


def test_hubspot_down_while_reading_sends_nothing(goldpan, sandbox, wanted):
    held = goldpan.plan()
    sandbox.faults.replace([Fault("status", status=503, path=READ)])

    said = goldpan.approve(held)

    assert (said.exit_code, said.json["status"]) == (1, "failed")
    assert_documented(said.json)
    assert upserts(sandbox) == []
    assert_ends_right(goldpan, sandbox, wanted)


def test_the_daily_limit_leaves_the_rest_to_the_next_run(goldpan, sandbox, wanted):
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    held = goldpan.plan()
    sandbox.faults.replace([Fault("delay", path=UPSERT, nth=1), Fault("throttle", path=UPSERT, policy="DAILY")])

    said = goldpan.approve(held)

    assert said.exit_code == 1
    assert_true(said, sandbox)
    assert counted(said.json)["created"] == 100
    assert "daily" in said.json["problems"][0]
    assert_ends_right(goldpan, sandbox, wanted)


@pytest.mark.parametrize(("status", "says"), [(401, "HUBSPOT_ACCESS_TOKEN"), (403, "crm.objects.contacts.write")])
def test_a_token_revoked_in_the_middle_stops_the_run_and_keeps_what_was_done(goldpan, sandbox, wanted, status, says):
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    held = goldpan.plan()
    revoked = Fault("status", status=status, path=UPSERT, body={"status": "error", "message": "not any more"})
    sandbox.faults.replace([Fault("delay", path=UPSERT, times=2), revoked])

    said = goldpan.approve(held)

    assert (said.exit_code, said.json["status"]) == (2, "failed")
    assert_true(said, sandbox)
    assert counted(said.json)["created"] == 200
    assert len(upserts(sandbox)) == 3
    assert says in said.json["problems"][0]
    assert_ends_right(goldpan, sandbox, wanted)


def test_a_day_that_was_sent_in_part_holds_an_earlier_one(goldpan, sandbox):
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    held = goldpan.plan("--as-of", "2026-12-24")
    sandbox.faults.replace([Fault("delay", path=UPSERT, times=2), Fault("status", status=401, path=UPSERT)])
    assert goldpan.approve(held).json["contacts"]["created"] == 200
    sandbox.faults.replace([])

    assert goldpan.run().exit_code == 3


def test_a_property_deleted_in_the_middle_stops_the_run_and_names_setup(goldpan, sandbox, wanted):
    goldpan.configure("goldpan.toml", ("workers = 16", "workers = 1"))
    held = goldpan.plan()
    sandbox.faults.replace([Fault("delay", seconds=0.3, path=UPSERT)])
    hub = Hub(sandbox.url)

    def delete_after_the_first_batch():
        while not upserts(sandbox):
            time.sleep(0.01)
        assert hub.call("DELETE", f"{PROPERTIES}/member_since").status == 204

    somebody = threading.Thread(target=delete_after_the_first_batch)
    somebody.start()
    said = goldpan.approve(held)
    somebody.join()
    hub.pool.clear()

    assert (said.exit_code, said.json["status"]) == (2, "failed")
    assert_true(said, sandbox)
    assert 100 <= counted(said.json)["created"] < CONTACTS
    assert "member_since" in said.json["problems"][0]
    assert "goldpan setup" in said.json["problems"][0]
    assert goldpan("setup", "--yes").exit_code == 0
    assert_ends_right(goldpan, sandbox, wanted)


# --- single records ---------------------------------------------------------------------------------------------------


def test_one_conflicting_address_is_found_and_the_others_are_written(goldpan, sandbox, wanted):
    held = goldpan.plan()
    sandbox.settings.conflicts = frozenset({"m7@example.org"})

    said = goldpan.approve(held)

    assert said.exit_code == 4
    assert_true(said, sandbox)
    assert counted(said.json) == {"total": CONTACTS, "created": CONTACTS - 1, "refused": 1}
    assert tags_in(sandbox) == {email: tags for email, tags in wanted.items() if email != "m7@example.org"}
    again = goldpan.run()
    assert (again.exit_code, again.json["contacts"]["refused"]) == (0, 1)


@pytest.mark.parametrize("fault", [None, Fault("drop", path=UPSERT, every=2)])
def test_addresses_that_only_hubspot_refuses_are_told_one_by_one(goldpan, sandbox, wanted, fault):
    goldpan.deliver([*PEOPLE, *BAD], BOUGHT)
    held = goldpan.plan()
    sandbox.faults.replace([fault] if fault else [])

    said = goldpan.approve(held)

    assert said.exit_code == 4, said.json["problems"]
    assert_true(said, sandbox)
    assert counted(said.json) == {"total": CONTACTS + 3, "created": CONTACTS, "refused": 3}
    assert tags_in(sandbox) == wanted
    rejects = goldpan("rejects", "--json").json["rejects"]
    assert sum(each["Kind"] == "Refused by HubSpot" for each in rejects) == 3
    assert customer_id(900) not in goldpan("rejects").all


def test_refusals_that_name_no_record_are_told_apart(goldpan, sandbox, wanted):
    goldpan.deliver([*PEOPLE, *BAD], BOUGHT)
    held = goldpan.plan()
    sandbox.faults.replace([Fault("strip_context", path=UPSERT)])

    said = goldpan.approve(held)

    assert (said.exit_code, said.json["status"]) == (4, "partial")
    assert_true(said, sandbox)
    assert counted(said.json) == {"total": CONTACTS + 3, "created": CONTACTS, "refused": 3}
    assert tags_in(sandbox) == wanted


@pytest.mark.parametrize("largest_kb", [64, 150, 250, 400])
def test_a_disk_that_fills_up_ends_the_run_truthfully_and_the_next_one_right(goldpan, sandbox, wanted, largest_kb):
    held = goldpan.plan()
    with goldpan.start("run", "--approve", held.json["fingerprint"], "--json") as process:
        # No file of this process grows past it from now on, as on a disk that is full.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest_kb * 1024, largest_kb * 1024))
        out, err = process.communicate(timeout=60)

    said = Said(process.returncode, out, err)
    assert said.exit_code != 0
    assert "Traceback" not in err
    assert_true(said, sandbox)
    assert_ends_right(goldpan, sandbox, wanted)


def test_everything_at_once_and_the_next_night_is_right(goldpan, sandbox, wanted):
    held = goldpan.plan()
    sandbox.faults.replace([
        Fault("throttle", every=5, **TROUBLE),
        Fault("status", status=502, every=4, when="after", **TROUBLE),
        Fault("drop", every=3, **TROUBLE),
        Fault("truncate", every=7, **TROUBLE),
        Fault("omit", every=6, count=5, **TROUBLE),
    ])  # fmt: skip

    said = goldpan.approve(held)

    assert_true(said, sandbox)
    assert said.exit_code in (0, 1)
    assert_ends_right(goldpan, sandbox, wanted)
    assert all(len(sandbox.writes_of(email)) <= 6 for email in wanted)


def test_the_burst_limit_of_the_portal_is_never_reached(goldpan, furnished_file, tmp_path, wanted, monkeypatch):
    """With its real pace, and HubSpot counting for real."""
    monkeypatch.undo()
    file = tmp_path / "counting.sqlite"
    shutil.copyfile(furnished_file, file)
    with Sandbox(file, burst_limit=190, tokens={TOKEN: ALL_SCOPES}) as counting:
        goldpan.env["HUBSPOT_BASE_URL"] = counting.url

        said = goldpan.run()

        assert (said.exit_code, said.json["requests"]["throttled"]) == (0, 0)
        assert tags_in(counting) == wanted
        assert counting.peak_burst() <= 190
