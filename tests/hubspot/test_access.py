"""The account, the token and its scopes: sentences that say what to fix, and no secret anywhere."""

import json
import logging

import pytest

from goldpan.errors import AccessError, ConfigError, FatalError
from goldpan.model import Portal
from sync.destinations.hubspot import HubSpotDestination, Retries
from sync.destinations.hubspot.answers import error_of
from tests.hubspot.stage import (
    PROPERTIES,
    TOKEN,
    Reply,
    change,
    changes,
    drained,
    field_error,
    refusing,
    tally,
    throttled,
    verdicts,
)

DETAILS = {"portalId": 123, "accountType": "STANDARD", "timeZone": "US/Eastern", "uiDomain": "app.hubspot.com"}


def test_the_account_is_read(hubspot, destination):
    hubspot.play(Reply(200, DETAILS))

    assert destination.portal() == Portal("123", "STANDARD", "US/Eastern", "app.hubspot.com")
    assert hubspot.requests[0].path == "/account-info/v3/details"
    assert hubspot.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_something_that_is_not_hubspot_is_told(hubspot, destination):
    hubspot.play(Reply(200, {"hello": "world"}))

    with pytest.raises(FatalError, match="HUBSPOT_BASE_URL"):
        destination.portal()


def test_a_wrong_address_is_told(hubspot, destination):
    hubspot.play(Reply(404, b"<html>nothing here</html>"))

    with pytest.raises(FatalError, match="404"):
        destination.portal()


@pytest.mark.parametrize(
    "body",
    [{}, {"category": "SOMETHING"}, {"category": ["OBJECT_NOT_FOUND"]}, b"OBJECT_NOT_FOUND", b"[]", {"message": "x"}],
)
def test_a_404_that_is_not_about_a_record_ends_the_run(hubspot, destination, body):
    hubspot.play(Reply(404, body))

    with pytest.raises(FatalError, match="HUBSPOT_BASE_URL"):
        list(destination.write(changes(2)))

    assert len(hubspot.requests) == 1


def test_a_404_of_hubspot_about_a_record_refuses_that_record_alone(hubspot, destination):
    hubspot.otherwise = refusing("m1@example.org", status=404, category="OBJECT_NOT_FOUND", message="no such object")

    batches, failure = drained(destination.write(changes(4)))

    assert failure is None
    outcomes = verdicts(batches)
    assert tally(outcomes) == {**tally({}), "applied": 3, "refused": 1}
    refused = outcomes["m1@example.org"]
    assert (refused.reason, refused.correlation_id) == ("OBJECT_NOT_FOUND", "c-1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 423, 429, 477, 503])
@pytest.mark.parametrize(
    "place", ["message", "category", "subCategory", "errorType", "correlationId", "context", "errors", "policyName"]
)
def test_an_error_body_of_any_shape_is_read_and_quotes_nobody(status, place):
    odds = [None, 7, "x", [], ["x"], {}, {"a": 1}, [[{}]], [None], "jane@example.org", {"jane@example.org": 1}]
    for odd in odds:
        inside = {"message": odd, "code": odd, "context": odd, "subCategory": odd}
        for body in ({place: odd}, {"category": "OBJECT_NOT_FOUND", place: [inside]}, {"errors": [inside, odd]}):
            error = error_of(status, {}, json.dumps(body).encode(), url="https://hub", scopes=["a"])

            told = f"{error} {getattr(error, 'reason', '')} {getattr(error, 'correlation_id', '')}"
            assert "jane@" not in told


@pytest.mark.parametrize(
    "context", [{"requiredGranularScopes": [None, 3, {}]}, {"requiredGranularScopes": "x"}, [], "x"]
)
def test_scopes_that_hubspot_names_oddly_fall_back_to_the_known_ones(hubspot, destination, context):
    hubspot.play(Reply(403, {"category": "MISSING_SCOPES", "errors": [{"context": context}, "x"]}))

    with pytest.raises(AccessError, match=r"scopes: crm\.objects\.contacts\.read\."):
        destination.portal()


def test_a_refused_token_says_what_to_fix(hubspot, destination):
    hubspot.play(Reply(401, {"category": "INVALID_AUTHENTICATION", "message": "Authentication credentials not found"}))

    with pytest.raises(AccessError, match="HUBSPOT_ACCESS_TOKEN") as caught:
        destination.portal()

    assert caught.value.exit_code == 2
    assert len(hubspot.requests) == 1


def test_missing_scopes_are_named_as_hubspot_names_them(hubspot, destination):
    detail = {"message": "missing", "context": {"requiredGranularScopes": ["crm.schemas.contacts.read"]}}
    hubspot.play(Reply(403, {"category": "MISSING_SCOPES", "message": "not granted", "errors": [detail]}))

    with pytest.raises(AccessError, match=r"scopes: crm\.schemas\.contacts\.read\.") as caught:
        destination.properties()

    assert "HUBSPOT_ACCESS_TOKEN" in str(caught.value)


def test_missing_scopes_are_named_even_if_hubspot_does_not(hubspot, destination):
    hubspot.play(Reply(403, b"<html>Forbidden</html>"))

    with pytest.raises(AccessError, match=r"crm\.objects\.contacts\.write"):
        list(destination.write(changes(1)))


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "naïve"])
def test_a_broken_token_is_refused_without_being_quoted(token):
    with pytest.raises(ConfigError, match="HUBSPOT_ACCESS_TOKEN") as caught:
        HubSpotDestination(token=token)

    assert not token.strip() or token not in str(caught.value)


