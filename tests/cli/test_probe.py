"""``goldpan check --probe``: what it finds on the sandbox, whom it refuses, and that it leaves nothing behind."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

import sync.probe
from sync.locking import single_flight
from sync.sandbox import TOKEN, Fault, Sandbox
from sync.settings import load_settings
from tests.builders import REPOSITORY
from tests.cli.installation import writes_in
from tests.hubspot.stage import Clock, Reply, serving
from tests.sandbox.hub import PROPERTIES, Hub, one

ADA = "ada@example.org"
ANSWERS = {
    "Does one bad record sink its batch when no input has a trace id?": (
        "400 INVALID_EMAIL: the good record is not written.", "irrelevant"),
    "And when each input has its own trace id?": (
        "207 INVALID_EMAIL, INVALID_OPTION: the good record is written. The bad ones are named by trace id.", "holds"),
    "And in an update by record id?": (
        "207 INVALID_OPTION: the good record is written. The bad one is named by trace id.", "holds"),
    "Do two spellings of an address (Ada@…, ada@…) lead to one contact?": ("1 contact.", "holds"),
    "And in one batch?": ("400 VALIDATION_ERROR: 0 contacts there afterwards.", "irrelevant"),
    "Does a contact made by merging two show the second address?": ("Yes.", "holds"),
    "What becomes of a batch that holds both addresses of one contact?": (
        "409 CONFLICT: 0 results; first name now: Probe.", "irrelevant"),
    "Do properties survive that an upsert by email leaves out?": ("Yes (200).", "irrelevant"),
    "Does an upsert by an additional address write to the contact that has it?": (
        "Yes (200); its primary address is untouched.", "holds"),
    "And with `email` among the properties: does it become the primary address?": (
        "Yes: the primary address is replaced (200).", "irrelevant"),
    "Does writing the identical value add to the property's history?": ("Yes: 1 more.", "irrelevant"),
    "Does it move lastmodifieddate?": ("Yes (or HubSpot was still at work on the contact).", "irrelevant"),
    "Do the same tags in another order count as a change?": ("Yes: 1 more history entries.", "irrelevant"),
    "Does it enrol the contact in a workflow again?": (
        "Not through the API. By hand: make a workflow on the property with re-enrolment, write twice.", "not settled"),
    "Does a value with a leading ; add to what is there, in an upsert too?": (
        "Yes: it holds amber and birch.", "irrelevant"),
    'Does "" empty a property?': ("Yes: it holds nothing.", "holds"),
    "And null?": ("No: it holds amber.", "irrelevant"),
    "Do several values replace what was there, and in which order do they come back?": (None, "holds"),
    "Can an option's value hold a ; ?": ("The option is accepted; written, the contact holds birch.", "irrelevant"),
    "Which headers tell of the limits?": (
        "daily, daily-remaining, interval-milliseconds, max, remaining.", "holds"),
    "Does HubSpot tell the scopes of this kind of token?": ("No (404 OBJECT_NOT_FOUND).", "irrelevant"),
    "Is an erased person's address refused?": ("Yes (207 GDPR_BLACKLISTED_EMAIL).", "irrelevant"),
    "Does the id of a record that was merged away lead to the one that lives on?": (
        "Yes, it shows its own id (200).", "holds"),
    "Is a deleted record found by its id?": ("No (207 OBJECT_NOT_FOUND).", "holds"),
    "What becomes of an update of a record merged away?": (
        "200: no word, nothing is written; the other: written.", "holds"),
    "What becomes of an update of a record deleted?": (
        "207 OBJECT_NOT_FOUND: an error of its own, nothing is written; the other: written.", "holds"),
    "What becomes of an update of a record that never was?": (
        "207 OBJECT_NOT_FOUND: an error of its own, nothing is written; the other: written.", "holds"),
    "Is a contact found by its additional address?": ("Yes (200).", "holds"),
    "How often does it come when both of its addresses are asked for?": ("1 time (200).", "irrelevant"),
}  # fmt: skip
"""What the sandbox's documents say, in the words of the probe."""


@pytest.fixture(autouse=True)
def waitless(monkeypatch):
    """The probe's own waits take no time in this process, as its arguments allow."""
    clock = Clock()
    monkeypatch.setattr(sync.probe, "run_probe", partial(sync.probe.run_probe, clock=clock.now, sleep=clock.sleep))


