"""``goldpan setup`` shows first, makes only what is missing, and removes nothing."""

import os
import pty
import subprocess
import sys

import pytest

from sync.sandbox import TOKEN, Sandbox
from tests.builders import REPOSITORY
from tests.cli.installation import TAGS, writes_in
from tests.sandbox.hub import PROPERTIES, Hub, options

OWN = ["membership_status_tags", "total_order_value", "estimated_savings", "membership_start", "membership_expires",
       "member_since", "membership_category", "customer_id", "customer_name"]  # fmt: skip


@pytest.fixture
def hub(bare_sandbox):
    hub = Hub(bare_sandbox.url)
    yield hub
    hub.pool.clear()


@pytest.fixture
def goldpan(set_up, bare_sandbox):
    return set_up(bare_sandbox.url)


def option_values(hub, name=TAGS):
    return [option["value"] for option in hub.call("GET", f"{PROPERTIES}/{name}").json()["options"]]


def test_without_a_terminal_it_shows_what_it_would_make_and_waits_for_a_yes(goldpan, bare_sandbox):
    said = goldpan("setup")

    assert said.exit_code == 2
    assert all(f"({name}" in said.out for name in OWN)
    assert "goldpan setup --yes" in said.err
    assert writes_in(bare_sandbox) == []


def test_with_yes_it_makes_everything_a_run_needs(goldpan, hub):
    said = goldpan("setup", "--yes")

    assert said.exit_code == 0
    made = {each["name"]: each for each in hub.call("GET", PROPERTIES).json()["results"]}
    assert set(OWN) <= made.keys()
    assert all("Kept by Goldpan; edits are overwritten" in made[name]["description"] for name in OWN)
    assert {made[name]["groupName"] for name in OWN} == {"goldpan"}
    assert (made[TAGS]["type"], made[TAGS]["fieldType"]) == ("enumeration", "checkbox")
    assert goldpan("check").exit_code == 0


def test_the_second_time_there_is_nothing_to_do(goldpan, bare_sandbox):
    goldpan("setup", "--yes")
    before = writes_in(bare_sandbox)

    said = goldpan("setup")

    assert said.exit_code == 0
    assert "HubSpot has everything that Goldpan needs" in said.out
    assert writes_in(bare_sandbox) == before


def test_options_of_people_stay_when_it_adds_its_own(goldpan, hub):
    goldpan("setup", "--yes")
    raw = hub.call("GET", f"{PROPERTIES}/{TAGS}").json()
    theirs = [{**option, "hidden": option["value"] == "gone"} for option in options("board", "gone")]
    kept = [option for option in raw["options"] if option["value"] != "hfo_buy"]
    assert hub.call("PATCH", f"{PROPERTIES}/{TAGS}", {"options": [*theirs, *kept]}).status == 200

    said = goldpan("setup", "--yes")

    assert "HFO Buy (hfo_buy)" in said.out
    assert {"board", "gone", "hfo_buy"} <= set(option_values(hub))
    assert len(option_values(hub)) == 12


@pytest.mark.parametrize("adopt", [False, True])
def test_a_property_that_somebody_else_made_is_used_only_with_adopt(goldpan, hub, bare_sandbox, adopt):
    hub.call("POST", f"{PROPERTIES}/groups", {"name": "membership", "label": "Membership"})
    assert hub.make_property("customer_id", "string", "text").status == 201
    before = writes_in(bare_sandbox)
    if adopt:
        goldpan.configure("properties.toml", ('name = "customer_id"', 'name = "customer_id"\nadopt = true'))

    said = goldpan("setup", "--yes")

    if adopt:
        assert said.exit_code == 0
        assert hub.call("GET", f"{PROPERTIES}/customer_id").json()["groupName"] == "membership"
    else:
        assert said.exit_code == 2
        assert "customer_id" in said.err
        assert "adopt = true" in said.err
        assert writes_in(bare_sandbox) == before


def test_a_property_of_another_type_is_refused_even_with_adopt(goldpan, hub):
    hub.call("POST", f"{PROPERTIES}/groups", {"name": "membership", "label": "Membership"})
    assert hub.make_property("total_order_value", "string", "text").status == 201
    goldpan.configure("properties.toml", ('name = "total_order_value"', 'name = "total_order_value"\nadopt = true'))

    said = goldpan("setup", "--yes")

    assert said.exit_code == 2
    assert "total_order_value" in said.err
    assert "string/text" in said.err


def test_a_run_before_setup_stops_and_names_it(goldpan, bare_sandbox):
    goldpan.deliver()

    said = goldpan.run()

    assert said.exit_code == 2
    assert "goldpan setup" in said.json["problems"][0]
    assert writes_in(bare_sandbox) == []


@pytest.mark.parametrize(("answer", "exit_code", "has_made"), [("y", 0, True), ("n", 1, False)])
def test_on_a_terminal_it_asks(goldpan, bare_sandbox, answer, exit_code, has_made):
    controller, terminal = pty.openpty()
    environment = os.environ | goldpan.env | {"PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-m", "sync.cli", "setup"],
        cwd=goldpan.home, env=environment, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.write(controller, f"{answer}\n".encode())
        out, err = process.communicate(timeout=60)
    os.close(terminal)
    os.close(controller)

    assert process.returncode == exit_code, err
    assert "Make this in HubSpot?" in out + err
    assert bool(writes_in(bare_sandbox)) is has_made
    assert "Traceback" not in err


def test_a_token_without_the_scope_to_make_properties_is_told_which_one(goldpan, bare_sandbox):
    scopes = frozenset({"crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read"})
    with Sandbox(burst_limit=0, tokens={TOKEN: scopes}) as sandbox:
        goldpan.env["HUBSPOT_BASE_URL"] = sandbox.url

        said = goldpan("setup", "--yes")

    assert said.exit_code == 2
    assert "crm.schemas.contacts.write" in said.err
    assert "Traceback" not in said.err
