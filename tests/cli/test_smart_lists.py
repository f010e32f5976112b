"""Smart Lists on the command line: `setup` makes them, `check` counts them, a run never asks for them."""

import pytest

from sync.sandbox import TOKEN, Fault, Sandbox
from sync.sandbox.access import ALL_SCOPES
from tests.cli.installation import TAGS, writes_in
from tests.sandbox.hub import Hub

LISTS = "/crm/v3/lists"
NIGHTLY = frozenset({"crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read"})
SETUP = frozenset({"crm.schemas.contacts.read", "crm.schemas.contacts.write", "crm.lists.read", "crm.lists.write"})
SETUP_TOKEN = "setup-token"
OURS = """
[[list]]
name = "Due"
any_of = ["expiring_soon"]

[[list]]
name = "Former members"
all_of = ["not_active_membership"]
none_of = ["not_hfo_buy"]
"""


@pytest.fixture
def goldpan(set_up, bare_sandbox):
    """A portal that has never met Goldpan, and a config with two lists."""
    installation = set_up(bare_sandbox.url)
    (installation.config / "lists.toml").write_text(OURS, encoding="utf-8")
    installation.deliver()
    return installation


@pytest.fixture
def hub(bare_sandbox):
    hub = Hub(bare_sandbox.url)
    yield hub
    hub.pool.clear()


def names(hub):
    return [each["name"] for each in hub.call("POST", f"{LISTS}/search", {"count": 100}).json()["lists"]]


def list_lines(said):
    """What `goldpan check` says of lists: whether it is fine, and what."""
    found = [line for line in said.out.splitlines() if line[5:17].strip() in ("list", "lists")]
    return [(line[:4].strip(), line[18:]) for line in found]


def list_requests(sandbox):
    return [f"{r.method} {r.path}" for r in sandbox.requests if r.path.startswith(LISTS)]


def static_list(hub, name):
    assert hub.call("POST", LISTS, {"name": name, "objectTypeId": "0-1", "processingType": "MANUAL"}).status == 200


def test_setup_shows_the_lists_and_makes_them_after_a_yes(goldpan, hub, bare_sandbox):
    shown = goldpan("setup")
    assert writes_in(bare_sandbox) == []
    made = goldpan("setup", "--yes")

    assert "will make the active list Due: any of expiring_soon\n" in shown.out
    assert "will make the active list Former members: all of not_active_membership and none of not_hfo_buy" in shown.out
    assert (shown.exit_code, made.exit_code) == (2, 0)
    assert "done: make the active list Due" in made.out
    assert names(hub) == ["Due", "Former members"]


def test_the_second_time_no_list_is_touched(goldpan, bare_sandbox):
    goldpan("setup", "--yes")
    before = writes_in(bare_sandbox)

    said = goldpan("setup", "--yes")

    assert said.exit_code == 0
    assert "HubSpot has everything that Goldpan needs" in said.out
    assert writes_in(bare_sandbox) == before


def test_check_tells_the_size_of_each_list(goldpan):
    goldpan("setup", "--yes")
    assert goldpan.run().exit_code == 0

    said = goldpan("check")

    assert said.exit_code == 0
    assert list_lines(said) == [("OK", "Due: 1 contact"), ("OK", "Former members: 0 contacts")]


def test_check_tells_of_lists_that_are_missing_and_still_says_that_a_run_can_go(goldpan):
    goldpan("setup", "--yes")
    goldpan.configure("lists.toml", append='\n[[list]]\nname = "New"\nany_of = ["hfo_buy"]\n')

    said = goldpan("check")

    assert said.exit_code == 0
    assert list_lines(said)[-1] == ("FIX", "New: missing; run `goldpan setup`")
    assert goldpan("setup", "--yes").exit_code == 0
    assert list_lines(goldpan("check"))[-1] == ("OK", "New: 0 contacts")


def test_a_difference_is_shown_by_both_and_changed_by_neither(goldpan, hub, bare_sandbox):
    goldpan("setup", "--yes")
    goldpan.configure("lists.toml", ('any_of = ["expiring_soon"]', 'any_of = ["hfo_buy"]'))
    before = writes_in(bare_sandbox)

    shown, checked = goldpan("setup", "--yes"), goldpan("check")

    wanted = "differs: config/lists.toml says any of hfo_buy; HubSpot has any of expiring_soon."
    assert wanted in shown.out
    assert wanted in list_lines(checked)[0][1]
    assert list_lines(checked)[0][0] == "FIX"
    assert (shown.exit_code, checked.exit_code) == (0, 0)
    assert "about the lists see above" in shown.out
    assert writes_in(bare_sandbox) == before


def test_a_static_list_of_that_name_is_told_and_the_others_are_made(goldpan, hub):
    static_list(hub, "DUE")

    said = goldpan("setup", "--yes")

    assert said.exit_code == 0
    assert "static list of this name (MANUAL)" in said.out
    assert "HubSpot spells it DUE" in said.out
    assert names(hub) == ["DUE", "Former members"]


def test_a_token_without_the_scope_for_lists_still_makes_the_properties(goldpan):
    with Sandbox(burst_limit=0, tokens={TOKEN: ALL_SCOPES - {"crm.lists.read"}}) as sandbox:
        goldpan.env["HUBSPOT_BASE_URL"] = sandbox.url

        made, checked = goldpan("setup", "--yes"), goldpan("check")

    assert (made.exit_code, checked.exit_code) == (0, 0)
    assert f"({TAGS}" in made.out
    assert [line for line in made.out.splitlines() if "Smart Lists were left out" in line and "crm.lists.read" in line]
    [(verdict, said)] = list_lines(checked)
    assert verdict == "FIX"
    assert "crm.lists.read" in said


