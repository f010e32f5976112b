"""``goldpan init`` makes a folder that works, and touches nothing that is there."""

import stat

import pytest

from sync.config_files import CONFIG_FILES
from sync.settings import load_settings
from tests.cli.installation import Installation


@pytest.fixture
def somewhere(tmp_path):
    installation = Installation(tmp_path)
    installation.env = {}
    return installation


def test_it_writes_config_environment_and_drop_folders_and_says_what_is_next(somewhere, tmp_path):
    said = somewhere("init", "mysync")

    made = tmp_path / "mysync"
    assert said.exit_code == 0
    assert all(f"wrote mysync/config/{name}" in said.out for name in CONFIG_FILES)
    assert (made / "inbox").is_dir()
    assert (made / "archive").is_dir()
    assert "goldpan check" in said.out
    assert "goldpan setup" in said.out


def test_what_it_writes_is_a_valid_config(somewhere, tmp_path):
    somewhere("init", "mysync")

    settings = load_settings(tmp_path / "mysync" / "config", use_environment=False)

    assert settings.home == tmp_path / "mysync"
    assert settings.file.destination == "hubspot"


def test_the_file_that_will_hold_the_token_is_private(somewhere, tmp_path):
    somewhere("init", "mysync")

    assert stat.S_IMODE((tmp_path / "mysync" / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "mysync" / "inbox").stat().st_mode) == 0o700


def test_the_next_time_it_keeps_every_edit_and_writes_only_what_is_missing(somewhere, tmp_path):
    somewhere("init", "mysync")
    tags, env = tmp_path / "mysync" / "config" / "tags.toml", tmp_path / "mysync" / ".env"
    tags.write_text("# mine\n", encoding="utf-8")
    env.write_text("HUBSPOT_PORTAL_ID=1\n", encoding="utf-8")
    (tmp_path / "mysync" / "config" / "properties.toml").unlink()

    said = somewhere("init", "mysync")

    assert said.exit_code == 0
    assert (tags.read_text(encoding="utf-8"), env.read_text(encoding="utf-8")) == ("# mine\n", "HUBSPOT_PORTAL_ID=1\n")
    assert "kept  mysync/config/tags.toml" in said.out
    assert "wrote mysync/config/properties.toml" in said.out


def test_without_a_name_it_sets_up_the_current_folder(somewhere, tmp_path):
    assert somewhere("init").exit_code == 0
    assert (tmp_path / "config" / "goldpan.toml").is_file()


def test_a_folder_that_can_not_be_made_is_said_in_one_message(somewhere, tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")

    said = somewhere("init", "taken")

    assert said.exit_code == 2
    assert "taken" in said.err
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err
