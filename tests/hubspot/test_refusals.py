"""Error answers stay within 50 or 5 % of the calls; what concerns every record isn't searched for; nobody is lost."""

import threading

import pytest

from goldpan.errors import FatalError
from goldpan.model import RequestCounts, Verdict
from sync.destinations.hubspot.answers import RefusedError
from sync.destinations.hubspot.refusals import GivenUpError, Refusals
from sync.sandbox import Fault
from tests.hubspot.stage import UPDATE, UPSERT, Reply, change, changes, drained, refusing, tally, update, verdicts
from tests.sandbox.hub import TAGS, one

REFUSED = RefusedError(409, {"category": "CONFLICT", "message": "exists"}, "c-1")


def refuse(refusals, kind="upsert"):
    with pytest.raises(RefusedError), refusals.attempt(kind):
        raise REFUSED


def spent(refusals, kind="upsert", count=50):
    for _ in range(count):
        refuse(refusals, kind)
    return refusals


# --- the budget -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "allowed"), [(0, 50), (1000, 50), (1020, 51), (20_000, 1000)])
def test_a_run_may_get_fifty_error_answers_or_five_percent_of_its_requests(sent, allowed):
    assert Refusals(RequestCounts(sent=sent)).allowed == allowed


def test_a_kind_of_request_that_spent_the_budget_is_given_up_with_the_reason():
    refusals = spent(Refusals(RequestCounts(sent=300)))

    assert not refusals.may_search("upsert", "CONFLICT")
    assert "refused 50 of 300 requests, the last one for CONFLICT" in str(refusals.given_up("upsert"))
    with pytest.raises(GivenUpError, match="not created"), refusals.attempt("upsert"):
        pytest.fail("it left")


def test_a_kind_that_was_never_refused_goes_on_until_its_first_refusal():
    refusals = spent(Refusals(RequestCounts(sent=300)))

    with refusals.attempt("update"):
        pass
    assert refusals.given_up("update") is None
    refuse(refusals, "update")

    assert refusals.given_up("update") is not None


def test_every_kind_that_was_refused_before_is_given_up_with_the_one_that_spent_the_budget():
    refusals = Refusals(RequestCounts(sent=300))
    refuse(refusals, "update")
    spent(refusals, count=49)

    assert refusals.given_up("update") is not None
    assert refusals.given_up("read") is None


def test_requests_that_were_sent_again_leave_less_for_the_search_but_do_not_stop_the_sending():
    refusals = Refusals(RequestCounts(sent=300, retried=49))

    assert refusals.may_search("upsert", "CONFLICT")
    refuse(refusals)

    assert not refusals.may_search("upsert", "CONFLICT")
    assert refusals.given_up("upsert") is None


def test_near_the_limit_a_request_waits_until_those_under_way_cannot_break_it():
    refusals = spent(Refusals(RequestCounts(sent=300)), count=49)
    under_way, answered, left = threading.Event(), threading.Event(), threading.Event()

    def first():
        with refusals.attempt("upsert"):
            under_way.set()
            assert answered.wait(10)

    def second():
        with refusals.attempt("upsert"):
            left.set()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert under_way.wait(10)
    threads[1].start()
    left_early = left.wait(0.05)
    answered.set()
    for thread in threads:
        thread.join()

    assert not left_early
    assert left.is_set()


# --- the schema-wide rule ---------------------------------------------------------------------------------------------


def noted(*reasons, kind="upsert"):
    refusals = Refusals(RequestCounts())
    for reason in reasons:
        refusals.note_alone(kind, reason)
    return refusals


def test_twenty_single_records_in_a_row_refused_for_one_reason_make_it_schema_wide():
    assert not noted(*["CONFLICT"] * 19).is_schema_wide("upsert", "CONFLICT")
    refusals = noted(*["CONFLICT"] * 20)

    assert refusals.is_schema_wide("upsert", "CONFLICT")
    assert not refusals.may_search("upsert", "CONFLICT")
    assert refusals.may_search("upsert", "INVALID_OPTION")
    assert refusals.may_search("update", "CONFLICT")


def test_another_reason_in_between_starts_the_row_anew():
    assert not noted(*["CONFLICT"] * 19, "INVALID_EMAIL", "CONFLICT").is_schema_wide("upsert", "CONFLICT")


