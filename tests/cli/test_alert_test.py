"""``goldpan alert-test``: a line for each channel, and nothing of an address that is a secret."""

import json
import os
import sys
from contextlib import redirect_stdout
from io import StringIO
from unittest import mock

import pytest
import typer

from goldpan.errors import ConfigError
from sync.cli import alert_test
from tests.telling.conftest import OURS, apprise_is_loaded, hook  # noqa: F401 - fixtures


@pytest.fixture
def said(tmp_path):
    """The command with these variables: exit code and output."""

    def ask(*, as_json=False, **variables):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        out = StringIO()
        with (
            mock.patch.dict(os.environ, inherited | variables | {"GOLDPAN_HOME": str(tmp_path)}, clear=True),
            redirect_stdout(out),
            pytest.raises(typer.Exit) as end,
        ):
            alert_test.command(json=as_json)
        return end.value.exit_code, out.getvalue()

    return ask


def test_every_channel_gets_the_message_and_a_line(said, hook):  # noqa: F811 - the fixture
    urls = f"json://user:hunter42@{hook.place}/one {hook.url}"

    exit_code, out = said(GOLDPAN_ALERT_URLS=urls)

    assert (exit_code, out) == (0, "OK   json://127.0.0.1: sent\n" * 2)
    assert hook.titles == ["test message"] * 2


def test_a_channel_that_fails_is_told_with_what_to_do_and_the_others_are_tried(said, hook):  # noqa: F811 - the fixture
    hook.statuses = [403]
    urls = f"json://user:hunter42@{hook.place}/one {hook.url} nosuchservice://secret"

    exit_code, out = said(GOLDPAN_ALERT_URLS=urls)

    refused, sent, unreadable = out.splitlines()
    assert exit_code == 1
    assert refused.startswith("FIX  json://127.0.0.1: ")
    assert "403" in refused
    assert refused.endswith("See that the address is right, and that this machine may reach the host.")
    assert sent == "OK   json://127.0.0.1: sent"
    assert unreadable.startswith("FIX  nosuchservice: Apprise can't read this address.")
    assert "hunter42" not in out


def test_programs_get_one_object(said, hook):  # noqa: F811 - the fixture
    exit_code, out = said(as_json=True, GOLDPAN_ALERT_URLS=hook.url)

    assert exit_code == 0
    assert json.loads(out) == {
        "is_ok": True,
        "channels": [{"channel": "json://127.0.0.1", "is_sent": True, "problem": ""}],
        "problems": [],
    }


def test_without_a_channel_the_variable_to_set_is_named(tmp_path, said):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with (
        mock.patch.dict(os.environ, inherited | {"GOLDPAN_HOME": str(tmp_path)}, clear=True),
        pytest.raises(ConfigError, match="Set GOLDPAN_ALERT_URLS") as error,
    ):
        alert_test.command()
    assert error.value.exit_code == 2

    exit_code, out = said(as_json=True)

    assert exit_code == 2
    assert "GOLDPAN_ALERT_URLS" in json.loads(out)["problems"][0]


def test_without_the_extra_it_is_named(said, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    exit_code, out = said(as_json=True, GOLDPAN_ALERT_URLS="json://127.0.0.1:1")

    assert exit_code == 2
    assert json.loads(out)["problems"] == ["Alerts need the extra for them: pip install 'goldpan[alerts]'"]


def test_the_channels_of_the_digest_are_tried_too(said, tmp_path, hook):  # noqa: F811 - the fixture
    config = tmp_path / "config"
    from sync.init import set_up_folder  # noqa: PLC0415 - only here

    for _ in set_up_folder(tmp_path):
        pass
    file = config / "goldpan.toml"
    text = file.read_text(encoding="utf-8").replace("is_on = false", "is_on = true")
    file.write_text(text.replace("urls = []                        # []", f'urls = ["{hook.url}"]  # []'))
    file.chmod(0o600)

    exit_code, _ = said(GOLDPAN_CONFIG=str(config))

    assert exit_code == 0
    assert hook.titles == ["test message"]
