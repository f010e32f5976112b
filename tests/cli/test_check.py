"""``goldpan check``: a line for each thing, OK or what to do; it changes nothing."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from sync.checks import run_checks
from sync.sandbox import TOKEN, Sandbox
from sync.settings import load_settings
from tests.cli.installation import OURS, writes_in

LOOKED_AT = [
    "config", "home", "state", "file modes", "disk", "extras", "source", "schedule", "alerts", "pause", "token",
    "portal", "clock", "read scope", "properties",
]  # fmt: skip


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
    assert lines(said)["source"] is False
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


@pytest.fixture
def checked(goldpan, monkeypatch):
    """The checks of the installation, at a time of the test's."""

    def check(at):
        for name, value in goldpan.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(goldpan.home)
        return {check.name: check for check in run_checks(load_settings(), clock=lambda: at)}

    return check


@pytest.mark.parametrize(("minutes", "word"), [(5, "ahead of"), (-5, "behind")])
def test_a_clock_that_is_off_is_said_with_how_much_and_how_to_set_it(checked, minutes, word):
    found = checked(datetime.now(UTC) + timedelta(minutes=minutes))["clock"]

    assert (found.is_ok, found.exit_code) == (False, 2)
    assert word in found.says
    assert "NTP" in found.says


def test_a_clock_that_is_off_by_less_than_a_minute_is_fine(checked):
    assert checked(datetime.now(UTC) + timedelta(seconds=50))["clock"].is_ok


def test_it_says_when_the_service_would_run_next_in_the_configured_time_zone(goldpan, checked):
    goldpan.configure(
        "goldpan.toml",
        ('time_zone = "UTC"', 'time_zone = "America/New_York"'),
        ('verify = "0 12 * * sun"', 'verify = ""'),
    )

    says = checked(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))["schedule"].says

    assert says == "goldpan serve: run Sat 2026-11-21 05:30, check Sat 2026-11-21 07:00 (America/New_York)"


def test_a_disk_with_less_room_than_wanted_is_said_with_both_figures(goldpan):
    goldpan.configure("goldpan.toml", ("disk_free_mb = 1024", "disk_free_mb = 999_000_000"))

    said = goldpan("check")

    assert said.exit_code == 1
    assert lines(said)["disk"] is False
    assert "less than 999,000,000" in said.out


def test_alert_addresses_are_counted_and_never_shown(goldpan):
    goldpan.env["GOLDPAN_ALERT_URLS"] = "json://somewhere.example/secret-path jsons://elsewhere.example"

    said = goldpan("check")

    assert "2 addresses" in said.out
    assert "secret-path" not in said.all


def test_a_pause_is_said_with_how_to_end_it_and_leaves_the_exit_code_alone(goldpan):
    goldpan("pause", "--until", "2h")

    said = goldpan("check")

    assert said.exit_code == 0
    assert lines(said)["pause"] is False
    assert "goldpan resume" in said.out


@pytest.mark.parametrize("place", ["archive", "state", "state/goldpan.sqlite"])
def test_personal_data_that_everybody_can_read_is_named_with_the_command_that_mends_it(goldpan, place):
    goldpan.run()
    path = goldpan.home / place
    path.chmod(path.stat().st_mode | 0o004)

    said = goldpan("check")

    assert said.exit_code == 2
    assert lines(said)["file modes"] is False
    assert f"chmod o= {path}" in said.out


def test_a_secret_file_that_everybody_can_read_is_said_and_leaves_the_exit_code_alone(goldpan, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(TOKEN, encoding="utf-8")
    secret.chmod(0o644)
    goldpan.env |= {"HUBSPOT_ACCESS_TOKEN": "", "HUBSPOT_ACCESS_TOKEN_FILE": str(secret)}

    said = goldpan("check")

    assert said.exit_code == 0
    assert lines(said)["secret files"] is False
    assert f"chmod o= {secret}" in said.out


def test_each_source_has_a_line_with_what_lies_there(goldpan):
    sources = ""
    for name in ("north", "south"):
        goldpan.deliver(folder=goldpan.home / name)
        sources += f'\n[[source]]\nname = "{name}"\nfolder = "{name}"\n'
    (goldpan.home / "south" / "orders-2.csv").touch()
    (goldpan.home / "south" / "tuesday.xlsx").touch()
    (goldpan.home / "south" / "orders-3.csv.part").touch()
    text = (goldpan.config / "goldpan.toml").read_text(encoding="utf-8")
    drop = text[text.index("[drop]") : text.index("# Several sources")]
    goldpan.configure("goldpan.toml", (drop, ""), append=sources)

    said = goldpan("check")

    assert said.exit_code == 0, said.all
    assert f"north: {goldpan.home / 'north'} (memberships: memberships.csv, orders: orders.csv)" in said.out
    assert (
        f"south: {goldpan.home / 'south'} (memberships: memberships.csv, orders: orders.csv and 1 more, "
        "told by their columns: 1)"
    ) in said.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_source_that_can_not_be_read_is_said(goldpan):
    goldpan.inbox.chmod(0)
    try:
        said = goldpan("check")
    finally:
        goldpan.inbox.chmod(0o700)

    assert said.exit_code == 2
    assert "can't be read" in said.out


def test_an_extra_that_the_config_needs_is_named_with_the_command_that_installs_it(goldpan, monkeypatch):
    monkeypatch.setattr("sync.checks.machine.find_spec", lambda _: None)  # none of the extras is there
    goldpan.env["GOLDPAN_ALERT_URLS"] = "json://somewhere.example"

    said = goldpan("check")

    assert lines(said)["extras"] is False
    assert "pip install 'goldpan[alerts]'" in said.out