def test_something_written_in_between_ends_the_row_and_lifts_the_rule():
    refusals = noted(*["CONFLICT"] * 20)

    refusals.note_passed("update")
    assert refusals.is_schema_wide("upsert", "CONFLICT")
    refusals.note_passed("upsert")

    assert not refusals.is_schema_wide("upsert", "CONFLICT")


# --- whole writings ---------------------------------------------------------------------------------------------------


def error_answers(sandbox):
    return sum(request.status >= 400 for request in sandbox.requests)


def settled(destination, wanted, **settings):
    batches, failure = drained(destination.write(wanted, **settings))
    return verdicts(batches), failure


def conflicting(sandbox, wanted):
    sandbox.settings.conflicts = frozenset(one.email for one in wanted)


def test_a_reason_that_concerns_every_record_is_not_searched_for_again_and_again(sandbox, open_sandbox):
    wanted = changes(700)
    conflicting(sandbox, wanted[100:])

    outcomes, failure = settled(open_sandbox(workers=1), wanted)

    assert failure is None
    assert tally(outcomes) == {"applied": 100, "refused": 20, "unknown": 580}
    assert {o.reason for o in outcomes.values()} == {"", "CONFLICT", "not_isolated"}
    assert "concern every record" in outcomes["m699@example.org"].message
    assert error_answers(sandbox) == 49  # six whole batches, and 43 to find twenty single records in one of them


def test_a_reason_that_names_nobody_but_concerns_every_record_is_not_searched_for_either(sandbox, open_sandbox):
    sandbox.faults.replace([Fault("strip_context", path=UPSERT)])

    outcomes, failure = settled(open_sandbox(), [change(f"m{n}@example.org", **{TAGS: "nope"}) for n in range(40)])

    assert failure is None
    assert tally(outcomes) == {"applied": 0, "refused": 20, "unknown": 20}
    assert "concern every record" in outcomes["m39@example.org"].message


def test_once_something_is_written_again_the_search_goes_on(sandbox, open_sandbox):
    bad, good, mixed = changes(40), [change("g@example.org")], [change(f"x{n}@example.org") for n in range(4)]
    conflicting(sandbox, [*bad, mixed[1]])
    destination = open_sandbox()

    assert tally(settled(destination, bad)[0]) == {"applied": 0, "refused": 20, "unknown": 20}
    assert tally(settled(destination, mixed)[0]) == {"applied": 0, "refused": 0, "unknown": 4}
    assert tally(settled(destination, good)[0])["applied"] == 1
    assert tally(settled(destination, mixed)[0]) == {"applied": 3, "refused": 1, "unknown": 0}


@pytest.mark.parametrize("workers", [1, 16])
def test_one_bad_record_in_each_of_a_few_batches_is_found(sandbox, open_sandbox, workers):
    wanted = changes(500)
    conflicting(sandbox, wanted[7::100])

    outcomes, failure = settled(open_sandbox(workers=workers), wanted)

    assert failure is None
    assert tally(outcomes) == {"applied": 495, "refused": 5, "unknown": 0}
    assert error_answers(sandbox) <= 50


def test_good_batches_are_not_kept_from_leaving_by_the_search_for_bad_records(sandbox, open_sandbox):
    wanted = changes(10_000)
    conflicting(sandbox, wanted[7::1000])  # in ten batches of a hundred: more than the budget can find

    outcomes, failure = settled(open_sandbox(), wanted)

    assert failure is None
    assert len(outcomes) == 10_000
    assert tally(outcomes)["applied"] >= 9000
    assert tally(outcomes)["refused"] >= 3
    assert error_answers(sandbox) <= 50


def test_nights_whose_batches_all_hold_a_bad_record_come_to_an_end(sandbox, open_sandbox):
    """Each night finds some of them, and they rest."""
    wanted, written, refused, nights = changes(2500), set(), set(), 0
    conflicting(sandbox, wanted[7::100])

    while (left := [one for one in wanted if one.email not in refused | written]) and nights < 12:
        outcomes, _ = settled(open_sandbox(), left)
        written |= {email for email, outcome in outcomes.items() if outcome.verdict is Verdict.APPLIED}
        refused |= {email for email, outcome in outcomes.items() if outcome.verdict is Verdict.REFUSED}
        nights += 1

    assert nights < 12
    assert refused == sandbox.settings.conflicts


