"""Secrets stay private: a file that holds some and that everybody can read is refused, with what to type."""

import os

import pytest

from sync.privacy import SECRETS
from sync.sandbox import TOKEN

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture
def env_file(goldpan):
    """A `.env` that holds the token, and nothing in the environment."""
    path = goldpan.home / ".env"
    path.write_text(f"HUBSPOT_ACCESS_TOKEN={TOKEN}\n", encoding="utf-8")
    path.chmod(0o600)
    del goldpan.env["HUBSPOT_ACCESS_TOKEN"]
    return path


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
@pytest.mark.parametrize("command", ["check", "run", "runs"])
def test_an_env_file_with_a_token_that_everybody_can_read_or_change_is_refused(goldpan, env_file, mode, command):
    env_file.chmod(mode)

    said = goldpan(command)

    assert said.exit_code == 2
    assert f"{env_file} holds HUBSPOT_ACCESS_TOKEN" in said.err
    assert f"(mode {mode:04o})" in said.err
    assert f"chmod 600 {env_file}" in said.err
    assert TOKEN not in said.all


def test_what_the_message_says_to_type_mends_it(goldpan, env_file):
    env_file.chmod(0o644)
    assert goldpan("check").exit_code == 2

    env_file.chmod(0o600)

    assert goldpan("check").exit_code == 0


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o400])
def test_a_file_that_only_owner_and_group_can_read_is_taken(goldpan, env_file, mode):
    env_file.chmod(mode)

    assert goldpan("check").exit_code == 0


@pytest.mark.parametrize("secret", SECRETS)
def test_every_variable_that_is_a_secret_counts(goldpan, secret):
    env_file = goldpan.home / ".env"
    env_file.write_text(f"{secret.lower()}=anything\n", encoding="utf-8")
    env_file.chmod(0o644)

    said = goldpan("runs")

    assert said.exit_code == 2
    assert f"holds {secret}," in said.err


def test_the_secrets_are_those_of_the_example():
    assert set(SECRETS) == {
        "HUBSPOT_ACCESS_TOKEN",
        "HUBSPOT_SETUP_TOKEN",
        "GOLDPAN_STATE_URL",
        "GOLDPAN_ALERT_URLS",
        "GOLDPAN_HEARTBEAT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }


def test_an_env_file_without_a_secret_may_be_open(goldpan):
    env_file = goldpan.home / ".env"
    env_file.write_text("HUBSPOT_ACCESS_TOKEN=\nHUBSPOT_PORTAL_ID=\n", encoding="utf-8")
    env_file.chmod(0o644)

    assert goldpan("check").exit_code == 0


def test_the_env_file_of_the_current_folder_counts_too(goldpan, tmp_path):
    goldpan.folder = tmp_path / "elsewhere"
    goldpan.folder.mkdir()
    (goldpan.folder / ".env").write_text(f"HUBSPOT_SETUP_TOKEN={TOKEN}\n", encoding="utf-8")
    (goldpan.folder / ".env").chmod(0o644)

    said = goldpan("check", "--config", goldpan.config)

    assert said.exit_code == 2
    assert str(goldpan.folder / ".env") in said.err


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("[alerts]", 'urls = ["json://somewhere.example/secret-path"]'),
        ("[digest]", 'urls = ["json://somewhere.example/secret-path"]'),
        ("[heartbeat]", 'url = "https://somewhere.example/secret-path"'),
    ],
)
def test_a_config_that_names_secret_addresses_and_that_everybody_can_read_is_refused(goldpan, table, line):
    path = goldpan.config / "goldpan.toml"
    path.write_text(f"{table}\n{line}\n", encoding="utf-8")
    path.chmod(0o644)

    said = goldpan("runs")

    assert said.exit_code == 2
    assert f"chmod 600 {path}" in said.err
    assert "secret-path" not in said.all
    path.chmod(0o600)
    assert goldpan("runs").exit_code == 0


def test_a_config_without_addresses_may_be_open(goldpan):
    (goldpan.config / "goldpan.toml").chmod(0o644)

    assert goldpan("runs").exit_code == 0


def test_the_demo_minds_nobody_elses_env_file(goldpan, env_file):
    env_file.chmod(0o644)

    assert goldpan("demo").exit_code == 0
