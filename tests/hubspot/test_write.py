"""Every change that is sent ends as applied, refused or unknown; the caller's thread keeps the books."""

import threading
from dataclasses import replace
from math import log2

import pytest

from goldpan.errors import AccessError, FatalError, SchemaError, TransientError
from goldpan.model import Action, Verdict
from tests.hubspot.stage import (
    UPDATE,
    UPSERT,
    Reply,
    answered,
    change,
    changes,
    drained,
    echo,
    error,
    field_error,
    refusing,
    result,
    tally,
    throttled,
    update,
    updates,
    verdicts,
)

DENIED = Reply(401, {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "expired"})


def settled(destination, wanted, **settings):
    """Outcomes by address and the error that ended it."""
    batches, failure = drained(destination.write(wanted, **settings))
    return verdicts(batches), failure


def test_changes_go_out_a_hundred_at_a_time_by_address(hubspot, destination):
    outcomes, failure = settled(destination, changes(250))

    assert failure is None
    assert tally(outcomes) == {"applied": 250, "refused": 0, "unknown": 0}
    assert sorted(len(request.ids) for request in hubspot.requests) == [50, 100, 100]
    assert set(hubspot.paths()) == {f"POST {UPSERT}"}
    assert {entry["idProperty"] for request in hubspot.requests for entry in request.body["inputs"]} == {"email"}


def test_an_applied_change_tells_record_id_and_whether_it_is_new(hubspot, destination):
    hubspot.otherwise = lambda request: answered(
        result(entry, record_id="77", new=False) for entry in request.body["inputs"]
    )

    outcomes, _ = settled(destination, [change("ada@example.org")])

    assert outcomes["ada@example.org"].record_id == "77"
    assert not outcomes["ada@example.org"].is_new


def test_the_correlation_id_of_a_header_is_kept(hubspot, destination):
    def answer(request):
        reply = echo(request)
        reply.headers["X-HubSpot-Correlation-Id"] = "c-9"
        return reply

    hubspot.otherwise = answer

    outcomes, _ = settled(destination, changes(1))

    assert outcomes["m0@example.org"].correlation_id == "c-9"


def test_nothing_to_write_sends_nothing(hubspot, destination):
    assert settled(destination, []) == ({}, None)
    assert hubspot.requests == []


def test_a_207_tells_good_from_bad_and_nothing_is_sent_again(hubspot, destination):
    def answer(request):
        bad, *good = request.body["inputs"]
        said = error(bad, message=field_error("INVALID_EMAIL", message=f"{bad['id']} is invalid"))
        return answered(map(result, good), [said])

    hubspot.otherwise = answer

    outcomes, failure = settled(destination, changes(10))

    assert failure is None
    assert tally(outcomes) == {"applied": 9, "refused": 1, "unknown": 0}
    assert outcomes["m0@example.org"].reason == "INVALID_EMAIL"
    assert outcomes["m0@example.org"].message == "membership_status_tags: m***@example.org is invalid"
    assert len(hubspot.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETE"},
        {"status": "COMPLETE", "results": None},
        {"status": "COMPLETE", "results": []},
        {"status": "CANCELED", "results": []},
    ],
)
def test_a_2xx_without_results_is_no_proof(hubspot, destination, body):
    hubspot.play(Reply(200, body))

    outcomes, _ = settled(destination, changes(2))

    assert {outcome.reason for outcome in outcomes.values()} == {"missing_in_answer"}
    assert tally(outcomes)["unknown"] == 2


def test_an_input_that_the_answer_leaves_out_is_unknown(hubspot, destination):
    hubspot.play(lambda request: answered(map(result, request.body["inputs"][:-1])))

    outcomes, _ = settled(destination, changes(5))

    assert [email for email, outcome in outcomes.items() if outcome.verdict is Verdict.UNKNOWN] == ["m4@example.org"]


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("place", [0, 37, 49, 50, 99])
def test_one_bad_record_of_a_hundred_is_found_with_few_requests(hubspot, destination, status, place):
    bad = f"m{place}@example.org"
    hubspot.otherwise = refusing(bad, status=status, category="CONFLICT", message="jane@x.org exists")

    outcomes, failure = settled(destination, changes(100))

    assert failure is None
    assert tally(outcomes) == {"applied": 99, "refused": 1, "unknown": 0}
    found = outcomes[bad]
    assert (found.reason, found.message, found.correlation_id) == ("CONFLICT", "j***@x.org exists", "c-1")
    assert len(hubspot.requests) - 1 <= 14 <= 2 * log2(100) + 1
    traces = [entry["objectWriteTraceId"] for request in hubspot.requests for entry in request.body["inputs"]]
    assert len(set(traces)) == len(traces)