def test_a_list_that_can_not_be_made_is_told_after_everything_else_was_made(goldpan):
    with Sandbox(burst_limit=0, tokens={TOKEN: ALL_SCOPES - {"crm.lists.write"}}) as sandbox:
        goldpan.env["HUBSPOT_BASE_URL"] = sandbox.url

        said = goldpan("setup", "--yes")

        assert TAGS in Hub(sandbox.url).call("GET", "/crm/v3/properties/contacts").data.decode()
    assert said.exit_code == 2
    assert "crm.lists.write" in said.err
    assert "Due" in said.err
    assert "everything else was" in said.err


def test_one_list_that_hubspot_refuses_keeps_no_other_from_being_made(goldpan, hub, bare_sandbox):
    refusal = {"category": "VALIDATION_ERROR", "message": "not today"}
    bare_sandbox.faults.replace([Fault("status", method="POST", path=f"{LISTS}/", status=400, body=refusal, times=1)])

    said = goldpan("setup", "--yes")

    assert said.exit_code == 2
    assert "Due" in said.err
    assert "not today" in said.err
    assert names(hub) == ["Former members"]


def test_two_tokens_share_the_work_each_with_the_scopes_it_needs(goldpan):
    """The nightly one can neither make properties nor see lists, the one for setup can't see a contact."""
    with Sandbox(burst_limit=0, tokens={TOKEN: NIGHTLY, SETUP_TOKEN: SETUP}) as sandbox:
        goldpan.env |= {"HUBSPOT_BASE_URL": sandbox.url, "HUBSPOT_SETUP_TOKEN": SETUP_TOKEN}

        made, checked = goldpan("setup", "--yes"), goldpan("check")
        run = goldpan("run", "--dry-run", "--as-of", "2026-11-20")

    assert made.exit_code == 0, made.all
    assert "HUBSPOT_SETUP_TOKEN" in made.out
    assert (checked.exit_code, [verdict for verdict, _ in list_lines(checked)]) == (0, ["OK", "OK"])
    assert run.exit_code in (0, 3), run.all
    assert SETUP_TOKEN not in made.all + checked.all + run.all


def test_the_setup_token_may_come_from_a_file(goldpan, tmp_path):
    secret = tmp_path / "setup-token"
    secret.write_text(f"{SETUP_TOKEN}\n", encoding="utf-8")
    with Sandbox(burst_limit=0, tokens={SETUP_TOKEN: SETUP}) as sandbox:
        goldpan.env |= {"HUBSPOT_BASE_URL": sandbox.url, "HUBSPOT_SETUP_TOKEN_FILE": str(secret)}
        goldpan.env["HUBSPOT_ACCESS_TOKEN"] = ""

        assert goldpan("setup", "--yes").exit_code == 0


def test_a_setup_token_that_hubspot_does_not_know_keeps_no_run_from_going(goldpan):
    goldpan("setup", "--yes")
    goldpan.env["HUBSPOT_SETUP_TOKEN"] = SETUP_TOKEN

    said = goldpan("check")

    assert said.exit_code == 0
    [(verdict, words)] = list_lines(said)
    assert verdict == "FIX"
    assert words.startswith("with HUBSPOT_SETUP_TOKEN: HubSpot doesn't accept the token (401)")
    assert SETUP_TOKEN not in said.all


def test_one_list_that_hubspot_will_not_look_up_keeps_no_other_from_being_made(goldpan, hub, bare_sandbox):
    refusal = {"category": "VALIDATION_ERROR", "message": "no such spelling"}
    fault = Fault("status", method="GET", path=f"{LISTS}/object-type-id/*", status=400, body=refusal, times=1)
    bare_sandbox.faults.replace([fault])

    said = goldpan("setup", "--yes")

    assert said.exit_code == 0
    assert "list Due: HubSpot refuses to look it up" in said.out
    assert names(hub) == ["Former members"]


def test_lists_without_a_tag_property_are_told(goldpan):
    properties = (goldpan.config / "properties.toml").read_text(encoding="utf-8")
    blocks = properties.split("[[property]]")
    others = "[[property]]".join(block for block in blocks if 'type = "tags"' not in block)
    (goldpan.config / "properties.toml").write_text(others, encoding="utf-8")

    said = goldpan("setup", "--yes")

    assert said.exit_code == 0
    assert "no property of type 'tags'" in said.out


def test_without_the_file_there_are_no_lists_and_no_requests_for_them(goldpan, bare_sandbox):
    (goldpan.config / "lists.toml").unlink()

    made, checked = goldpan("setup", "--yes"), goldpan("check")

    assert (made.exit_code, checked.exit_code, list_lines(checked)) == (0, 0, [])
    assert list_requests(bare_sandbox) == []


def test_a_run_never_asks_for_lists(goldpan, bare_sandbox):
    goldpan("setup", "--yes")
    before = list_requests(bare_sandbox)

    assert goldpan.run().exit_code == 0

    assert before
    assert list_requests(bare_sandbox) == before


def test_a_mistake_in_the_file_stops_with_its_name(goldpan):
    goldpan.configure("lists.toml", ("expiring_soon", "expiring"))

    said = goldpan("setup")

    assert said.exit_code == 2
    assert "lists.toml: list 'Due': no tag has the value 'expiring'" in said.err
