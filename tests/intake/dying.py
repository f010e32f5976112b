"""The intake, killed: `python -m tests.intake.dying FOLDER EVERY FIRST DISK` dies at file operations, each in its turn.

A child process is killed right before its n-th operation on a file; then a new one goes on, which must end where one
ends that was never killed. All imports are done before the children are forked, so that many moments take little time.
"""

import os
import shutil
import signal
import sys
from datetime import timedelta
from pathlib import Path

from tests.cli.installation import MEMBERS
from tests.intake.stage import NOON, SETTLE, Stage, settings_of

OPERATIONS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.utime", "os.chmod", "shutil.copyfile",
              "sqlite3.connect")  # fmt: skip
WHY = "members 2.csv: not to be used."


def scenario(stage: Stage) -> None:
    """Everything that can become of a file, as the service goes on after any interruption."""
    stage.restart()
    stage.look(after=1)
    stage.look(after=SETTLE)
    refused = [each.sha256 for each in stage.intake.deliveries.waiting() if each.name == "members 2.csv"]
    stage.intake.settle_run("r1", "failed", [], dict.fromkeys(refused, WHY))


def prepare(home: Path, inbox: Path) -> None:
    """A home with files of each fate, and its state made."""
    stage = opened(home, inbox)
    for number, drop in enumerate((
        lambda at: stage.members("members 1.csv", at=at), lambda at: stage.members("members 2.csv", MEMBERS[:3], at=at),
        lambda at: stage.orders(at=at), lambda at: stage.orders("orders again.csv", at=at),
        lambda at: stage.drop("members.xlsx", b"PK\x03\x04 no workbook", at=at),
        lambda at: stage.drop("what.csv", b"a,b\n1,2\n", at=at),
    )):  # fmt: skip
        drop(NOON - timedelta(minutes=30 - number))
    stage.close()


def opened(home: Path, inbox: Path) -> Stage:
    settings = settings_of(home, f'[[source]]\nname = "inbox"\nfolder = "{inbox}"\n')
    stage = Stage(home, settings)
    stage.inbox = inbox
    return stage


def outcome(home: Path, inbox: Path) -> tuple:
    """Where everything is, and what is on record."""
    stage = opened(home, inbox)
    texts = sorted(path.name for path in stage.failed.glob("*.txt"))
    for copy in (home / "archive" / "inputs").glob(".incoming.*"):
        copy.unlink()  # the archive's own, which its retention takes away after a day
    leftovers = sorted(str(path.relative_to(home)) for path in home.rglob(".*") if path.is_file())
    end = sorted(stage.statuses()), sorted(stage.places().items()), texts, leftovers, sorted(stage.waiting().items())
    processing = [*(home / "processing").iterdir()]
    stage.close()
    return (*end, processing)


def in_child(work) -> int:
    """The exit status of a process that does it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a child never goes on in its parent's code
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def go_through(home: Path, inbox: Path, *, dies_before: int = 0) -> None:
    counted = 0

    def count(event: str, arguments: tuple) -> None:
        nonlocal counted
        if event in OPERATIONS and any(str(place) in str(arguments) for place in (home, inbox)):
            counted += 1
            if counted == dies_before:
                os.kill(os.getpid(), signal.SIGKILL)

    stage = opened(home, inbox)
    sys.addaudithook(count)
    scenario(stage)


def main(folder: Path, every: int, first: int, other_disk: str) -> None:
    """Print how many moments were tried; fail at the first that ends differently."""
    home, inbox, template = folder / "home", Path(other_disk or folder) / "inbox", folder / "template"
    prepare(home, inbox)
    for path in (home, inbox):
        shutil.copytree(path, template / path.name)

    def afresh() -> None:
        for path in (home, inbox):
            shutil.rmtree(path)
            shutil.copytree(template / path.name, path)

    assert in_child(lambda: go_through(home, inbox)) == 0
    wanted = outcome(home, inbox)
    tried, moment, status = 0, first, signal.SIGKILL
    while status == signal.SIGKILL:
        afresh()
        status = in_child(lambda moment=moment: go_through(home, inbox, dies_before=moment))
        if status == signal.SIGKILL:
            tried += 1
            assert in_child(lambda: go_through(home, inbox)) == 0, moment
            got = outcome(home, inbox)
            assert got == wanted, f"killed before operation {moment}:\n{got}\ninstead of\n{wanted}"
        moment += every
    assert status == 0, status
    print(tried, wanted[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
