"""The page at / and the surface for tests in other processes."""

from html.parser import HTMLParser

import pytest

from tests.sandbox.hub import TAGS, one

VOID = {"meta", "input"}


class Page(HTMLParser):
    """Checks that every tag is closed in order, and collects what is to be read."""

    def __init__(self, html):
        super().__init__()
        self.open, self.texts, self.bars = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.bars += [value for name, value in attrs if name == "style"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data.strip())


@pytest.fixture
def people(hub):
    hub.upsert(
        one("ada@example.org", firstname="Ada", **{TAGS: "gold;active"}),
        one("eve@example.org", firstname="<b>Eve</b> & co", **{TAGS: "gold"}),
        one("bob@example.org"),
    )


def test_the_page_counts_contacts_and_draws_a_bar_per_tag(hub, people):
    answer = hub.call("GET", "/")
    page = Page(answer.data.decode())

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html;charset=utf-8")
    assert page.texts[page.texts.index("contacts") - 1] == "3"
    shares = ["33.3%", "0.0%", "0.0%", "66.7%"]  # active, board, expired, gold
    assert page.bars == [f"width: {share}" for share in shares]
    assert {"ada@example.org", "Gold", TAGS} <= set(page.texts)


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(hub, people):
    answer = hub.call("GET", "/")

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "http" not in answer.data.decode().replace("http-equiv", "")


def test_what_contacts_hold_never_becomes_markup(hub, people):
    hub.upsert(one("eve@example.org", customer_id='"><script>alert(1)</script>'))

    html = hub.call("GET", "/", q='"><script>').data.decode()

    Page(html)
    assert "<script" not in html
    assert "<b>Eve" not in html


def test_the_search_looks_into_every_value_in_any_case(hub, people):
    found = hub.call("GET", "/.json", q="EVE").json()

    assert found["found"] == 1
    assert found["contacts"] == 3
    assert [contact["properties"]["email"] for contact in found["latest"]] == ["eve@example.org"]
    assert "ada@example.org" not in hub.call("GET", "/", q="eve").data.decode()


@pytest.mark.parametrize("query", [("/.json", {}), ("/", {"format": "json"})])
def test_the_same_comes_as_json(hub, people, query):
    path, asked = query

    body = hub.call("GET", path, **asked).json()

    assert (body["portal_id"], body["account_type"], body["contacts"]) == (99_000_001, "DEVELOPER_TEST", 3)
    counts = {option["value"]: option["contacts"] for option in body["tags"][0]["options"]}
    assert (body["tags"][0]["property"], counts) == (TAGS, {"active": 1, "board": 0, "expired": 0, "gold": 2})
    assert TAGS in [listed["name"] for listed in body["properties"]]


def test_only_the_last_fifty_are_shown(hub):
    hub.upsert(*(one(f"m{n}@example.org") for n in range(60)))
    hub.upsert(one("m7@example.org", firstname="Last"))

    body = hub.call("GET", "/.json").json()

    assert len(body["latest"]) == 50
    assert body["latest"][0]["properties"]["email"] == "m7@example.org"


def test_an_empty_portal_has_a_page_too(hub):
    assert hub.call("POST", "/sandbox/reset").status == 204

    page = Page(hub.call("GET", "/").data.decode())

    assert "No checkbox property yet." in page.texts


def test_the_page_needs_no_token_and_does_not_count(hub, sandbox):
    before = len(sandbox.requests)
    hub.token = ""

    assert hub.call("GET", "/").status == 200
    assert len(sandbox.requests) == before


def test_another_web_page_cannot_look_in_or_change_anything(hub, sandbox, people):
    by_name = hub.pool.request("GET", f"{sandbox.url}/.json", headers={"Host": "rebound.example.com"})
    by_script = hub.pool.request("POST", f"{sandbox.url}/sandbox/reset", headers={"Origin": "https://example.com"})

    assert (by_name.status, by_script.status) == (403, 403)
    assert len(sandbox.contacts()) == 3


def test_faults_can_be_set_from_another_process(hub, sandbox):
    fault = {"does": "status", "status": 500, "path": "*/batch/upsert", "nth": 1}

    assert hub.call("POST", "/sandbox/faults", [fault]).status == 200
    assert [hub.upsert(one("ada@example.org")).status for _ in range(2)] == [500, 200]
    listed = hub.call("GET", "/sandbox/faults").json()["faults"][0]
    assert (listed["status"], listed["matched"], listed["struck"]) == (500, 2, 1)


@pytest.mark.parametrize("body", [b"nonsense", {"does": "drop"}, [{"does": "explode"}], [{"what": 1}], [1]])
def test_faults_that_make_no_sense_change_nothing(hub, body):
    assert hub.call("POST", "/sandbox/faults", body).status == 400
    assert hub.call("GET", "/sandbox/faults").json() == {"faults": []}


def test_settings_can_be_changed_from_another_process(hub, sandbox):
    wanted = {
        "latency_seconds": 0.01,
        "partial_upsert_blanks": True,
        "conflicts": ["eve@example.org"],
        "burst_limit": 100,
        "daily_limit": 1000,
        "merged_ids": "unknown",
        "missing_sinks_updates": True,
    }

    assert hub.call("POST", "/sandbox/settings", wanted | {"conflicts": ["Eve@example.org"]}).json() == wanted
    assert hub.call("GET", "/sandbox/settings").json() == wanted
    assert hub.upsert(one("eve@example.org")).status == 409
    for wrong in ({"speed": 1}, {"latency_seconds": "x"}, {"merged_ids": "lost"}, b"[", []):
        assert hub.call("POST", "/sandbox/settings", wrong).status == 400


def test_stats_tell_what_was_asked(hub, people):
    stats = hub.call("GET", "/sandbox/stats").json()

    assert (stats["contacts"], stats["inputs"]) == (3, 3)
    assert stats["by_endpoint"]["POST /crm/v3/objects/contacts/batch/upsert"] == 1
    assert stats["requests"] == stats["peak_burst"] == sum(stats["by_status"].values())


def test_a_reset_forgets_everything_but_the_portal(hub, sandbox, people):
    sandbox.faults.replace([])
    hub.call("POST", "/sandbox/faults", [{"does": "drop"}])

    hub.call("POST", "/sandbox/reset")

    assert sandbox.contacts() == {}
    assert sandbox.requests == ()
    assert hub.upsert(one("ada@example.org")).status == 200
    assert hub.upsert(one("ada@example.org", **{TAGS: "gold"})).status == 400
    assert hub.call("GET", "/account-info/v3/details").json()["portalId"] == 99_000_001


def test_other_paths_of_the_surface_do_not_exist(hub):
    assert hub.call("GET", "/sandbox/secrets").status == 404
    assert hub.call("POST", "/").status == 404
