"""`goldpan serve` for real, as a process: whatever is dropped, nothing is lost and HubSpot is right."""

import socket
import subprocess
from http.client import HTTPConnection

import pytest

from sync.init import set_up_folder
from sync.sandbox import TOKEN
from tests.cli.installation import HELD, MEMBERS, ORDERS, Installation, order
from tests.service.account import assert_all_is_right, is_quiet, statuses_of
from tests.service.dropping import BUSY, Drops, approve, bought, fill, load_few, named
from tests.service.exports import csv_of, xlsx_of
from tests.service.serving import LOADED, QUICK, Serving, wait_until

ENDS = "job.failed intake.troubled run.finished"


def test_exports_are_taken_once_they_are_whole_and_what_is_no_export_is_set_aside(goldpan, sandbox, drops, people):
    goldpan.configure("goldpan.toml", ("settle_seconds = 1", "settle_seconds = 2"))
    with Serving(goldpan) as serving:
        serving.hear("service.started")
        drops.put_in_pieces("memberships.csv", csv_of(MEMBERS))
        drops.put_in_pieces("orders.xlsx", xlsx_of(ORDERS))
        approve(goldpan, serving.hear("run.finished", status="held")["fingerprint"])
        drops.put("memberships 2.xlsx", xlsx_of(named("Ada King")))
        drops.put("orders 2.csv", csv_of(bought(1)))
        serving.hear("run.finished", status="done")
        drops.put("orders 2 again.csv", csv_of(bought(1)))
        drops.put("memberships again.xlsx", drops.good["memberships"][1])
        away = goldpan.inbox.rename(goldpan.home / "away")  # as a share does whose server is away
        serving.hear("intake.troubled")
        away.rename(goldpan.inbox)
        drops.put("orders of ada@example.org.csv", b"who;what\nada@example.org;1\n", is_usable=False)
        drops.put("memberships 3.xlsx", b"PK\x03\x04 torn", is_usable=False)
        drops.put("members 4.csv", b"", is_usable=False)
        for _ in range(3):
            serving.hear("file.refused")
        wait_until(lambda: len(serving.events("file.duplicate")) == 2, serving.told)
        wait_until(lambda: any("refused" in title for title in people.titles), lambda: str(people.heard))
        code = serving.end()

    assert code == 0, serving.told()
    assert statuses_of(goldpan) == [*LOADED, ("run", "done")]
    assert_all_is_right(goldpan, sandbox, drops)
    assert any("held" in title for title in people.titles), people.titles
    assert personal_in(str(people.asked)) == personal_in("\n".join(serving.err)) == []


def personal_in(said: str) -> list[str]:
    """What nobody should have been told."""
    cells = {row[header] for row in MEMBERS for header in ("Cust ID", "Customer Name")}
    return [each for each in (*cells, TOKEN, "@example.org") if each in said]


def test_one_of_two_goes_on_with_the_one_accepted_last_and_a_pause_holds_it_back(goldpan, sandbox, drops):
    goldpan.configure("goldpan.toml", ("poll_seconds = 1", "poll_seconds = 3600"))  # the folder tells of changes
    with Serving(goldpan) as serving:
        load_few(goldpan, drops, serving)
        drops.put("orders 2.csv", csv_of(bought(1)))
        serving.hear("file.claimed", name="orders 2.csv")
        waiting = statuses_of(goldpan)
        goldpan.configure("goldpan.toml", ("patience_minutes = 120", "patience_minutes = 0"))
        serving.hear("run.finished", status="done")
        before = sandbox.contacts()
        assert goldpan("pause").exit_code == 0
        drops.put("orders 3.csv", csv_of([*ORDERS, order(10, 2, "5000.00")]))
        serving.hear("run.finished", status="held")
        paused = sandbox.contacts()
        assert goldpan("resume").exit_code == 0
        drops.put("orders 4.csv", csv_of([*ORDERS, order(10, 3, "7000.00")]))
        wait_until(lambda: is_quiet(goldpan), serving.told)
        code = serving.end()

    assert waiting == LOADED
    assert code == 0
    assert paused == before != sandbox.contacts()
    assert_all_is_right(goldpan, sandbox, drops)


def test_a_second_service_in_the_same_home_is_refused_and_the_first_says_that_it_is_well(goldpan):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    goldpan.configure("goldpan.toml", ("port = 0", f"port = {port}"))
    with Serving(goldpan) as serving:
        serving.hear("service.started")
        second = goldpan.as_process("serve")
        answers = [asked(port, path) for path in ("/healthz", "/readyz", "/metrics")]
        code = serving.end()

    assert second.exit_code == BUSY
    assert f"Another goldpan serve is at work in {goldpan.home}" in second.err
    assert answers == [200, 200, 200]
    assert code == 0


def asked(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_serving_once_takes_in_what_is_there_does_what_is_due_and_ends(goldpan, sandbox, drops):
    goldpan.configure("goldpan.toml", ("debounce_seconds = 0", "debounce_seconds = 600"))
    drops.put("memberships.csv", csv_of(MEMBERS))
    drops.put("orders.csv", csv_of(ORDERS))
    codes = []
    with Serving(goldpan, "--once") as serving:
        codes.append(serving.wait())
        approve(goldpan, serving.hear("run.finished", status="held")["fingerprint"])
    drops.put("orders 2.csv", csv_of(bought(1)))
    with Serving(goldpan, "--once") as serving:
        codes.append(serving.wait())

    assert codes == [HELD, 0], serving.told()
    assert statuses_of(goldpan) == [*LOADED, ("run", "done")]
    assert_all_is_right(goldpan, sandbox, drops)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", place], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: that takes root ({error})")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize(
    "free_kilobytes",
    [(0, 128), pytest.param(tuple(range(0, 640, 16)), marks=pytest.mark.slow, id="each-slow")],
)
def test_on_a_full_disk_nothing_is_lost_and_with_room_it_goes_on(small_disk, sandbox, people, tmp_path, free_kilobytes):
    for _ in set_up_folder(small_disk / "home"):
        pass
    goldpan, drops = Installation(small_disk / "home", sandbox.url), Drops(tmp_path / "inbox")
    goldpan.inbox = drops.folder
    drops.folder.mkdir()
    goldpan.configure("goldpan.toml", *QUICK, ('folder = "inbox"', f'folder = "{drops.folder}"'))
    goldpan.env["GOLDPAN_ALERT_URLS"] = people.url
    with Serving(goldpan) as serving:
        load_few(goldpan, drops, serving)
        for number, free in enumerate(free_kilobytes, 2):
            filler = fill(small_disk, free << 10)
            drops.put(f"memberships {number:02}.csv", csv_of(named(f"Ada {number}")))
            drops.put(f"orders {number:02}.csv", csv_of(bought(number)))
            trouble = serving.hear(ENDS)
            filler.unlink()
            if trouble["event"] == "job.failed":
                serving.hear("job.recovered", job=trouble["job"])
        drops.put("memberships.csv", csv_of(named("Ada Last")))
        drops.put("orders.csv", csv_of(bought(99)))
        wait_until(lambda: is_quiet(goldpan), serving.told)
        code = serving.end()

    assert code == 0, serving.told()
    assert serving.events("job.failed") or serving.events("run.finished", status="failed")
    assert_all_is_right(goldpan, sandbox, drops)
    assert personal_in(str(people.asked)) == personal_in("\n".join(serving.err)) == []