def test_a_token_read_from_a_file_may_end_in_a_line_break(hubspot, open_destination):
    hubspot.play(Reply(200, DETAILS))

    open_destination(token=f"{TOKEN}\n").portal()

    assert hubspot.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "url", ["api.hubapi.com", "ftp://x", "https://", "https://u:p@x", "https://x?y=1", "http://x:y"]
)
def test_a_broken_address_is_refused(url):
    with pytest.raises(ConfigError, match="HUBSPOT_BASE_URL"):
        HubSpotDestination(token=TOKEN, base_url=url)


def test_a_slash_at_the_end_of_the_address_is_fine(hubspot, open_destination):
    hubspot.play(Reply(200, DETAILS))

    open_destination(base_url=f"{hubspot.url}/").portal()

    assert hubspot.requests[0].path == "/account-info/v3/details"


def test_neither_token_nor_address_is_told_by_logs_errors_or_representations(hubspot, destination, caplog):
    caplog.set_level(logging.DEBUG)
    message = field_error("INVALID_EMAIL", message="jane@example.org is invalid")
    hubspot.otherwise = refusing("jane@example.org", message=message)

    batches, _ = drained(destination.write([change("jane@example.org"), change("ada@example.org")]))
    hubspot.otherwise = lambda _: Reply(401, {"message": f"{TOKEN} of jane@example.org is wrong"})
    hubspot.play(Reply(400, {"message": "Duplicate IDs found in batch input: [jane@example.org]"}))
    _, defect = drained(destination.write(changes(1)))
    _, denied = drained(destination.read_contacts(["jane@example.org"], []))

    assert len(hubspot.requests) >= 5
    messages = [outcome.message for batch in batches for outcome in batch]
    told = [caplog.text, *messages, repr(defect), str(denied), repr(destination), str(vars(destination))]
    for words in told:
        assert "jane@" not in words
        assert "ada@" not in words
    for words in [caplog.text, repr(destination), str(vars(destination)), str(vars(destination._client))]:
        assert TOKEN not in words
    assert denied.__cause__ is None
    assert denied.__context__ is None


def test_neither_token_nor_address_is_told_by_a_run_that_gives_up(hubspot, open_destination, caplog):
    caplog.set_level(logging.DEBUG)
    hubspot.otherwise = lambda _: Reply(
        503, {"message": f"jane@example.org {TOKEN}", "correlationId": "jane@example.org"}
    )
    hubspot.play(throttled(**{"X-HubSpot-RateLimit-Max": f"jane@example.org {TOKEN}"}))
    destination = open_destination(workers=8, retries=Retries(in_a_row=2))

    batches, failure = drained(destination.write([change("jane@example.org"), *changes(2000)]))

    messages = [outcome.message for batch in batches for outcome in batch]
    for words in [caplog.text, *messages, str(failure), repr(failure)]:
        assert "jane@" not in words
        assert TOKEN not in words
    assert "no usable answer" in str(failure)


def test_an_error_says_which_call_needs_which_scope(hubspot, destination):
    hubspot.play(Reply(403, {"category": "MISSING_SCOPES"}))

    with pytest.raises(AccessError, match=r"crm\.schemas\.contacts\.write"):
        destination.make_group("membership", "Membership")

    assert hubspot.paths() == [f"POST {PROPERTIES}/groups"]