@pytest.fixture
def sandbox(tmp_path, furnished_file):
    """A developer test account with Goldpan's properties, a person in it, and limits."""
    file = tmp_path / "portal.sqlite"
    shutil.copyfile(furnished_file, file)
    with Sandbox(file) as running:
        hub = Hub(running.url)
        assert hub.upsert(one(ADA, firstname="Ada", lastname="Lovelace")).status == 200
        hub.pool.clear()
        yield running


@pytest.fixture
def goldpan(set_up, sandbox):
    return set_up(sandbox.url)


def held_by(sandbox):
    """All that a portal holds: contacts and what was ever written to them, properties, groups."""
    hub = Hub(sandbox.url)
    contacts = sandbox.contacts()
    held = {
        "contacts": contacts,
        "writes": {email: sandbox.writes_of(email) for email in contacts},
        "properties": hub.call("GET", PROPERTIES).json()["results"],
        "groups": hub.call("GET", f"{PROPERTIES}/groups").json()["results"],
    }
    hub.pool.clear()
    return held


def findings(said):
    return {each["question"]: each for result in said.json["probe"]["results"] for each in result["findings"]}


def probe(goldpan, *arguments):
    return goldpan("check", "--probe", "--yes", "--json", *arguments)


def test_every_question_is_answered_as_the_sandbox_documents_it(goldpan):
    said = probe(goldpan)

    got = findings(said)
    several = got["Do several values replace what was there, and in which order do they come back?"]
    assert set(several.pop("answer").rpartition(": ")[2].removesuffix(".").split(";")) == {"birch", "cedar"}
    appended = got["Does a value with a leading ; add to what is there, in an upsert too?"]
    assert appended["answer"] in ("Yes: it holds amber;birch.", "Yes: it holds birch;amber.")
    appended["answer"] = "Yes: it holds amber and birch."
    assert {question: (each.get("answer"), each["standing"]) for question, each in got.items()} == ANSWERS
    assert [result["problem"] for result in said.json["probe"]["results"]] == [""] * 8
    assert (said.exit_code, said.json["is_ok"]) == (0, True)


def test_afterwards_the_portal_holds_what_it_held_before(goldpan, sandbox):
    before = held_by(sandbox)

    said = probe(goldpan)

    assert held_by(sandbox) == before
    assert said.json["probe"]["left"] == []
    name = said.json["probe"]["name"]
    assert said.json["probe"]["stays"] == [f"{name}-erased@example.com on HubSpot's list of erased people"]


def test_every_finding_tells_what_was_sent_and_came_back_but_no_token_and_no_address(goldpan):
    said = probe(goldpan)

    told = findings(said).values()
    by_hand = "Does it enrol the contact in a workflow again?"
    assert all(each["sent"] and each["assumes"] for each in told)
    assert all(each["came_back"] for each in told if each["question"] != by_hand)
    assert TOKEN not in said.all
    assert not any(re.search(r"[^*]@", each["came_back"]) for each in told)


def test_people_read_question_answer_and_what_it_means_for_goldpan(goldpan):
    said = goldpan("check", "--probe", "--yes")

    assert said.exit_code == 0
    assert "Goldpan assumes" in said.out
    assert "What Goldpan assumes holds: 14, does not hold: 0, irrelevant: 14, not settled: 1." in said.out
    assert "Is a deleted record found" in said.out
    assert "came back" not in said.out
    assert "came back: 207" in goldpan("check", "--probe", "--yes", "--verbose").out


@pytest.mark.parametrize("kind", ["STANDARD", "SANDBOX", "APP_DEVELOPER", ""])
def test_any_other_kind_of_account_is_refused_before_anything_is_made(set_up, kind):
    with serving() as hubspot:
        hubspot.otherwise = lambda _: Reply(body={"portalId": 4711, "accountType": kind})
        goldpan = set_up(hubspot.url)
        goldpan.env["GOLDPAN_CONFIG"] = str(goldpan.config)

        said = probe(goldpan)

        written = [
            path for path in hubspot.paths() if path.split()[0] not in ("GET", "HEAD") and "/batch/read" not in path
        ]
    assert said.exit_code == 2
    assert "DEVELOPER_TEST" in said.json["problems"][0]
    assert "4711" in said.json["problems"][0]
    assert written == []


def test_another_portal_than_the_allowed_one_is_refused(goldpan, sandbox):
    goldpan.env["HUBSPOT_PORTAL_ID"] = "12345"
    before = writes_in(sandbox)

    said = probe(goldpan)

    assert said.exit_code == 2
    assert "HUBSPOT_PORTAL_ID" in said.json["problems"][0]
    assert writes_in(sandbox) == before


