"""``goldpan demo`` and ``goldpan sandbox``: a whole run without an account, and a look at what it wrote."""

import signal
import socket

import pytest

from tests.cli.installation import Installation
from tests.sandbox.hub import Hub


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder after the demo ran twice, and what it said."""
    somewhere = Installation(tmp_path_factory.mktemp("anywhere"))
    somewhere.env = {"HUBSPOT_ACCESS_TOKEN": "a-real-one", "HUBSPOT_BASE_URL": "http://127.0.0.1:1"}
    return somewhere, somewhere("demo"), somewhere("demo")


def test_the_demo_is_a_whole_run_that_says_where_to_look(demo):
    somewhere, first, _ = demo

    assert first.exit_code == 0, first.all
    assert "SANDBOX, not HubSpot" in first.out
    assert "active_membership" in first.out
    assert len(list((somewhere.home / "goldpan-demo" / "archive").glob("20*/*/*/*/analysis.xlsx"))) == 2
    assert "analysis.xlsx" in first.out


def test_the_demo_again_on_the_same_day_has_nothing_to_change(demo):
    _, _, second = demo

    assert second.exit_code == 0
    assert "Nothing to change" in second.out


def test_the_demo_stays_in_its_folder(demo):
    somewhere, _, _ = demo

    assert [path.name for path in somewhere.home.iterdir()] == ["goldpan-demo"]


def test_the_commands_that_the_demo_names_work(demo):
    somewhere, first, _ = demo
    named = [line.split("goldpan ", 1)[1].split() for line in first.out.splitlines() if " goldpan " in line]

    assert ["rejects", "--config", "goldpan-demo/config"] in named
    assert somewhere("rejects", "--config", "goldpan-demo/config").exit_code == 0
    assert somewhere("show", "--config", "goldpan-demo/config").exit_code == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_serves_what_the_demo_wrote_until_it_is_stopped(demo, how):
    somewhere, _, _ = demo

    with somewhere.start("sandbox", "--config", "goldpan-demo/config", "--port", "0") as process:
        url = process.stdout.readline().split()[-1].rstrip("/")
        hub = Hub(url)
        shown = hub.call("GET", "/.json").json()
        hub.pool.clear()
        process.send_signal(how)
        _, err = process.communicate(timeout=30)

    assert shown["contacts"] > 400
    assert (process.returncode, err) == (0, "")


def test_a_port_that_is_taken_is_said(demo):
    somewhere, _, _ = demo
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]

        said = somewhere.as_process("sandbox", "--config", "goldpan-demo/config", "--port", port)

    assert said.exit_code == 2
    assert said.err.startswith(f"goldpan: Port {port} can't be used")
    assert len(said.err.splitlines()) == 1
