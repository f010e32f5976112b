"""Exports from S3: copied, verified, on record, and only then removed, over a network that fails half the time."""

import random

import pytest

from tests.cli.installation import MEMBERS, ORDERS, write_csv
from tests.intake.buckets import BUCKET, SECRETS, Network, client_of, s3_server
from tests.intake.stage import SETTLE, Stage, settings_of
from tests.intake.test_kills import Killed


class Prefix:
    """A prefix of a bucket, and the intake that looks into it through a network."""

    def __init__(self, tmp_path, url, network, *, is_removed):
        self.client = client_of(url)
        self.client.create_bucket(Bucket=BUCKET)
        self.scratch = tmp_path / "scratch.csv"
        source = (
            f'[[source]]\nname = "crm"\ns3 = "s3://{BUCKET}/drop"\nendpoint_url = "{network.url}"\n'
            f'region = "us-east-1"\nremove_source = {str(is_removed).lower()}\n'
        )
        self.stage = Stage(tmp_path / "home", settings_of(tmp_path / "home", source, **SECRETS))

    def upload(self, name, rows):
        content = write_csv(self.scratch, rows).read_bytes()
        self.client.put_object(Bucket=BUCKET, Key=f"drop/{name}", Body=content)
        return content

    def names(self):
        objects = self.client.list_objects_v2(Bucket=BUCKET, Prefix="drop/").get("Contents", ())
        return [each["Key"].removeprefix("drop/") for each in objects]


@pytest.fixture
def network():
    with s3_server() as url, Network(url) as network:
        network.target = url
        yield network


@pytest.fixture
def prefix(tmp_path, network, monkeypatch, request):
    monkeypatch.setattr("sync.s3.ATTEMPTS", 1)  # every failure reaches Goldpan, and no test waits
    prefix = Prefix(tmp_path, network.target, network, is_removed=getattr(request, "param", False))
    yield prefix
    prefix.stage.close()


removed = pytest.mark.parametrize("prefix", [True], indirect=True)


def test_objects_are_copied_once_and_stay(prefix, network):
    members, orders = prefix.upload("members.csv", MEMBERS), prefix.upload("orders.csv", ORDERS)

    prefix.stage.take()
    prefix.stage.restart()
    prefix.stage.take()

    assert prefix.stage.waiting() == {"memberships": members, "orders": orders}
    assert prefix.stage.statuses() == [("members.csv", "waiting"), ("orders.csv", "waiting")]
    assert prefix.names() == ["members.csv", "orders.csv"]
    assert sum(path.startswith(f"/{BUCKET}/drop/") for _, path in network.requests) == 2


@removed
def test_objects_are_removed_when_they_are_safe(prefix):
    members = prefix.upload("members.csv", MEMBERS)
    prefix.upload("members again.csv", MEMBERS)
    garbage = prefix.upload("what.csv", [{"a": "1"}])

    prefix.stage.take()

    assert prefix.names() == []
    assert prefix.stage.places() == {("archive", members): 1, ("failed", garbage): 1}


@removed
def test_objects_that_may_not_be_removed_are_taken_once_and_it_is_said(prefix, network):
    members, orders = prefix.upload("members.csv", MEMBERS), prefix.upload("orders.csv", ORDERS)
    network.forbidden = "DELETE"

    prefix.stage.take()
    looked = prefix.stage.take()

    assert prefix.stage.places() == {("archive", members): 1, ("archive", orders): 1}
    assert prefix.stage.statuses() == [("members.csv", "waiting"), ("orders.csv", "waiting")]
    assert all("can't remove" in problem and "remove_source = false" in problem for problem in looked.problems)
    network.forbidden = ""
    prefix.stage.take()
    assert prefix.names() == []


def test_what_is_refused_stays_and_is_fetched_once(prefix):
    garbage = prefix.upload("what.csv", [{"a": "1"}])

    for _ in range(3):
        prefix.stage.take()

    assert prefix.names() == ["what.csv"]
    assert prefix.stage.statuses() == [("what.csv", "refused")]
    assert prefix.stage.places() == {("failed", garbage): 1}


def test_a_new_object_under_the_same_key_is_a_new_version(prefix):
    prefix.upload("members.csv", MEMBERS)
    prefix.stage.take()

    newer = prefix.upload("members.csv", MEMBERS[:3])
    prefix.stage.take()

    assert [status for _, status in prefix.stage.statuses()] == ["superseded", "waiting"]
    assert prefix.stage.waiting() == {"memberships": newer}


@removed
def test_an_object_that_changes_while_it_is_taken_is_taken_as_it_is_then(prefix):
    prefix.upload("members.csv", MEMBERS)
    newer = []

    def replace(step):
        if step == "made room" and not newer:
            newer.append(prefix.upload("members.csv", MEMBERS[:3]))

    prefix.stage.on_step = replace
    prefix.stage.take()
    prefix.stage.take()

    assert prefix.stage.waiting() == {"memberships": newer[0]}
    assert prefix.names() == []


@removed
@pytest.mark.parametrize("seed", range(4))
def test_when_half_the_calls_fail_nothing_is_lost_or_doubled(prefix, network, seed):
    chance = random.Random(seed)
    members, orders = prefix.upload("members.csv", MEMBERS), prefix.upload("orders.csv", ORDERS)
    problems = []

    for _ in range(60):
        network.fail([chance.choice(["", "", "", "refused", "lost", "cut"]) for _ in range(20)])
        problems += prefix.stage.look(after=SETTLE).problems
    network.fail([])
    prefix.stage.take()

    assert problems
    assert all("is tried again" in problem or "fetched again" in problem for problem in problems)
    assert prefix.stage.places() == {("archive", members): 1, ("archive", orders): 1}
    assert prefix.stage.waiting() == {"memberships": members, "orders": orders}
    assert prefix.names() == []


def test_a_source_that_fails_does_not_keep_the_others_from_their_files(tmp_path, network, prefix):
    (tmp_path / "folder").mkdir()
    toml = (prefix.stage.home / "config" / "goldpan.toml").read_text()
    both = toml.replace("[intake]", f'[[source]]\nname = "folder"\nfolder = "{tmp_path / "folder"}"\n[intake]')
    prefix.stage.restart(settings_of(prefix.stage.home, both.partition("[intake]")[0], **SECRETS))
    content = write_csv(tmp_path / "folder" / "members.csv", MEMBERS).read_bytes()

    network.fail(["refused"] * 100)
    looked = prefix.stage.take()

    assert prefix.stage.waiting() == {"memberships": content}
    assert looked.problems
    assert all(problem.startswith(f"s3://{BUCKET}/drop/ (source crm) can't be listed") for problem in looked.problems)
    assert (looked.problems_about("crm"), looked.problems_about("folder")) == (looked.problems, [])


@removed
@pytest.mark.parametrize("step", range(1, 9))
def test_killed_at_any_step_the_object_is_taken_once_and_removed(prefix, step):
    members, garbage = prefix.upload("members.csv", MEMBERS), prefix.upload("what.csv", [{"a": "1"}])
    seen = []

    def die(name):
        seen.append(name)
        if len(seen) == step or len(seen) == step + 12:
            raise Killed

    prefix.stage.on_step = die
    for _ in range(3):
        try:
            prefix.stage.restart()
            prefix.stage.take()
        except Killed:
            pass

    assert len(seen) > step
    assert prefix.stage.places() == {("archive", members): 1, ("failed", garbage): 1}
    assert sorted(prefix.stage.statuses()) == [("members.csv", "waiting"), ("what.csv", "refused")]
    assert prefix.names() == []
