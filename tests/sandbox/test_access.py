"""Tokens, scopes and limits."""

from datetime import date, timedelta

import pytest

from sync.sandbox import Sandbox
from sync.sandbox.access import Limits
from sync.sandbox.log import peak
from tests.sandbox.hub import CONTACTS, PROPERTIES, Hub, one

DETAILS = "/account-info/v3/details"
DAY = date(2026, 11, 20)


@pytest.fixture
def caller():
    """A caller with each of three tokens, against one sandbox without limits."""
    tokens = {
        "nightly": frozenset({"crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read"}),
        "reader": frozenset({"crm.objects.contacts.read"}),
        "setup": frozenset({"crm.schemas.contacts.write"}),
    }
    with Sandbox(tokens=tokens, burst_limit=0) as sandbox:
        hub = Hub(sandbox.url)

        def as_token(token):
            hub.token = token
            return hub

        yield as_token
        hub.pool.clear()


@pytest.mark.parametrize("token", ["", "unknown", "sandbox-token"])
def test_an_unknown_token_is_turned_away(caller, token):
    answer = caller(token).call("GET", DETAILS)

    assert (answer.status, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize(
    ("token", "method", "path", "scopes"),
    [
        ("reader", "POST", f"{CONTACTS}/batch/upsert", ["crm.objects.contacts.write"]),
        ("reader", "PATCH", f"{CONTACTS}/1", ["crm.objects.contacts.write"]),
        ("setup", "POST", f"{CONTACTS}/batch/read", ["crm.objects.contacts.read"]),
        ("setup", "GET", PROPERTIES, ["crm.schemas.contacts.read", "crm.objects.contacts.read"]),
        ("nightly", "POST", PROPERTIES, ["crm.schemas.contacts.write"]),
        ("nightly", "DELETE", f"{PROPERTIES}/x", ["crm.schemas.contacts.write"]),
    ],
)
def test_a_missing_scope_is_named(caller, token, method, path, scopes):
    answer = caller(token).call(method, path, {})

    assert (answer.status, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == scopes


def test_a_token_with_the_scope_is_let_through(caller):
    assert caller("reader").call("GET", PROPERTIES).status == 200
    assert caller("setup").call("POST", f"{PROPERTIES}/groups", {"name": "a", "label": "A"}).status == 201
    assert caller("nightly").upsert(one("ada@example.org")).status == 200


def test_account_details_name_the_portal_to_any_token(caller):
    answer = caller("setup").call("GET", DETAILS).json()

    assert (answer["portalId"], answer["accountType"], answer["timeZone"]) == (99_000_001, "DEVELOPER_TEST", "UTC")


def test_every_answer_tells_how_much_is_left():
    with Sandbox(burst_limit=5, daily_limit=50) as sandbox:
        hub = Hub(sandbox.url)
        for answer in (hub.call("GET", DETAILS), hub.upsert(one("not-an-address"))):
            headers = answer.headers
        hub.pool.clear()

    assert answer.status == 400
    assert headers["X-HubSpot-RateLimit-Max"] == "5"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "3"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == "50"
    assert headers["X-HubSpot-RateLimit-Daily-Remaining"] == "48"


def test_one_request_too_many_in_ten_seconds_is_refused_the_way_hubspot_does():
    with Sandbox(burst_limit=3) as sandbox:
        hub = Hub(sandbox.url)
        answers = [hub.call("GET", DETAILS) for _ in range(4)]
        hub.pool.clear()

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-HubSpot-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    body = answers[-1].json()
    assert body.pop("correlationId")
    assert body == {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
    }
    assert "Retry-After" not in answers[-1].headers


def test_a_spent_day_is_refused_with_its_own_policy():
    with Sandbox(burst_limit=0, daily_limit=2) as sandbox:
        hub = Hub(sandbox.url)
        answers = [hub.call("GET", DETAILS) for _ in range(3)]
        hub.pool.clear()

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["policyName"] == "DAILY"
    assert "category" not in answers[-1].json()


def test_the_window_rolls():
    limits = Limits(burst=2, daily=0)

    refused = [limits.admit(second, DAY)[1] is not None for second in (0.0, 4.0, 9.9, 10.0, 13.9, 14.0)]

    assert refused == [False, False, True, False, True, False]


def test_a_new_day_starts_from_zero():
    limits = Limits(burst=0, daily=1)

    assert limits.admit(0, DAY)[1] is None
    assert limits.admit(1, DAY)[1] is not None
    assert limits.admit(2, DAY + timedelta(days=1))[1] is None


def test_the_peak_is_the_most_in_any_ten_seconds():
    assert peak([], 10) == 0
    assert peak([0, 1, 9.99, 10, 10.5, 30], 10) == 4
    assert peak([30, 0, 20, 10], 10) == 1


def test_the_log_counts_requests_and_inputs_and_holds_no_address(hub, sandbox):
    hub.upsert(one("ada@example.org"), one("eve@example.org"))
    hub.call("GET", f"{CONTACTS}/ada@example.org", idProperty="email")

    last = sandbox.requests[-2:]
    assert [(entry.method, entry.path, entry.status, entry.inputs) for entry in last] == [
        ("POST", f"{CONTACTS}/batch/upsert", 200, 2),
        ("GET", f"{CONTACTS}/{{id}}", 200, 0),
    ]
    assert sandbox.peak_burst() == len(sandbox.requests)
    assert "example.org" not in str(sandbox.requests)


def test_what_the_sandbox_lacks_is_not_found(hub):
    assert hub.call("GET", "/crm/v3/lists").status == 404
    assert hub.call("PUT", f"{CONTACTS}/1", {}).status == 404