def test_without_a_terminal_it_waits_for_a_yes(goldpan, sandbox):
    before = writes_in(sandbox)

    said = goldpan("check", "--probe")

    assert said.exit_code == 2
    assert "goldpan check --probe --yes" in said.err
    assert writes_in(sandbox) == before


def test_on_a_terminal_it_asks_and_a_no_makes_nothing(goldpan, sandbox):
    before = writes_in(sandbox)
    controller, terminal = pty.openpty()
    environment = os.environ | goldpan.env | {"PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-m", "sync.cli", "check", "--probe"],
        cwd=goldpan.home, env=environment, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.write(controller, b"n\n")
        out, err = process.communicate(timeout=60)
    os.close(terminal)
    os.close(controller)

    assert process.returncode == 1, err
    assert str(sandbox.portal_id) in err
    assert "Probe this account?" in out + err
    assert "Traceback" not in err
    assert writes_in(sandbox) == before


def wait_until(is_so, process):
    while not is_so() and process.poll() is None:
        time.sleep(0.01)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_it_still_cleans_up(goldpan, sandbox, stop):
    before = held_by(sandbox)
    with goldpan.start("check", "--probe", "--yes", "--json") as process:
        wait_until(lambda: len(sandbox.contacts()) >= 5, process)
        process.send_signal(stop)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert '"is_stopped": true' in out
    assert "Traceback" not in err
    assert held_by(sandbox) == before


def test_stopped_while_it_cleans_up_it_names_what_may_be_left(goldpan, sandbox):
    sandbox.faults.replace([Fault("hang", path="*/batch/archive", seconds=60)])
    with goldpan.start("check", "--probe", "--yes", "--json") as process:
        wait_until(lambda: len(sandbox.contacts()) >= 5, process)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: sandbox.faults.to_json()[0]["struck"], process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    left = json.loads(out)["probe"]["left"]
    assert process.returncode == 130, err
    assert {f"contact {address}" for address in sandbox.contacts() if address != ADA} <= set(left)
    assert [name for name in left if not name.startswith("contact ")] == [
        f"property {json.loads(out)['probe']['name'].replace('goldpan-probe-', 'goldpan_probe_tags_')}",
        "property group goldpan_probe",
    ]


def test_an_experiment_that_fails_does_not_stop_the_others(goldpan, sandbox):
    before = held_by(sandbox)
    sandbox.faults.replace([Fault("status", path="*/merge", status=403, body={"category": "MISSING_SCOPES"})])

    said = probe(goldpan)

    results = said.json["probe"]["results"]
    assert [result["number"] for result in results if result["problem"]] == [2, 3, 7, 8]
    assert len(results) == 8
    assert all("403" in result["problem"] for result in results if result["problem"])
    assert "Do two spellings of an address (Ada@…, ada@…) lead to one contact?" in findings(said)
    assert said.exit_code == 1
    assert held_by(sandbox) == before


def test_an_answer_in_a_shape_that_nobody_expects_does_not_stop_the_others(goldpan, sandbox):
    sandbox.faults.replace([Fault("status", path="*/batch/update", status=200, body="<html>not JSON</html>")])

    said = probe(goldpan)

    results = said.json["probe"]["results"]
    assert [result["number"] for result in results if result["problem"]] == [1, 4, 7]
    assert said.json["probe"]["left"] == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop", when="after", path="*/batch/upsert", every=4),
        Fault("drop", when="after", path="*/merge", nth=2),
        Fault("status", status=503, every=7),
        Fault("throttle", every=9),
        Fault("truncate", path="*/batch/upsert", every=5),
    ],
    ids=lambda fault: fault.does,
)
def test_whatever_goes_wrong_on_the_way_it_leaves_nothing_behind(goldpan, sandbox, fault):
    before = held_by(sandbox)
    sandbox.faults.replace([fault])

    said = probe(goldpan)

    sandbox.faults.replace([])
    assert len(said.json["probe"]["results"]) == 8
    assert said.json["probe"]["left"] == []
    assert held_by(sandbox) == before


