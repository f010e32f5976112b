"""`goldpan serve` with S3 and PostgreSQL: a bucket that fails, and two services that share everything."""

import random
import time
from contextlib import ExitStack
from itertools import pairwise

import pytest

from tests.archive.conftest import moto_server  # noqa: F401 - a fixture
from tests.archive.s3_stage import BUCKET, KEYS, Asked, S3Stage, s3_stage
from tests.cli.installation import MEMBERS, ORDERS, Installation
from tests.service.account import FINAL, assert_all_is_right, deliveries_of, is_quiet, runs_of, statuses_of
from tests.service.dropping import CROWDED, Drops, approve, bought, crowd, named
from tests.service.exports import csv_of
from tests.service.serving import LOADED, QUICK, Serving, wait_until
from tests.state.postgres import PostgresServer, postgres_server
from tests.test_kill import SEED

PREFIX = "archive/drop/"
"""Below the prefix that the stage empties afterwards."""


@pytest.fixture
def s3(moto_server):  # noqa: F811 - a fixture
    """A bucket, and a way to it that can fail."""
    with s3_stage(moto_server) as stage:
        yield stage


def take_from(s3: S3Stage, goldpan: Installation) -> None:
    """Exports come from the bucket now."""
    replace_table(goldpan, "[drop]", f'[[source]]\nname = "bucket"\n{place_in(s3, PREFIX)}', "# Several sources")
    goldpan.env.update(KEYS)


def place_in(s3: S3Stage, prefix: str) -> str:
    """The keys of goldpan.toml that name a place in the bucket."""
    return f's3 = "s3://{BUCKET}/{prefix}"\nendpoint_url = "{s3.url}"\nregion = "us-east-1"\n'


def replace_table(goldpan: Installation, table: str, by: str, up_to: str) -> None:
    """Put other lines in the place of a table of goldpan.toml."""
    path = goldpan.config / "goldpan.toml"
    before, _, rest = path.read_text().partition(table)
    path.write_text(before + by + rest[rest.index(up_to) :])


