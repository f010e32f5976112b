"""`goldpan serve` as a process whose clock is moved (libfaketime): a night in which clocks change runs once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.installation import MEMBERS, ORDERS
from tests.service.account import assert_all_is_right, statuses_of
from tests.service.exports import csv_of
from tests.service.serving import LOADED, Serving

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class Clock:
    """The clock of processes that live by it; a library gives it to them, as often as they ask.

    Attributes:
        env: What makes a process live by it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.env = {
            "LD_PRELOAD": str(LIBRARIES[-1]), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        }  # fmt: skip

    def set(self, moment: str) -> None:
        """It is so late now, in UTC, and goes on from there."""
        ahead = datetime.fromisoformat(moment).replace(tzinfo=UTC) - datetime.now(UTC)
        other = self._file.with_suffix(".new")
        other.write_text(f"{ahead.total_seconds():+.0f}")
        other.replace(self._file)


@pytest.fixture
def clock(goldpan, tmp_path) -> Clock:
    """The clock of every process of the installation, which is in New York."""
    clock = Clock(tmp_path / "clock")
    goldpan.configure(
        "goldpan.toml",
        ('time_zone = "UTC"', 'time_zone = "America/New_York"'),
        ("export_age_days = 7", "export_age_days = 3660"),  # files are as old as the test
    )
    goldpan.env |= clock.env
    return clock


@pytest.mark.slow
@pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (Debian: apt install faketime)")
@pytest.mark.parametrize(
    "night",
    [
        ("30 1 * * *", "2026-10-31T20:00", "2026-11-01T05:31", "2026-11-01T06:31", "2026-11-01T09:00"),
        ("30 2 * * *", "2027-03-13T20:00", "2027-03-14T06:59", "2027-03-14T07:31", "2027-03-14T10:00"),
    ],
    ids=["back", "forward"],
)
def test_a_process_lives_through_a_night_in_which_clocks_change(goldpan, sandbox, drops, clock, night):
    nightly, day_before, *moments = night
    goldpan.configure("goldpan.toml", ('nightly = ""', f'nightly = "{nightly}"'))
    clock.set(day_before)
    with Serving(goldpan) as serving:
        drops.put("memberships.csv", csv_of(MEMBERS))
        drops.put("orders.csv", csv_of(ORDERS))
        held = serving.hear("run.finished", status="held")
        assert goldpan.as_process("run", "--approve", held["fingerprint"]).exit_code == 0
        for moment in moments:
            clock.set(moment)
            drops.put(f"{moment.replace(':', '.')}.csv", moment.encode(), is_usable=False)
            serving.hear("file.refused")  # it has turned at that time
        code = serving.end()

    assert code == 0, serving.told()
    assert held["at"].startswith(day_before[:10])
    assert statuses_of(goldpan) == [*LOADED, ("run", "done")]
    assert_all_is_right(goldpan, sandbox, drops)
