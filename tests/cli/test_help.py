"""The command line explains itself, and its names and exit codes stay."""

import os
import re
import subprocess
import sys

import pytest

from sync.cli.commands import app
from tests.builders import REPOSITORY
from tests.cli.installation import Installation

COMMANDS = ("demo", "init", "check", "setup", "convert", "run", "serve", "runs", "show", "rejects", "explain",
            "verify", "undo", "retry", "pause", "resume", "tags", "forecast", "replay", "forget", "alert-test",
            "sandbox")  # fmt: skip


@pytest.fixture
def anywhere(tmp_path):
    return Installation(tmp_path)


def test_the_commands_are_those_of_the_design():
    assert tuple(command.name for command in app.registered_commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(anywhere, command):
    said = anywhere(command, "--help")

    assert (said.exit_code, said.err) == (0, "")
    assert re.search(rf"Examples?:\n\s+goldpan {command}", said.out)
    assert "--verbose" in said.out


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("demo", "init")])
def test_each_command_that_reads_settings_takes_a_config_folder(anywhere, command):
    assert "--config" in anywhere(command, "--help").out


def test_help_says_where_to_start_and_lists_every_command(anywhere):
    said = anywhere("--help")

    assert said.exit_code == 0
    assert "goldpan demo" in said.out
    assert all(re.search(rf"^  {command} ", said.out, re.MULTILINE) for command in COMMANDS)


def test_without_a_command_it_shows_the_help_and_is_a_usage_error(anywhere):
    said = anywhere()

    assert said.exit_code == 2
    assert "Usage: goldpan" in said.all


def test_it_tells_its_version(anywhere):
    said = anywhere("--version")

    assert said.exit_code == 0
    assert re.fullmatch(r"goldpan \d+\.\d+\S*\n", said.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("polish",),
        ("run", "--as-of", "20.11.2026"),
        ("run", "--memberships"),
        ("runs", "-n", "0"),
        ("convert", "one.csv"),
        ("sandbox", "--port", "70000"),
    ],
)
def test_a_wrong_call_is_a_usage_error_in_one_message(anywhere, arguments):
    said = anywhere(*arguments)

    assert said.exit_code == 2
    assert "Error: " in said.err
    assert "Traceback" not in said.err
    assert anywhere.tree() == {}


def test_the_module_is_the_command(tmp_path):
    said = subprocess.run(
        [sys.executable, "-m", "sync.cli", "--version"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("goldpan ")
