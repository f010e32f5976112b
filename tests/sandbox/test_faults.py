"""What can be made to go wrong, and what is written meanwhile."""

import json

import pytest
import urllib3

from sync.sandbox import Fault
from tests.sandbox.hub import one

UPSERTS = "*/batch/upsert"


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_a_status_strikes_before_or_after_the_data_is_written(hub, sandbox, when, written):
    sandbox.faults.replace([Fault("status", when=when, path=UPSERTS, status=503)])

    answer = hub.upsert(one("ada@example.org"))

    assert (answer.status, answer.json()["status"]) == (503, "error")
    assert len(sandbox.contacts()) == written


def test_a_gateway_answers_in_html(hub, sandbox):
    sandbox.faults.replace([Fault("status", status=502, body="<html>Bad gateway</html>")])

    answer = hub.upsert(one("ada@example.org"))

    assert (answer.status, answer.data) == (502, b"<html>Bad gateway</html>")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_status_may_be_one_of_hubspots_own_with_a_body_of_ones_own(hub, sandbox):
    sandbox.faults.replace([Fault("status", status=477, body={"message": "migrating"}, times=1)])

    answer = hub.upsert(one("ada@example.org"))

    assert (answer.status, answer.json()) == (477, {"message": "migrating"})
    assert hub.upsert(one("ada@example.org")).status == 200


@pytest.mark.parametrize(("wait", "header"), [(None, None), (3, "3"), (0.5, "0.5")])
def test_a_429_comes_with_or_without_retry_after(hub, sandbox, wait, header):
    sandbox.faults.replace([Fault("throttle", retry_after=wait)])

    answer = hub.upsert(one("ada@example.org"))

    assert (answer.status, answer.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert answer.headers.get("Retry-After") == header
    assert sandbox.contacts() == {}


def test_a_daily_429_can_be_asked_for(hub, sandbox):
    sandbox.faults.replace([Fault("throttle", policy="DAILY")])

    assert hub.upsert(one("ada@example.org")).json()["policyName"] == "DAILY"


@pytest.mark.parametrize("does", ["drop", "hang"])
@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_a_connection_breaks_off_before_or_after_the_data_is_written(hub, sandbox, does, when, written):
    sandbox.faults.replace([Fault(does, when=when, path=UPSERTS, seconds=0.05)])

    with pytest.raises(urllib3.exceptions.ProtocolError):
        hub.upsert(one("ada@example.org"))

    assert len(sandbox.contacts()) == written
    assert sandbox.requests[-1].status == 0


def test_a_hanging_answer_ends_when_the_sandbox_stops(hub, sandbox):
    sandbox.faults.replace([Fault("hang", when="after", path=UPSERTS, seconds=3600)])

    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        hub.pool.request(
            "POST",
            f"{sandbox.url}/crm/v3/objects/contacts/batch/upsert",
            body=json.dumps({"inputs": [one("ada@example.org")]}),
            headers={"Authorization": "Bearer sandbox-token"},
            timeout=0.2,
            retries=False,
        )

    assert list(sandbox.contacts()) == ["ada@example.org"]  # leaving the fixture stops the sandbox at once


def test_a_delayed_answer_is_still_right(hub, sandbox):
    sandbox.faults.replace([Fault("delay", seconds=0.05)])

    assert hub.upsert(one("ada@example.org")).status == 200


def test_a_cut_answer_is_no_json_though_the_data_is_written(hub, sandbox):
    sandbox.faults.replace([Fault("truncate", path=UPSERTS)])

    answer = hub.upsert(one("ada@example.org"))

    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert list(sandbox.contacts()) == ["ada@example.org"]


def test_results_can_miss_inputs_that_were_written(hub, sandbox):
    sandbox.faults.replace([Fault("omit", path=UPSERTS, count=2)])

    answer = hub.upsert(*(one(f"m{n}@example.org", str(n)) for n in range(5)))

    assert (answer.status, len(answer.json()["results"])) == (200, 3)
    assert len(sandbox.contacts()) == 5


def test_errors_can_come_without_saying_which_input_they_mean(hub, sandbox):
    sandbox.faults.replace([Fault("strip_context", path=UPSERTS)])

    answer = hub.upsert(one("ada@example.org", "1"), one("not-an-address", "2"))

    assert answer.status == 207
    assert "context" not in answer.json()["errors"][0]


def statuses(hub, count):
    return [hub.upsert(one("ada@example.org")).status for _ in range(count)]


def test_a_fault_strikes_on_the_nth_match_only(hub, sandbox):
    sandbox.faults.replace([Fault("status", path=UPSERTS, nth=2)])

    assert statuses(hub, 4) == [200, 503, 200, 200]


def test_a_fault_strikes_on_every_kth_match(hub, sandbox):
    sandbox.faults.replace([Fault("status", path=UPSERTS, every=3)])

    assert statuses(hub, 7) == [200, 200, 503, 200, 200, 503, 200]


def test_a_fault_strikes_a_number_of_times(hub, sandbox):
    sandbox.faults.replace([Fault("status", path=UPSERTS, times=2)])

    assert statuses(hub, 4) == [503, 503, 200, 200]


def test_a_fault_matches_a_method_a_path_and_an_address_in_the_body(hub, sandbox):
    sandbox.faults.replace([Fault("status", method="POST", path=UPSERTS, address="Eve@example.org")])

    assert hub.upsert(one("ada@example.org")).status == 200
    assert hub.upsert(one("ada@example.org"), one("EVE@example.org")).status == 503
    assert hub.read("ada@example.org").status == 200


def test_the_first_fault_that_strikes_decides(hub, sandbox):
    sandbox.faults.replace([Fault("status", status=500, nth=2), Fault("status", status=504)])

    assert statuses(hub, 3) == [504, 500, 504]


def test_faults_do_not_hide_a_bad_token(hub, sandbox):
    sandbox.faults.replace([Fault("status")])
    hub.token = "unknown"

    assert hub.upsert(one("ada@example.org")).status == 401


def test_a_fault_is_the_same_after_json():
    fault = Fault("status", when="after", path=UPSERTS, body={"a": 1}, every=3, address="ada@example.org")

    assert Fault.from_json(json.loads(json.dumps(fault.to_json()))) == fault


@pytest.mark.parametrize("body", [{}, {"does": "explode"}, {"does": "drop", "when": "later"}, {"does": "drop", "x": 1}])
def test_a_fault_that_makes_no_sense_is_refused(body):
    with pytest.raises(ValueError, match="fault"):
        Fault.from_json(body)