def test_known_contacts_go_by_record_id_with_only_what_differs(hubspot, destination):
    cleared = update("102", "bob@example.org", Action.CLEAR, membership_status_tags="", customer_id="")

    outcomes, _ = settled(destination, [update("101", "ada@example.org", membership_status_tags="gold"), cleared])

    assert tally(outcomes)["applied"] == 2
    assert hubspot.paths() == [f"POST {UPDATE}"]
    assert [{**entry, "objectWriteTraceId": ""} for entry in hubspot.requests[0].body["inputs"]] == [
        {"id": "101", "objectWriteTraceId": "", "properties": {"membership_status_tags": "gold"}},
        {"id": "102", "objectWriteTraceId": "", "properties": {"membership_status_tags": "", "customer_id": ""}},
    ]


def test_a_request_holds_one_kind_only_and_short_ones_leave_at_the_end(hubspot, open_destination):
    mixed = [one for pair in zip(changes(150), updates(150), strict=True) for one in pair]
    mixed += [update(str(2000 + number), f"c{number}@example.org", Action.CLEAR) for number in range(60)]
    announced = []

    outcomes, failure = settled(open_destination(workers=1), mixed, on_sent=announced.append)

    assert failure is None
    assert tally(outcomes) == {"applied": 360, "refused": 0, "unknown": 0}
    sent = [(request.path, len(request.ids)) for request in hubspot.requests]
    assert sent == [(UPSERT, 100), (UPDATE, 100), (UPDATE, 100), (UPSERT, 50), (UPDATE, 10)]
    keys = [[one.record_id or one.email for one in batch] for batch in announced]
    assert keys == [request.ids for request in hubspot.requests]
    assert keys[0] + keys[3] == [one.email for one in changes(150)]


def test_mixed_changes_are_taken_as_they_are_sent(hubspot, open_destination):
    mixed = [one for pair in zip(changes(1000), updates(1000), strict=True) for one in pair]
    taken = []
    outcomes = open_destination(workers=1).write(taken.append(one) or one for one in mixed)

    next(outcomes)
    outcomes.close()

    assert len(taken) <= 400


def test_an_update_without_its_record_id_stops_before_anything_of_it_is_announced(hubspot, destination):
    announced = []

    outcomes, failure = settled(destination, [*updates(100), update(None, "x@example.org")], on_sent=announced.extend)

    assert isinstance(failure, FatalError)
    assert len(outcomes) == len(announced) == 100
    assert hubspot.paths() == [f"POST {UPDATE}"]


def test_one_record_that_is_gone_does_not_stop_the_others_of_a_404(hubspot, destination):
    gone = Reply(404, {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "not found"})
    hubspot.otherwise = lambda request: gone if "1037" in request.ids else echo(request)

    outcomes, failure = settled(destination, updates(100))

    assert failure is None
    assert tally(outcomes) == {"applied": 99, "refused": 0, "unknown": 1}
    assert outcomes["u37@example.org"].reason == "OBJECT_NOT_FOUND"
    assert len(hubspot.requests) - 1 <= 14


def test_all_bad_records_are_found(hubspot, destination):
    bad = {"m0@example.org", "m1@example.org", "m99@example.org"}
    hubspot.otherwise = refusing(*bad)

    outcomes, _ = settled(destination, changes(100))

    assert {email for email, outcome in outcomes.items() if outcome.verdict is Verdict.REFUSED} == bad


@pytest.mark.parametrize(
    "message",
    [
        field_error("PROPERTY_DOESNT_EXIST", name="member_since", message='Property "member_since" does not exist'),
        'Property "member_since" does not exist PROPERTY_DOESNT_EXIST',
    ],
)
def test_a_missing_property_stops_the_run_and_names_the_setup(hubspot, open_destination, message):
    hubspot.otherwise = lambda _: Reply(400, {"category": "VALIDATION_ERROR", "message": message})

    outcomes, failure = settled(open_destination(workers=1), changes(300))

    assert isinstance(failure, SchemaError)
    assert "member_since" in str(failure)
    assert "goldpan setup" in str(failure)
    assert len(hubspot.requests) == 1
    assert tally(outcomes) == {"applied": 0, "refused": 0, "unknown": 100}


def test_a_missing_property_in_a_207_stops_the_run_too(hubspot, open_destination):
    message = field_error("PROPERTY_DOESNT_EXIST", name="member_since")
    hubspot.otherwise = lambda request: answered(
        [], [error(entry, message=message) for entry in request.body["inputs"]]
    )

    outcomes, failure = settled(open_destination(workers=1), changes(300))

    assert isinstance(failure, SchemaError)
    assert len(hubspot.requests) == 1
    assert len(outcomes) == 100


def test_a_key_that_is_not_unique_stops_the_run(hubspot, destination):
    message = "Unable to perform update/upsert by non-unique 0-1 property email"
    hubspot.play(Reply(400, {"category": "VALIDATION_ERROR", "message": message}))

    assert isinstance(settled(destination, changes(3))[1], SchemaError)


def test_duplicate_ids_are_our_defect_and_not_searched_for(hubspot, destination):
    message = "Duplicate IDs found in batch input: [ada@example.org]. IDs must be unique"
    hubspot.play(Reply(400, {"category": "VALIDATION_ERROR", "message": message}))

    outcomes, failure = settled(destination, changes(3))

    assert isinstance(failure, FatalError)
    assert "ada@" not in str(failure)
    assert len(hubspot.requests) == 1
    assert tally(outcomes)["unknown"] == 3


