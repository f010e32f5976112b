"""Settings that tell a real server on loopback, a state, and a clock that is set."""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from unittest import mock

import pytest

from sync.config_files import default_config_folder
from sync.record import RunRecord
from sync.sandbox import TOKEN
from sync.settings import load_settings
from sync.state.store import State
from sync.telling import Telling
from tests.telling.webhooks import load_apprise, webhook

AT = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
OURS = ("HUBSPOT_", "GOLDPAN_")


class Clock:
    """The time, as a test sets it."""

    def __init__(self):
        self.at = AT

    def __call__(self):
        return self.at

    def go(self, **length):
        self.at += timedelta(**length)


@pytest.fixture(scope="session", autouse=True)
def apprise_is_loaded():
    load_apprise()


@pytest.fixture
def hook():
    with webhook() as running:
        yield running


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state(tmp_path):
    with State.open(f"sqlite:///{tmp_path / 'state' / 'goldpan.sqlite'}") as state:
        yield state


@pytest.fixture
def configured(tmp_path, hook):
    """Settings with these lines in goldpan.toml and these variables; alerts go to the hook unless told otherwise."""

    def make(toml="", **variables):
        config = tmp_path / "config"
        shutil.copytree(default_config_folder(), config, dirs_exist_ok=True)
        (config / "goldpan.toml").write_text(toml, encoding="utf-8")
        (config / "goldpan.toml").chmod(0o600)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        ours = {"HUBSPOT_ACCESS_TOKEN": TOKEN, "GOLDPAN_ALERT_URLS": hook.url, **variables}
        with mock.patch.dict(os.environ, inherited | ours, clear=True):
            return load_settings(config, home=tmp_path)

    return make


@pytest.fixture
def tell(configured, state, clock):
    """Makes a Telling; a second one is what a restart leaves."""
    return lambda settings=None: Telling(settings or configured(), state, clock=clock, sender="Goldpan on testing")


@pytest.fixture
def telling(tell):
    return tell()


@pytest.fixture
def ran(state, clock):
    """Puts a run on record as it ended, and gives its record."""
    count = 0

    def make(status="done", *, kind="run", parent_id="", is_stored=True, **values):
        nonlocal count
        count += 1
        record = RunRecord(
            f"r{count}", date(2026, 11, 20), clock(), kind=kind, parent_id=parent_id, status=status, portal_id="7"
        )
        record.contacts |= values.pop("contacts", {})
        for name, value in values.items():
            setattr(record, name, value)
        if is_stored:
            state.runs.start(
                record.run_id, destination="hubspot", as_of=record.as_of, version="1", at=clock(), kind=kind,
                parent_id=parent_id,
            )  # fmt: skip
            state.runs.finish(
                record.run_id, status=status, portal_id="7", fingerprint=record.fingerprint, record=record.as_json(),
                at=clock(),
            )  # fmt: skip
        return record

    return make
