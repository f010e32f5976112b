"""The account that has to add up after all of it: files, runs, and HubSpot."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.sandbox import Sandbox
from sync.state.deliveries import Deliveries, StoredDelivery
from sync.state.runs import StoredRun
from sync.state.store import State
from tests.cli.installation import Installation, tags_in
from tests.cli.test_convert import converted_tags
from tests.service.dropping import Drops

FINAL = {"accepted", "superseded", "duplicate", "refused"}
"""What may have become of a file in the end; all else is under way."""


def state_of(goldpan: Installation) -> State:
    """What its service has on record."""
    return State.open(goldpan.env.get("GOLDPAN_STATE_URL") or f"sqlite:///{goldpan.home / 'state' / 'goldpan.sqlite'}")


def runs_of(goldpan: Installation) -> list[StoredRun]:
    """Every run on record, the oldest first."""
    with state_of(goldpan) as state:
        return state.runs.latest(1000)[::-1]


def statuses_of(goldpan: Installation) -> list[tuple[str, str]]:
    """Kind and end of each run, the oldest first."""
    return [(run.kind, run.status) for run in runs_of(goldpan)]


def deliveries_of(goldpan: Installation) -> list[StoredDelivery]:
    """Every file on record, in the order of arrival."""
    with state_of(goldpan) as state:
        return Deliveries(state.engine).find()


def on_their_way(goldpan: Installation) -> list[Path]:
    """Files that are not in their final place."""
    return [*files_in(goldpan.inbox), *files_in(goldpan.home / "processing")]


def is_quiet(goldpan: Installation) -> bool:
    """Whether there is nothing left to do: no file on its way, and none that waits."""
    return not on_their_way(goldpan) and not {"claimed", "waiting"} & {each.status for each in deliveries_of(goldpan)}


def assert_all_is_right(
    goldpan: Installation,
    sandbox: Sandbox,
    drops: Drops,
    *,
    others: Sequence[Installation] = (),
    archive: Path | None = None,
) -> None:
    """Each file is in one final place, each run is on record with its end, and HubSpot is right.

    Args:
        goldpan: An installation whose service has ended.
        sandbox: Its portal.
        drops: What was dropped.
        others: Further installations on the same state.
        archive: Where theirs is, if not in the home.
    """
    homes = [goldpan, *others]
    assert_each_file_is_in_one_place(homes, archive or goldpan.home / "archive", drops)
    on_record = deliveries_of(goldpan)
    assert {each.status for each in on_record} <= FINAL, on_record
    names = Counter(each.name for each in on_record)
    assert names == drops.names if not others else names >= drops.names  # two may have begun with the same object
    runs = runs_of(goldpan)
    assert [run.run_id for run in runs if run.status == "running" or run.finished_at is None] == []
    assert "running" not in {run["status"] for run in goldpan("runs", "-n", "1000", "--json").json["runs"]}
    assert_hubspot_is_right(goldpan, sandbox, drops, str(runs[-1].as_of))


def assert_each_file_is_in_one_place(homes: Sequence[Installation], archive: Path, drops: Drops) -> None:
    """In the archive if it could be used, else set aside with its reason; nothing is left on its way."""
    left = [path for home in homes for path in on_their_way(home)]
    assert left == [], left
    kept = {str(path.relative_to(archive / "inputs")): path.read_bytes() for path in files_in(archive / "inputs")}
    # What a kill left of a copy: the archive takes it away after a day.
    kept = {name: content for name, content in kept.items() if not name.startswith(".incoming.")}
    assert sorted(name.partition("/")[0] for name in kept) == sorted(map(digest, drops.usable)), kept.keys()
    assert {digest(content) for content in kept.values()} == {*map(digest, drops.usable)}
    aside = [path for home in homes for path in files_in(home.home / "failed")]
    texts = {path for path in aside if path.suffix == ".txt"}
    assert Counter(path.read_bytes() for path in aside if path not in texts) == drops.unusable
    assert {f"{path}.txt" for path in aside if path not in texts} == {str(path) for path in texts}


def digest(content: bytes) -> str:
    """A content's identity."""
    return hashlib.sha256(content).hexdigest()


def assert_hubspot_is_right(goldpan: Installation, sandbox: Sandbox, drops: Drops, as_of: str) -> None:
    """Tags as a fresh computation says, and nobody twice."""
    with TemporaryDirectory() as folder:
        paths = []
        for name, content in (drops.good["memberships"], drops.good["orders"]):
            (Path(folder) / name).write_bytes(content)
            paths.append(Path(folder) / name)
        said = goldpan("convert", *paths, "-o", folder, "--as-of", as_of)
        assert said.exit_code == 0, said.all
        wanted = converted_tags(Path(folder) / "hubspot.csv")
    assert tags_in(sandbox) == wanted
    ids = [contact.get("customer_id") for contact in sandbox.contacts().values()]
    assert len(ids) == len(set(ids)) == len(wanted)


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
