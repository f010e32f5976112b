"""The account, the token and its scopes: sentences that say what to fix, and no secret anywhere."""

import logging

import pytest

from goldpan.errors import AccessError, ConfigError, FatalError
from goldpan.model import Portal
from sync.destinations.hubspot import HubSpotDestination
from tests.hubspot.stage import PROPERTIES, TOKEN, Reply, change, changes, drained, field_error, refusing

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


def test_an_error_says_which_call_needs_which_scope(hubspot, destination):
    hubspot.play(Reply(403, {"category": "MISSING_SCOPES"}))

    with pytest.raises(AccessError, match=r"crm\.schemas\.contacts\.write"):
        destination.make_group("membership", "Membership")

    assert hubspot.paths() == [f"POST {PROPERTIES}/groups"]
