"""Payloads both ways: every change has one outcome, whatever the answer looks like."""

from hypothesis import given
from hypothesis import strategies as st

from goldpan.model import Outcome, Verdict
from sync.destinations.hubspot.answers import Answer
from sync.destinations.hubspot.wire import as_value, is_whole, outcomes, read_batch, read_body, upsert_input
from tests.hubspot.stage import change, changes, error, field_error, result

ADA, BOB = change("ada@example.org"), change("bob@example.org")
SENT = {"t-1": ADA, "t-2": BOB}
INPUTS = {trace: dict(upsert_input(one, trace)) for trace, one in SENT.items()}
ADA_WRITTEN = Outcome("ada@example.org", Verdict.APPLIED, record_id="7", is_new=True, correlation_id="c-1")


def settle(results=(), errors=(), **more):
    return outcomes(SENT, Answer({"results": list(results), "errors": list(errors)} | more, "c-1"))


def test_an_input_carries_key_trace_and_all_values_but_not_the_address():
    written = change("ada@example.org", membership_status_tags="a;b", customer_id="", email="ada@example.org")

    assert upsert_input(written, "t-1") == {
        "id": "ada@example.org",
        "idProperty": "email",
        "objectWriteTraceId": "t-1",
        "properties": {"membership_status_tags": "a;b", "customer_id": ""},
    }


@given(st.text(alphabet=";a b", max_size=8))
def test_no_value_begins_with_a_semicolon_and_nothing_else_of_it_changes(value):
    sent = as_value(value)

    assert not sent.startswith(";")
    assert value.endswith(sent)
    assert set(value[: len(value) - len(sent)]) <= {";"}


def test_nothing_is_sent_as_an_empty_text_never_as_null():
    assert as_value(None) == ""


def test_a_single_value_is_sent_as_it_is():
    assert as_value(" Acme & Sons ") == " Acme & Sons "


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["t-1", "t-2", "ada@example.org", "x"]),
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
def test_any_answer_gives_each_change_exactly_one_outcome(results, errors):
    got = outcomes(SENT, Answer({"results": results, "errors": errors}))

    assert [outcome.email for outcome in got] == ["ada@example.org", "bob@example.org"]


@given(written=st.sets(st.integers(0, 19)), refused=st.sets(st.integers(0, 19)), rng=st.randoms())
def test_the_verdicts_are_what_the_answer_proves(written, refused, rng):
    sent = {f"t-{number}": one for number, one in enumerate(changes(20))}
    inputs = [dict(upsert_input(one, trace)) for trace, one in sent.items()]
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


def test_a_read_asks_for_the_addresses_once_and_for_what_tells_them_apart():
    assert read_body(["Ada@example.org", "ada@example.org "], ["customer_id", "email"]) == {
        "idProperty": "email",
        "properties": ["email", "hs_additional_emails", "customer_id"],
        "propertiesWithHistory": [],
        "inputs": [{"id": "ada@example.org"}],
    }


def test_a_read_answer_is_whole_only_with_all_its_parts():
    assert is_whole({"status": "COMPLETE", "results": [{"id": "1"}]})
    for body in (
        {},
        {"status": "COMPLETE"},
        {"status": "COMPLETE", "results": None},
        {"status": "COMPLETE", "results": [{"id": None}]},
        {"status": "COMPLETE", "results": ["x"]},
        {"status": "PENDING", "results": []},
    ):
        assert not is_whole(body)


def test_a_record_is_found_by_any_of_its_addresses_and_null_is_empty():
    record = {
        "id": "7",
        "properties": {"email": "Ada@Example.org", "hs_additional_emails": "Old@x.org; older@x.org", "tags": None},
    }

    batch, doubtful = read_batch(["OLD@x.org", "bob@x.org"], ["tags", "start"], {"results": [record]})

    assert batch.asked == ("OLD@x.org", "bob@x.org")
    assert batch.found["OLD@x.org"].email == "ada@example.org"
    assert batch.found["OLD@x.org"].additional_emails == ("old@x.org", "older@x.org")
    assert batch.found["OLD@x.org"].properties == {"tags": "", "start": ""}
    assert batch.absent == ("bob@x.org",)
    assert doubtful == ()


def test_a_record_that_shows_none_of_the_addresses_makes_the_missing_ones_doubtful():
    stranger = {"id": "7", "properties": {"email": "new@x.org"}}
    errors = [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["cy@x.org"]}}]

    batch, doubtful = read_batch(["ada@x.org", "cy@x.org"], [], {"results": [stranger], "errors": errors})

    assert doubtful == ("ada@x.org",)
    assert batch.absent == ("cy@x.org",)


def test_asked_for_alone_the_one_record_is_the_one():
    stranger = {"id": "7", "properties": {"email": "new@x.org"}}

    batch, doubtful = read_batch(["ada@x.org"], [], {"results": [stranger]})

    assert batch.found["ada@x.org"].record_id == "7"
    assert doubtful == ()