def test_a_revoked_token_stops_the_rest_and_keeps_what_was_answered(hubspot, open_destination):
    announced = []
    hubspot.play(echo, DENIED)
    hubspot.otherwise = lambda _: DENIED

    outcomes, failure = settled(open_destination(workers=1), changes(500), on_sent=announced.append)

    assert isinstance(failure, AccessError)
    assert tally(outcomes) == {"applied": 100, "refused": 0, "unknown": 100}
    assert {one.email for batch in announced for one in batch} == set(outcomes)
    assert len(hubspot.requests) == 2


def test_batches_under_way_are_accounted_for_before_the_error_is_raised(hubspot, open_destination):
    together = threading.Barrier(3)

    def answer(request):
        together.wait(timeout=10)
        return DENIED if "m0@example.org" in request.ids else replace(echo(request), seconds=0.3)

    hubspot.play(answer, answer, answer)

    outcomes, failure = settled(open_destination(workers=3), changes(1000))

    first = {one.email: outcomes[one.email] for one in changes(300)}
    assert isinstance(failure, AccessError)
    assert tally(first) == {"applied": 200, "refused": 0, "unknown": 100}
    assert {o.reason for o in first.values() if o.verdict is Verdict.UNKNOWN} == {"not_sent"}


def test_a_batch_that_got_no_answer_is_not_sent_again_once_the_run_stops(hubspot, open_destination, clock):
    together = threading.Barrier(2)

    def answer(request):
        together.wait(timeout=10)
        return DENIED if "m0@example.org" in request.ids else Reply(503, seconds=0.3)

    hubspot.play(answer, answer)

    outcomes, failure = settled(open_destination(workers=2), changes(150))

    assert isinstance(failure, AccessError)
    assert len(hubspot.requests) == 2
    assert outcomes["m100@example.org"].reason == "server_error"
    assert clock.slept == []


def test_a_stop_in_the_first_half_leaves_the_second_half_unsent(hubspot, open_destination):
    hubspot.play(Reply(409, {"category": "CONFLICT", "message": "one conflicts"}), DENIED)

    outcomes, failure = settled(open_destination(workers=1), changes(10))

    assert isinstance(failure, AccessError)
    assert len(hubspot.requests) == 2
    assert {outcome.reason for outcome in outcomes.values()} == {"not_sent"}


def test_the_daily_limit_stops_the_rest(hubspot, open_destination):
    hubspot.play(echo)
    hubspot.otherwise = lambda _: throttled("DAILY")

    outcomes, failure = settled(open_destination(workers=1), changes(500))

    assert isinstance(failure, TransientError)
    assert "daily request limit" in str(failure)
    assert tally(outcomes) == {"applied": 100, "refused": 0, "unknown": 100}
    assert len(hubspot.requests) == 2


def test_a_batch_is_announced_in_the_callers_thread_before_it_leaves(hubspot, destination):
    announced, threads = [], set()

    def on_sent(batch):
        threads.add(threading.get_ident())
        announced.extend(one.email for one in batch)

    def answer(request):
        assert set(request.ids) <= set(announced)
        return echo(request)

    hubspot.otherwise = answer

    outcomes, _ = settled(destination, changes(450), on_sent=on_sent)

    assert threads == {threading.get_ident()}
    assert tally(outcomes)["applied"] == 450
    assert announced == [one.email for one in changes(450)]


def test_no_more_batches_are_announced_than_workers_are_free(hubspot, open_destination):
    announced, ended = [], 0

    for _ in open_destination(workers=2).write(changes(1000), announced.append):
        ended += 1
        assert len(announced) <= ended + 2

    assert ended == 10


def test_changes_are_taken_as_they_are_sent(hubspot, open_destination):
    taken = []
    outcomes = open_destination(workers=1).write(taken.append(one) or one for one in changes(1000))

    next(outcomes)
    outcomes.close()

    assert len(taken) <= 200


def test_a_journal_that_fails_stops_the_run_before_the_batch_leaves(hubspot, open_destination):
    def on_sent(batch):
        if batch[0].email == "m100@example.org":
            raise OSError("disk full")

    outcomes, failure = settled(open_destination(workers=1), changes(300), on_sent=on_sent)

    assert isinstance(failure, OSError)
    assert tally(outcomes) == {"applied": 100, "refused": 0, "unknown": 0}
    assert len(hubspot.requests) == 1


def test_values_are_sent_as_they_are(hubspot, destination):
    settled(destination, [change("ada@example.org", customer_name="; Ada", customer_id="")])

    assert hubspot.requests[0].body["inputs"][0]["properties"] == {"customer_name": "; Ada", "customer_id": ""}


def test_results_in_lower_case_and_any_order_are_matched(hubspot, destination):
    outcomes, _ = settled(destination, [change("Ada@Example.org"), change("bob@example.org")])

    assert outcomes["Ada@Example.org"].record_id == "id-of-ada@example.org"
    assert outcomes["bob@example.org"].record_id == "id-of-bob@example.org"