@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("every", [1, 100])
def test_error_answers_stay_within_the_budget_and_nobody_is_lost(sandbox, open_sandbox, workers, every):
    """Every record refused, or one in each batch: the run ends with the reason, and what it announced has outcomes."""
    wanted, announced = changes(8000), []
    conflicting(sandbox, wanted[::every])

    destination = open_sandbox(workers=workers)
    outcomes, failure = settled(destination, wanted, on_sent=announced.extend)

    assert error_answers(sandbox) <= 50
    assert isinstance(failure, FatalError)
    assert "the last one for CONFLICT" in str(failure)
    assert workers > 1 or f"50 of {destination.requests.sent} requests" in str(failure)
    assert {one.email for one in announced} == set(outcomes)
    assert len(outcomes) < 8000
    assert tally(outcomes)["applied"] == len(sandbox.contacts())
    assert {o.reason for o in outcomes.values()} <= {"", "CONFLICT", "not_isolated", "not_sent"}


def test_what_was_never_refused_goes_on_when_the_new_contacts_are_given_up(hub, sandbox, open_sandbox):
    new = changes(6000)
    known = [f"u{number}@example.org" for number in range(300)]
    for start in (0, 100, 200):
        hub.upsert(*(one(address) for address in known[start : start + 100]))
    held = sandbox.contacts()
    updates = [update(held[address]["hs_object_id"], address, **{TAGS: "gold"}) for address in known]
    conflicting(sandbox, new)

    outcomes, failure = settled(open_sandbox(), [*new, *updates])

    assert isinstance(failure, FatalError)
    assert "not created" in str(failure)
    assert sandbox.tag_counts(TAGS)["gold"] == 300
    assert tally(outcomes)["applied"] == 300
    assert error_answers(sandbox) <= 50


def test_answers_that_refuse_without_naming_anybody_count_as_errors(sandbox, open_sandbox):
    sandbox.faults.replace([Fault("strip_context", path=UPSERT)])

    outcomes, failure = settled(open_sandbox(), [change(f"m{n}@example.org", **{TAGS: "nope"}) for n in range(6000)])

    assert isinstance(failure, FatalError)
    assert {o.reason for o in outcomes.values()} <= {"INVALID_OPTION", "not_isolated", "not_sent"}
    assert sum(request.path == UPSERT for request in sandbox.requests) <= 100


def test_readings_and_writings_of_one_run_share_the_budget(hubspot, open_destination):
    hubspot.otherwise = lambda _: Reply(400, {"category": "VALIDATION_ERROR", "message": "nothing goes"})
    destination = open_destination(workers=1)

    _, unread = drained(destination.read_contacts([one.email for one in changes(100)], []))
    _, unwritten = settled(destination, changes(1000))

    assert isinstance(unread, FatalError)
    assert isinstance(unwritten, FatalError)
    assert len(hubspot.requests) <= 51


def test_a_failing_journal_leaves_no_refused_change_without_an_outcome(sandbox, open_sandbox):
    wanted, announced = changes(300), []
    conflicting(sandbox, wanted)

    def on_sent(batch):
        if len(announced) == 200:
            raise OSError("disk full")
        announced.extend(batch)

    outcomes, failure = settled(open_sandbox(workers=1), wanted, on_sent=on_sent)

    assert isinstance(failure, OSError)
    assert set(outcomes) == {one.email for one in announced}
    assert {o.verdict for o in outcomes.values()} == {Verdict.REFUSED, Verdict.UNKNOWN}


def test_the_search_of_a_batch_that_ran_out_of_budget_tells_what_was_not_searched(hubspot, open_destination):
    wanted = changes(6000)
    hubspot.otherwise = refusing(*(one.email for one in wanted[::2]), message="every second one")

    outcomes, failure = settled(open_destination(workers=1), wanted)

    assert isinstance(failure, FatalError)
    assert {request.path for request in hubspot.requests} == {UPSERT}
    assert {o.reason for o in outcomes.values()} == {"", "VALIDATION_ERROR", "not_isolated"}
    assert UPDATE not in {request.path for request in hubspot.requests}
