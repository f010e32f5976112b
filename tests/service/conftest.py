"""A service in this process, by a clock that the test moves; everything else is real."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from sync.approval import approve
from sync.service.service import Service
from sync.settings import load_settings
from sync.state.store import State
from sync.stopping import Stop
from tests.cli.conftest import furnished_file, hub, sandbox, set_up, waits  # noqa: F401 - fixtures
from tests.cli.installation import MEMBERS, ORDERS, Installation, write_csv
from tests.service.dropping import Drops
from tests.service.serving import QUICK
from tests.telling.webhooks import webhook

ZONE = "America/New_York"
START = datetime(2026, 11, 20, 15, tzinfo=UTC)
"""Ten in the morning in New York, a Friday: the night is past, and its hour within the grace."""
REGIONS = ("north", "south")


class Night:
    """An installation whose service is called, turn by turn.

    Attributes:
        at: The time, for everybody.
    """

    def __init__(self, goldpan: Installation) -> None:
        self.goldpan, self.at, self.stop = goldpan, START, Stop()
        self.state = State.open(self.settings().state_url)
        self.service = self.restart()

    def settings(self):
        return load_settings(self.goldpan.config)

    def restart(self) -> Service:
        """Another process would begin like this."""
        self.service = Service(self.settings, self.state, stop=self.stop, clock=lambda: self.at)
        return self.service

    def turn(self, *, times: int = 1, minutes: float = 0) -> None:
        """Let time pass, then turn; a file is whole when it was quiet between two turns."""
        self.at += timedelta(minutes=minutes)
        for _ in range(times):
            self.at += timedelta(seconds=1)
            self.service.turn()

    def go_to(self, local: str) -> None:
        """Set the clock to a time in the configured zone, and turn."""
        wanted = datetime.fromisoformat(local)
        self.at = (wanted if wanted.tzinfo else wanted.replace(tzinfo=self.service.settings.zone)).astimezone(UTC)
        self.service.turn()

    def drop(self, members=MEMBERS, orders=ORDERS, *, folder: str = "inbox", day: str = "") -> list[Path]:
        """Put exports into a drop folder; ``None`` is none."""
        paths = []
        for kind, rows in (("memberships", members), ("orders", orders)):
            if rows is not None:
                path = write_csv(self.goldpan.home / folder / f"{kind}{day}.csv", rows)
                os.utime(path, (self.at.timestamp(), self.at.timestamp()))
                paths.append(path)
        return paths

    def split_in_two(self) -> None:
        """From now on there are two sources in place of the drop folder: the folders `north` and `south`."""
        file = self.goldpan.config / "goldpan.toml"
        before, _, rest = file.read_text().partition("[drop]")
        sources = "".join(f'\n[[source]]\nname = "{name}"\nfolder = "{name}"\n' for name in REGIONS)
        file.write_text(before + rest[rest.index("# Several sources") :] + sources)
        for name in REGIONS:
            (self.goldpan.home / name).mkdir()

    def load_first(self) -> None:
        """The first exports, in HubSpot."""
        self.drop()
        self.turn(times=3, minutes=1)
        held = self.runs()[0]
        assert held.status == "held"
        assert approve(self.settings(), held.fingerprint, clock=lambda: self.at).status == "done"
        self.turn(minutes=1)

    def runs(self):
        """The newest first."""
        return self.state.runs.latest(100)

    def told(self):
        """What each run was: kind and how it ended, the oldest first."""
        return [(run.kind, run.status) for run in reversed(self.runs())]

    def files(self, folder: str) -> list[str]:
        place = self.goldpan.home / folder
        return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


@pytest.fixture
def people():
    """A channel that alerts go to."""
    with webhook() as running:
        yield running


@pytest.fixture
def night(set_up, sandbox, people, monkeypatch):  # noqa: F811 - fixtures
    goldpan = set_up(sandbox.url)
    goldpan.configure(
        "goldpan.toml",
        ('time_zone = "UTC"', f'time_zone = "{ZONE}"'),
        ("settle_seconds = 30", "settle_seconds = 0"),
        ("debounce_seconds = 60", "debounce_seconds = 0"),
        ("port = 9464", "port = 0"),
        ('verify = "0 12 * * sun"', 'verify = ""'),
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GOLDPAN_", "HUBSPOT_"))}
    with mock.patch.dict(os.environ, environment | goldpan.env | {"GOLDPAN_ALERT_URLS": people.url}, clear=True):
        monkeypatch.chdir(goldpan.home)
        night = Night(goldpan)
        yield night
        night.state.close()


@pytest.fixture
def goldpan(set_up, sandbox, people) -> Installation:  # noqa: F811 - fixtures
    """An installation for a service as a process of its own."""
    installation = set_up(sandbox.url)
    installation.configure("goldpan.toml", *QUICK)
    installation.env["GOLDPAN_ALERT_URLS"] = people.url
    return installation


@pytest.fixture
def drops(tmp_path) -> Drops:
    """What is dropped into the inbox of that installation."""
    return Drops(tmp_path / "home" / "inbox")
