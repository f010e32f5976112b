"""One home with its sources, a clock that tests move, and the intake at work on them."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.environment import Environment
from sync.intake.intake import Intake
from sync.intake.looked import Looked
from sync.settings import AppSettings, load_settings
from sync.state.deliveries import StoredDelivery
from sync.state.store import State
from tests.builders import REPOSITORY
from tests.cli.installation import MEMBERS, ORDERS, Row, write_csv

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTLE = 30
INBOX = '[[source]]\nname = "inbox"\nfolder = "inbox"\n'


def settings_of(home: Path, sources: str = INBOX, *, intake: str = "", more: str = "", **secrets: str) -> AppSettings:
    """Settings with these sources; the other files are those that Goldpan ships."""
    config = home / "config"
    if not config.is_dir():
        shutil.copytree(REPOSITORY / "config", config)
    (config / "goldpan.toml").write_text(f"{more}\n{sources}\n[intake]\n{intake}\n")
    settings = load_settings(config, home=home, use_environment=False)
    return replace(settings, environment=Environment(_env_file=None, **secrets))


class Stage:
    """The intake of one home; `restart` is a new process for all it can tell."""

    def __init__(
        self, home: Path, settings: AppSettings | None = None, on_step: Callable[[str], None] = lambda _: None
    ) -> None:
        self.home, self.inbox, self.failed = home, home / "inbox", home / "failed"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.settings = settings or settings_of(home)
        self.now = NOON
        self.on_step = on_step
        self.state = State.open(self.settings.state_url)
        self.restart()

    def restart(self, settings: AppSettings | None = None) -> Looked:
        """Another process starts."""
        self.settings = settings or self.settings
        self.intake = Intake(self.settings, self.state, clock=lambda: self.now, on_step=self._pass_on)
        return self.intake.recover()

    def _pass_on(self, step: str) -> None:
        self.on_step(step)

    def close(self) -> None:
        self.state.close()

    def look(self, after: float = 0) -> Looked:
        """One look, so many seconds later."""
        self.now += timedelta(seconds=after)
        return self.intake.look()

    def take(self) -> Looked:
        """Look until everything that lies there is settled and taken in."""
        before = self.look(after=1)
        return merged(before, self.look(after=SETTLE))

    def members(self, name: str = "members.csv", rows: Sequence[Row] = MEMBERS, at: datetime | None = None) -> bytes:
        """Drop memberships; fewer rows are another content."""
        return self.drop(name, rows, at)

    def orders(self, name: str = "orders.csv", rows: Sequence[Row] = ORDERS, at: datetime | None = None) -> bytes:
        """Drop orders."""
        return self.drop(name, rows, at)

    def drop(self, name: str, content: Sequence[Row] | bytes, at: datetime | None = None) -> bytes:
        """Put a file into the inbox, as if it had been written at that time (else now)."""
        path = self.inbox / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            write_csv(path, content)
        seconds = (at or self.now).timestamp()
        os.utime(path, (seconds, seconds))
        return path.read_bytes()

    def send(self, run_id: str, status: str = "done") -> None:
        """A run takes what waits, and is sent."""
        waiting = self.intake.deliveries.waiting()
        self.state.runs.start(run_id, destination="hubspot", as_of=self.now.date(), version="1", at=self.now)
        for each in waiting:
            self.state.inputs.add(run_id, each.as_input, rows=1)
        self.state.inputs.accept(run_id)
        self.intake.settle_run(run_id, status, {each.sha256 for each in waiting}, {})

    def statuses(self) -> list[tuple[str, str]]:
        """Every delivery on record: its name, and what became of it."""
        return [(each.name, each.status) for each in self.record()]

    def record(self) -> list[StoredDelivery]:
        return self.intake.deliveries.find()

    def waiting(self) -> dict[str, bytes]:
        """What a run would take."""
        return {each.kind: each.path.read_bytes() for each in self.intake.waiting_exports()}

    def places(self) -> Counter[tuple[str, bytes]]:
        """Where every content is, among the places where exports may be."""
        kept = self.home / "archive" / "inputs"
        found: Counter[tuple[str, bytes]] = Counter()
        for place, folder in (
            ("inbox", self.inbox), ("processing", self.home / "processing"), ("archive", kept), ("failed", self.failed),
        ):  # fmt: skip
            files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".txt"]
            found.update((place, path.read_bytes()) for path in files)
        return found


def merged(*looks: Looked) -> Looked:
    """Several looks as one."""
    whole = Looked()
    for each in looks:
        for name, values in vars(each).items():
            getattr(whole, name).extend(values)
    return whole
