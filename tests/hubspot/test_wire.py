"""Payloads both ways: every change has one outcome, whatever the answer looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.errors import FatalError
from goldpan.model import Action, Outcome, Verdict
from sync.destinations.hubspot.answers import Answer
from sync.destinations.hubspot.wire import as_value, input_of, kind_of, outcomes
from tests.hubspot.stage import change, changes, error, field_error, result, update

ADA, BOB = change("ada@example.org"), change("bob@example.org")
SENT = {"t-1": ADA, "t-2": BOB}
INPUTS = {trace: dict(input_of(one, trace)) for trace, one in SENT.items()}
KNOWN = {"t-1": update("101", "ada@example.org"), "t-2": update("102", "bob@example.org")}
ADA_WRITTEN = Outcome("ada@example.org", Verdict.APPLIED, record_id="7", is_new=True, correlation_id="c-1")


def settle(results=(), errors=(), sent=SENT):
    return outcomes(sent, Answer({"results": list(results), "errors": list(errors)}, "c-1"))


def test_a_create_carries_its_address_trace_and_all_values_but_not_the_address_as_a_value():
    written = change("ada@example.org", membership_status_tags="a;b", customer_id="", email="ada@example.org")

    assert input_of(written, "t-1") == {
        "id": "ada@example.org",
        "idProperty": "email",
        "objectWriteTraceId": "t-1",
        "properties": {"membership_status_tags": "a;b", "customer_id": ""},
    }


@pytest.mark.parametrize("action", [Action.UPDATE, Action.CLEAR])
def test_an_update_carries_its_record_id_and_only_what_differs(action):
    written = update("101", "ada@example.org", action, membership_status_tags="a;b", email="new@example.org")

    assert input_of(written, "t-1") == {
        "id": "101",
        "objectWriteTraceId": "t-1",
        "properties": {"membership_status_tags": "a;b"},
    }


@pytest.mark.parametrize("record_id", [None, "", "ada@example.org", "id-7", "１２"])
def test_an_update_without_a_record_id_is_a_defect_and_never_an_upsert(record_id):
    with pytest.raises(FatalError, match="defect") as caught:
        kind_of(update(record_id, "ada@example.org"))

    assert "ada@" not in str(caught.value)


def test_nothing_is_sent_as_an_empty_text_never_as_null():
    assert as_value(None) == ""


def test_a_single_value_is_sent_as_it_is():
    assert as_value(" ;Acme & Sons ") == " ;Acme & Sons "


def test_results_are_matched_by_trace_id_not_by_order():
    ada, bob = result(INPUTS["t-1"], record_id="7"), result(INPUTS["t-2"], record_id="8", new=False)

    assert settle([bob, ada]) == [
        ADA_WRITTEN,
        Outcome("bob@example.org", Verdict.APPLIED, record_id="8", is_new=False, correlation_id="c-1"),
    ]


def test_a_result_without_a_trace_id_is_matched_by_its_address():
    ada = result(INPUTS["t-1"], record_id="7", properties={"email": "Ada@Example.org"}, objectWriteTraceId=None)

    assert settle([ada])[0] == ADA_WRITTEN


def test_a_result_without_trace_id_and_address_proves_nothing():
    ada = result(INPUTS["t-1"], properties={}, objectWriteTraceId=None)

    assert settle([ada])[0].verdict is Verdict.UNKNOWN


def test_a_result_without_a_record_id_proves_nothing():
    assert settle([result(INPUTS["t-1"], id=None)])[0].reason == "missing_in_answer"


def test_a_result_of_another_trace_id_is_nobodys():
    assert settle([result(INPUTS["t-1"], objectWriteTraceId="t-9")])[0].verdict is Verdict.UNKNOWN


def test_an_error_is_matched_by_trace_id_and_tells_the_fields_reason():
    said = error(INPUTS["t-2"], message=field_error("INVALID_OPTION", message="x of bob@example.org is not allowed"))

    assert settle([result(INPUTS["t-1"], record_id="7")], [said]) == [
        ADA_WRITTEN,
        Outcome(
            "bob@example.org",
            Verdict.REFUSED,
            reason="INVALID_OPTION",
            message="membership_status_tags: x of b***@example.org is not allowed",
            correlation_id="c-1",
        ),
    ]


def test_an_error_can_be_about_several_inputs():
    said = error(INPUTS["t-1"]) | {"context": {"objectWriteTraceId": ["t-1", "t-2"]}}

    assert [outcome.verdict for outcome in settle([], [said])] == [Verdict.REFUSED, Verdict.REFUSED]


def test_an_error_without_trace_id_is_matched_by_the_addresses_it_names():
    said = error(INPUTS["t-2"], category="CONFLICT", message="exists") | {"context": {"ids": ["BOB@example.org"]}}

    assert settle([], [said])[1].reason == "CONFLICT"


def test_an_error_may_keep_its_context_in_its_details():
    detail = {"message": "no", "code": "INVALID_EMAIL", "context": {"objectWriteTraceId": ["t-2"]}}
    said = {"category": "VALIDATION_ERROR", "errors": [detail]}

    assert settle([], [said])[1] == Outcome(
        "bob@example.org", Verdict.REFUSED, reason="INVALID_EMAIL", message="no", correlation_id="c-1"
    )


def test_an_error_that_names_nobody_leaves_the_rest_unknown_with_its_words():
    said = {"category": "CONFLICT", "message": "one of them conflicts"}

    assert settle([result(INPUTS["t-1"], record_id="7")], [said]) == [
        ADA_WRITTEN,
        Outcome(
            "bob@example.org",
            Verdict.UNKNOWN,
            reason="missing_in_answer",
            message="one of them conflicts",
            correlation_id="c-1",
        ),
    ]


def test_trouble_of_hubspots_own_is_no_refusal():
    assert settle([], [error(INPUTS["t-1"], category="INTERNAL_ERROR", message="oops")])[0].verdict is Verdict.UNKNOWN


def test_written_and_refused_at_once_is_unknown():
    assert settle([result(INPUTS["t-1"])], [error(INPUTS["t-1"])])[0].reason == "contradiction"


def test_an_updates_result_is_matched_by_trace_id_whatever_record_it_names():
    """A merged-away id may lead to the contact that it was merged into: that is where the values are."""
    written = {"id": "900", "objectWriteTraceId": "t-1", "properties": {}}

    assert settle([written], sent=KNOWN) == [
        Outcome("ada@example.org", Verdict.APPLIED, record_id="900", correlation_id="c-1"),
        Outcome("bob@example.org", Verdict.UNKNOWN, reason="missing_in_answer", correlation_id="c-1"),
    ]


def test_an_updates_result_without_a_trace_id_is_matched_by_its_record_id_alone():
    by_id, by_address = {"id": "102"}, {"id": "900", "properties": {"email": "ada@example.org"}}

    assert [(o.email, o.verdict) for o in settle([by_id, by_address], sent=KNOWN)] == [
        ("ada@example.org", Verdict.UNKNOWN),
        ("bob@example.org", Verdict.APPLIED),
    ]


def test_an_updates_error_without_a_trace_id_is_matched_by_the_record_ids_it_names():
    said = {"category": "VALIDATION_ERROR", "message": "no", "context": {"ids": ["102"]}}

    assert [outcome.reason for outcome in settle([], [said], sent=KNOWN)] == ["missing_in_answer", "VALIDATION_ERROR"]


def test_a_record_that_is_not_there_by_this_id_is_no_refusal_of_the_update():
    said = error({"objectWriteTraceId": "t-1"}, category="OBJECT_NOT_FOUND", message="not found")

    assert settle([{"id": "102"}], [said], sent=KNOWN)[0] == Outcome(
        "ada@example.org", Verdict.UNKNOWN, reason="OBJECT_NOT_FOUND", message="not found", correlation_id="c-1"
    )
    assert settle([], [said])[0].verdict is Verdict.REFUSED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["t-1", "t-2", "ada@example.org", "101", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "objectWriteTraceId", "properties", "email", "context", "ids", "errors", "message", "category"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(results=JSON, errors=JSON)
@pytest.mark.parametrize("sent", [SENT, KNOWN], ids=["creates", "updates"])
def test_any_answer_gives_each_change_exactly_one_outcome(sent, results, errors):
    got = outcomes(sent, Answer({"results": results, "errors": errors}))

    assert [outcome.email for outcome in got] == ["ada@example.org", "bob@example.org"]


@given(written=st.sets(st.integers(0, 19)), refused=st.sets(st.integers(0, 19)), rng=st.randoms())
def test_the_verdicts_are_what_the_answer_proves(written, refused, rng):
    sent = {f"t-{number}": one for number, one in enumerate(changes(20))}
    inputs = [dict(input_of(one, trace)) for trace, one in sent.items()]
    results, errors = [result(inputs[n]) for n in written], [error(inputs[n]) for n in refused]
    rng.shuffle(results)

    got = [outcome.verdict for outcome in outcomes(sent, Answer({"results": results, "errors": errors}))]

    assert got == [
        Verdict.APPLIED
        if number in written - refused
        else Verdict.REFUSED
        if number in refused - written
        else Verdict.UNKNOWN
        for number in range(20)
    ]
