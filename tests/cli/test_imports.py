"""A command imports what it needs and nothing else: most of the time of a short one is its imports."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from sync.state.store import State
from tests.builders import REPOSITORY
from tests.cli.installation import AS_OF

FRAMES = {"numpy", "pandas", "pyarrow", "narwhals", "duckdb", "pyspark"}
FILES = {"openpyxl", "python_calamine", "fastexcel", "xlrd", "xlsxwriter", "rustpy_xlsxwriter", "watchfiles"}
NETWORK = {"hubspot", "urllib3", "requests", "tenacity", "boto3", "botocore", "apprise", "prometheus_client", "http"}
UPGRADES = {"alembic", "mako"}
CRON = {"apscheduler"}
LOG = {"structlog", "filelock"}
HEAVY = FRAMES | FILES | NETWORK | UPGRADES | CRON | LOG
STATE = {"sqlalchemy", "sqlite3"}
ORM = {"sqlalchemy.orm", "sqlalchemy.ext"}


@pytest.fixture
def installed(set_up):
    """An installation with one run on record, which reaches nothing."""
    installation = set_up("http://127.0.0.1:9")
    with State.open(f"sqlite:///{installation.home / 'state' / 'goldpan.sqlite'}") as state:
        state.runs.start(
            "20261120T013000-1", destination="hubspot", as_of=date.fromisoformat(AS_OF), version="1",
            at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
        )  # fmt: skip
    return installation


def imported_by(installation, *arguments: object) -> set[str]:
    """The modules and packages that a command imports, as Python itself tells."""
    installation.env["PYTHONPROFILEIMPORTTIME"] = "1"
    said = installation.as_process(*arguments)
    assert said.exit_code == 0, said.all
    modules = {line.rpartition("|")[2].strip() for line in said.err.splitlines() if line.startswith("import time:")}
    assert "sync.cli" in modules
    return modules


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (("--help",), HEAVY | STATE | {"pydantic", "rich"}),
        (("--version",), HEAVY | STATE | {"pydantic", "rich"}),
        (("runs", "--help"), HEAVY | STATE | {"pydantic_settings", "rich"}),
        (("init", "elsewhere"), HEAVY | STATE | {"pydantic_settings", "rich"}),
        (("runs",), HEAVY | ORM),
        (("runs", "--json"), HEAVY | ORM | {"rich"}),
        (("show",), HEAVY | ORM),
        (("show", "--json"), HEAVY | ORM | {"rich"}),
        (("tags",), HEAVY | ORM),
        (("pause",), HEAVY - LOG | ORM),
        (("resume",), HEAVY - LOG | ORM),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_a_short_command_imports_nothing_heavy(installed, arguments, never):
    assert imported_by(installed, *arguments) & never == set()


def test_a_state_that_is_not_there_yet_is_looked_at_without_making_it_step_by_step(set_up):
    installation = set_up("http://127.0.0.1:9")

    assert imported_by(installation, "runs") & HEAVY == set()
    assert not (installation.home / "state").exists()


def test_a_conversion_of_csv_files_imports_no_reader_of_workbooks_and_nothing_for_the_network(set_up):
    installation = set_up("http://127.0.0.1:9")
    memberships, orders = installation.deliver()

    imported = imported_by(installation, "convert", memberships, orders)

    assert imported & ({"openpyxl", "xlrd", "hubspot", "urllib3", "boto3"} | UPGRADES | CRON | ORM) == set()


def test_the_schedule_is_read_by_the_library_for_it_only_where_it_is_not_plain(installed):
    installed.configure("goldpan.toml", ('nightly = "30 5 * * *"', 'nightly = "30 5 1-7 * mon"'))

    assert imported_by(installed, "runs") & CRON == CRON


def test_the_image_s_health_check_imports_the_settings_and_no_more(tmp_path):
    said = subprocess.run(
        [sys.executable, "-c", "import sync.healthcheck, sys; print(*sys.modules)"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "sync.settings" in said.stdout.split()
    assert set(said.stdout.split()) & (FRAMES | FILES | UPGRADES | CRON | LOG | STATE | {"hubspot", "rich"}) == set()