def test_what_cannot_be_taken_away_is_named(goldpan, sandbox):
    in_use = {"status": "error", "category": "VALIDATION_ERROR", "message": "CANNOT_DELETE_PROPERTY_IN_USE"}
    sandbox.faults.replace(
        [
            Fault("status", method="DELETE", path="*/goldpan_probe_tags_*", status=400, body=in_use),
            Fault("status", path="*/batch/archive", status=403, body={"category": "MISSING_SCOPES"}),
        ]
    )

    said = goldpan("check", "--probe", "--yes")

    left = "\n".join(line for line in said.out.splitlines() if line.startswith("Left behind"))
    assert said.exit_code == 1
    assert "property goldpan_probe_tags_" in left
    assert "CANNOT_DELETE_PROPERTY_IN_USE" in left
    assert "property group goldpan_probe" in left
    assert all(f"contact {address}" in left for address in sandbox.contacts() if address.endswith("-good@example.com"))


def test_an_account_whose_contacts_cannot_be_read_is_not_taken_for_clean(goldpan, sandbox):
    sandbox.faults.replace([Fault("status", path="*/batch/read", status=400, body={"category": "VALIDATION_ERROR"})])

    said = probe(goldpan)

    left = "\n".join(said.json["probe"]["left"])
    made = [address for address in sandbox.contacts() if address != ADA]
    assert made
    assert all(f"contact {address}" in left for address in made)
    assert said.exit_code == 1


def test_records_that_are_not_its_own_are_never_archived(goldpan, sandbox):
    """A merger may answer with any id; what is archived must have an address of this probe."""
    before = held_by(sandbox)
    ada = sandbox.contacts()[ADA]["hs_object_id"]
    sandbox.faults.replace([Fault("status", path="*/merge", status=200, body={"id": ada})])

    said = probe(goldpan)

    assert held_by(sandbox) == before
    assert said.json["probe"]["left"] == []
    assert ADA not in said.all


def test_addresses_that_hubspot_refuses_are_said_with_the_option_that_helps(goldpan, sandbox):
    before = held_by(sandbox)

    said = probe(goldpan, "--probe-domain", "nobody.test")

    assert said.exit_code == 1
    assert "--probe-domain" in said.json["probe"]["problem"]
    assert said.json["probe"]["results"] == []
    assert held_by(sandbox) == before
    assert probe(goldpan, "--probe-domain", "example.org").exit_code == 0


def test_another_reading_of_partial_upserts_is_seen(goldpan, sandbox):
    sandbox.settings.partial_upsert_blanks = True

    said = probe(goldpan)

    asked = findings(said)["Do properties survive that an upsert by email leaves out?"]
    assert (asked["answer"], asked["standing"]) == ("No: they are changed (200).", "irrelevant")
    assert said.exit_code == 0


def test_an_assumption_that_does_not_hold_is_said_and_is_no_success(goldpan, sandbox):
    sandbox.settings.merged_ids = "unknown"
    sandbox.settings.missing_sinks_updates = True
    before = held_by(sandbox)

    said = probe(goldpan)

    broken = {question for question, each in findings(said).items() if each["standing"] == "does not hold"}
    assert broken == {
        "Does the id of a record that was merged away lead to the one that lives on?",
        "What becomes of an update of a record merged away?",
        "What becomes of an update of a record deleted?",
        "What becomes of an update of a record that never was?",
    }
    assert (said.exit_code, said.json["is_ok"]) == (1, False)
    assert held_by(sandbox) == before


def test_it_does_not_run_beside_a_run(goldpan, sandbox, monkeypatch):
    for name, value in goldpan.env.items():
        monkeypatch.setenv(name, value)
    before = writes_in(sandbox)
    with single_flight(load_settings(goldpan.config)):
        said = probe(goldpan)

    assert said.exit_code == 5
    assert writes_in(sandbox) == before


def test_the_embedded_stand_in_can_be_probed(goldpan, sandbox):
    goldpan.configure("goldpan.toml", ('destination = "hubspot"', 'destination = "sandbox"'))
    before = len(sandbox.requests)

    said = probe(goldpan)

    assert len(findings(said)) == len(ANSWERS)
    assert said.json["probe"]["left"] == []
    assert len(sandbox.requests) == before


def test_check_as_json_is_one_object(goldpan):
    said = goldpan("check", "--json")

    assert (said.exit_code, said.json["is_ok"]) == (0, True)
    assert said.json["probe"] is None
    assert {"name": "properties", "is_ok": True, "says": "all there"} in said.json["checks"]
    assert said.json["problems"] == []


def test_check_as_json_is_one_object_on_failure_too(goldpan):
    goldpan.configure("goldpan.toml", ("[drop]", "[drip]"))

    said = goldpan("check", "--json")

    assert (said.exit_code, said.json["is_ok"]) == (2, False)
    assert "drip" in said.json["problems"][0]