def upload(s3: S3Stage, drops: Drops, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        drops.note(name, content)
        s3.client.put_object(Bucket=BUCKET, Key=PREFIX + name, Body=content)


def names_in(s3: S3Stage) -> set[str]:
    """What lies in the bucket for Goldpan."""
    return {key.removeprefix("drop/") for key in s3.objects() if key.startswith("drop/")}


class Failing:
    """Fails half the calls.

    Attributes:
        failed: How many.
    """

    def __init__(self, lots: random.Random | None) -> None:
        self.failed, self._lots, self._asked = 0, lots, 0

    def __call__(self, _: Asked) -> int | None:
        self._asked += 1
        is_failed = self._lots.random() < 0.5 if self._lots else self._asked % 2
        self.failed += bool(is_failed)
        return (self._lots.choice((503, 500, 0)) if self._lots else 503) if is_failed else None


@pytest.mark.parametrize("lots", [None, pytest.param(random.Random(SEED), marks=pytest.mark.slow, id="at-random-slow")])
def test_with_an_s3_that_fails_half_the_calls_everything_arrives_and_is_archived(goldpan, sandbox, drops, s3, lots):
    take_from(s3, goldpan)
    replace_table(goldpan, "[archive]", f"[archive]\n{place_in(s3, 'archive/runs')}", "[alerts]")
    s3.fault = failing = Failing(lots)
    with Serving(goldpan) as serving:
        upload(s3, drops, {"memberships.csv": csv_of(MEMBERS), "orders.csv": csv_of(ORDERS)})
        approve(goldpan, serving.hear("run.finished", status="held")["fingerprint"])
        upload(s3, drops, {"memberships.csv": csv_of(named("Ada King")), "orders 2.csv": csv_of(bought(1))})
        serving.hear("run.finished", status="done")
        code = serving.end()
    s3.fault = lambda _: None

    assert code == 0, serving.told()
    assert failing.failed >= 20
    assert names_in(s3) == {"memberships.csv", "orders.csv", "orders 2.csv"}
    assert_all_is_right(goldpan, sandbox, drops)
    kept = [content for key, content in s3.objects().items() if key.startswith("runs/inputs/")]
    assert sorted(kept) == sorted(drops.usable)
    assert sum(key.endswith("/run.json") for key in s3.objects()) == 3


@pytest.fixture(scope="module")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture
def two_machines(server, set_up, sandbox, s3, tmp_path) -> list[Installation]:
    """Two installations that share their state, their archive and their source."""
    state_url, machines = server.database(), [set_up(sandbox.url, name) for name in ("here", "there")]
    for machine in machines:
        machine.configure(
            "goldpan.toml", *QUICK, *CROWDED, ('folder = "archive"', f'folder = "{tmp_path / "archive"}"')
        )
        take_from(s3, machine)
        machine.env["GOLDPAN_STATE_URL"] = state_url
    return machines


@pytest.mark.slow
def test_two_services_on_one_postgresql_take_each_file_once_and_never_run_at_once(
    server, two_machines, sandbox, drops, s3
):
    here, there = two_machines
    with Serving(here) as one, Serving(there) as two:
        upload(s3, drops, crowd(0))
        wait_until(lambda: statuses_of(here) == LOADED[:1], one.told)
        approve(there, runs_of(here)[0].fingerprint)
        sandbox.settings.latency_seconds = 0.2
        upload(s3, drops, crowd(1))
        busy = wait_until(lambda: who_runs(here, one, two), one.told)
        busy.kill()
        wait_until(lambda: is_used(here, drops), lambda: f"{one.told()}\n\n{two.told()}")
        with Serving(here if busy is one else there) as again:
            again.hear("service.started")
            break_connections(server, here)
            upload(s3, drops, crowd(2))
            wait_until(lambda: is_used(here, drops), lambda: f"{one.told()}\n\n{two.told()}\n\n{again.told()}")
            wait_until(lambda: is_quiet(here), again.told)
            codes = again.end(), (two if busy is one else one).end()

    assert codes == (0, 0), again.told() + two.told()
    assert names_in(s3) == {*drops.names}
    assert_all_is_right(here, sandbox, drops, others=[there], archive=here.home.parent / "archive")
    runs = [run for run in runs_of(here) if run.status != "interrupted"]  # the end of one is when another found it
    assert all(first.finished_at <= then.started_at for first, then in pairwise(runs))
    assert {"accepted", "superseded"} >= {each.status for each in deliveries_of(here)} - {"duplicate"}


@pytest.mark.slow
def test_two_services_killed_in_turn_before_an_s3_that_fails_half_the_calls_lose_nothing(
    two_machines, sandbox, drops, s3
):
    here, lots = two_machines[0], random.Random(SEED)
    for machine in two_machines:
        machine.configure("goldpan.toml", ("patience_minutes = 120", "patience_minutes = 0"))
    with ExitStack() as stack:
        services = [stack.enter_context(Serving(machine)) for machine in two_machines]
        upload(s3, drops, crowd(0))
        wait_until(lambda: statuses_of(here) == LOADED[:1], services[0].told)
        approve(here, runs_of(here)[0].fingerprint)
        sandbox.settings.latency_seconds = 0.1
        s3.fault = Failing(lots)
        for night in range(1, 13):
            upload(s3, drops, crowd(night))
            time.sleep(lots.uniform(0, 6))
            services[night % 2].kill()
            services[night % 2] = stack.enter_context(Serving(two_machines[night % 2]))
        for service in services:
            service.hear("service.started")
        wait_until(lambda: is_all_there(here, drops), lambda: "\n\n".join(map(Serving.told, services)))
        wait_until(lambda: all(map(is_quiet, two_machines)), lambda: str(deliveries_of(here)))
        codes = [service.end() for service in services]
        s3.fault = lambda _: None

    assert codes == [0, 0]
    assert names_in(s3) == {*drops.names}
    assert_all_is_right(here, sandbox, drops, others=two_machines[1:], archive=here.home.parent / "archive")


def break_connections(server: PostgresServer, goldpan: Installation) -> None:
    """As a server that is started anew does."""
    with server.connect(goldpan.env["GOLDPAN_STATE_URL"]) as admin:
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'goldpan'"
        assert admin.execute(mine).rowcount >= 1


def who_runs(goldpan: Installation, *services: Serving) -> Serving | None:
    """The service whose run is going on."""
    run_id = runs_of(goldpan)[-1].run_id
    return next((each for each in services if each.events("run.started", run_id=run_id)), None)


def is_all_there(goldpan: Installation, drops: Drops) -> bool:
    """Whether every file that was dropped was taken in."""
    return {*drops.names} <= {each.name for each in deliveries_of(goldpan) if each.status in FINAL}


def is_used(goldpan: Installation, drops: Drops) -> bool:
    """Whether the newest exports were accepted."""
    accepted = {each.name for each in deliveries_of(goldpan) if each.status == "accepted"}
    return {name for name, _ in drops.good.values()} <= accepted
