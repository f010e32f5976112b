"""``goldpan check``: a line for each thing, OK or what to do; it changes nothing."""

import pytest

from sync.sandbox import TOKEN, Sandbox
from tests.cli.installation import OURS, writes_in

LOOKED_AT = ["config", "home", "state", "drop folder", "token", "portal", "read scope", "properties"]


def lines(said):
    """Name of each check, and whether it is fine."""
    return {
        line[5:17].strip(): line.startswith("OK ") for line in said.out.splitlines() if line[:4] in ("OK  ", "FIX ")
    }


def test_all_is_well(goldpan, sandbox):
    said = goldpan("check")

    assert said.exit_code == 0
    assert lines(said) == dict.fromkeys(LOOKED_AT, True)
    assert str(sandbox.portal_id) in said.out
    assert "memberships: memberships.csv, orders: orders.csv" in said.out


def test_it_writes_nothing_here_or_there(goldpan, sandbox):
    before = goldpan.tree()

    goldpan("check")

    assert goldpan.tree() == before
    assert writes_in(sandbox) == []


def test_it_tells_of_the_last_run(goldpan):
    run_id = goldpan.run().json["run_id"]

    assert f"last run {run_id}: done" in goldpan("check").out


def test_a_missing_token_is_named_with_where_to_put_it(goldpan):
    goldpan.env["HUBSPOT_ACCESS_TOKEN"] = ""

    said = goldpan("check")

    assert said.exit_code == 2
    assert lines(said)["token"] is False
    assert "HUBSPOT_ACCESS_TOKEN" in said.out
    assert "Service keys" in said.out


def test_a_token_that_hubspot_does_not_know_is_said_but_not_shown(goldpan):
    goldpan.env["HUBSPOT_ACCESS_TOKEN"] = "some-other-token"

    said = goldpan("check")

    assert said.exit_code == 2
    assert lines(said)["portal"] is False
    assert "401" in said.out
    assert "some-other-token" not in said.all


def test_a_scope_that_is_missing_is_named(goldpan, set_up, tmp_path):
    with Sandbox(burst_limit=0, tokens={TOKEN: frozenset({"crm.schemas.contacts.read"})}) as sandbox:
        goldpan.env["HUBSPOT_BASE_URL"] = sandbox.url

        said = goldpan("check")

    assert said.exit_code == 2
    assert lines(said)["read scope"] is False
    assert "crm.objects.contacts.read" in said.out


def test_properties_that_are_missing_are_listed_with_the_command_that_makes_them(set_up, bare_sandbox):
    said = set_up(bare_sandbox.url)("check")

    assert said.exit_code == 2
    assert lines(said)["properties"] is False
    assert "membership_status_tags" in said.out
    assert "goldpan setup" in said.out
    assert writes_in(bare_sandbox) == []


def test_another_portal_than_the_allowed_one_is_said(goldpan, sandbox):
    goldpan.env["HUBSPOT_PORTAL_ID"] = "12345"

    said = goldpan("check")

    assert said.exit_code == 2
    assert "12345" in said.out
    assert str(sandbox.portal_id) in said.out


def test_a_drop_folder_that_is_missing_is_a_matter_of_configuration(goldpan):
    for file in goldpan.inbox.iterdir():
        file.unlink()
    goldpan.inbox.rmdir()

    said = goldpan("check")

    assert said.exit_code == 2
    assert lines(said)["drop folder"] is False
    assert str(goldpan.inbox) in said.out


def test_hubspot_out_of_reach_is_a_failure_that_says_what_to_look_at(goldpan):
    goldpan.env["HUBSPOT_BASE_URL"] = "http://127.0.0.1:1"

    said = goldpan("check")

    assert said.exit_code == 1
    assert lines(said)["portal"] is False
    assert "HUBSPOT_BASE_URL" in said.out


def test_the_embedded_stand_in_is_said_loudly(goldpan):
    goldpan.configure("goldpan.toml", ('destination = "hubspot"', 'destination = "sandbox"'))
    goldpan.env["HUBSPOT_ACCESS_TOKEN"] = ""

    assert "not HubSpot" in goldpan("check").out


@pytest.mark.parametrize(
    "place", ["environment", "file beside the config", "file in the current folder", "secret file"]
)
def test_the_token_is_taken_from_the_environment_a_file_or_a_secret(goldpan, place, tmp_path):
    goldpan.env = {"HUBSPOT_BASE_URL": goldpan.env["HUBSPOT_BASE_URL"]}
    env_file = goldpan.home / ".env"
    settings = [line for line in env_file.read_text(encoding="utf-8").splitlines() if not line.startswith(OURS)]
    if place == "environment":
        goldpan.env["HUBSPOT_ACCESS_TOKEN"] = TOKEN
    elif place == "file beside the config":
        settings.append(f"HUBSPOT_ACCESS_TOKEN={TOKEN}")
        goldpan.folder = tmp_path
    elif place == "file in the current folder":
        settings.append(f"HUBSPOT_ACCESS_TOKEN={TOKEN}")
    else:
        secret = tmp_path / "secret"
        secret.write_text(TOKEN + "\n", encoding="utf-8")
        goldpan.env["HUBSPOT_ACCESS_TOKEN_FILE"] = str(secret)
    env_file.write_text("\n".join(settings), encoding="utf-8")

    said = goldpan("check", "--config", goldpan.config)

    assert said.exit_code == 0, said.all
