"""What every source must do, whatever holds the files: on a folder, on S3 over HTTP, and on a database.

A new kind of source is one more entry of ``PLACES``, or of ``SNAPSHOTS`` if its files are made when they are fetched:
then it promises nothing about names, and has always what it is asked for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from itertools import count
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import create_engine

from goldpan.errors import TransientError
from sync.datasets.manifest import read_manifest
from sync.readers import read_sheets
from sync.sources import ChangedError, Source, open_sources
from tests.intake.buckets import BUCKET, SECRETS, client_of, s3_server
from tests.intake.stage import NOON, settings_of

CONTENT = b"Cust ID,Contact Email\n1,a@example.org\n"


class Place:
    """Where the files of a source lie, as other programs reach it."""

    def __init__(self, source: Source, put: Callable[[str, bytes], None], names: Callable[[], list[str]]) -> None:
        self.source, self.put, self.names = source, put, names

    def found(self) -> dict[str, str]:
        return {file.name: file.fingerprint for file in self.source.list_files().files}

    def only(self):
        (file,) = self.source.list_files().files
        return file

    def read(self, target: Path) -> bytes:
        """A fetched file as it was put."""
        return target.read_bytes()


class DatasetPlace(Place):
    """Where files stay: what is fetched says which they are, and they are read where they lie."""

    def read(self, target: Path) -> bytes:
        return b"".join(Path(file.path).read_bytes() for file in read_manifest(target).files)


class SnapshotPlace(Place):
    """Where rows lie: they are put as CSV, and come as a table."""

    def read(self, target: Path) -> bytes:
        (sheet,) = read_sheets(target)
        return "".join(f"{','.join(map(str, row))}\n" for row in sheet.rows).encode()


@contextmanager
def in_folder(home: Path, more: str) -> Iterator[Place]:
    folder = home / "drop"
    folder.mkdir()
    (source,) = open_sources(settings_of(home, f'[[source]]\nname = "crm"\nfolder = "drop"\n{more}', more=LIMIT))

    def put(name: str, content: bytes) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    yield Place(source, put, lambda: sorted(path.name for path in folder.iterdir()))


@contextmanager
def in_s3(home: Path, more: str) -> Iterator[Place]:
    with s3_server() as url:
        client = client_of(url)
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="elsewhere/members.csv", Body=CONTENT)
        place = f'[[source]]\nname = "crm"\ns3 = "s3://{BUCKET}/drop"\nendpoint_url = "{url}"\nregion = "us-east-1"\n'
        (source,) = open_sources(settings_of(home, place + more, more=LIMIT, **SECRETS))

        def put(name: str, content: bytes) -> None:
            client.put_object(Bucket=BUCKET, Key=f"drop/{name}", Body=content)

        def names() -> list[str]:
            objects = client.list_objects_v2(Bucket=BUCKET, Prefix="drop/").get("Contents", ())
            return sorted(each["Key"].removeprefix("drop/") for each in objects)

        yield Place(source, put, names)


@contextmanager
def in_sql(home: Path, more: str) -> Iterator[Place]:
    url, hours = f"sqlite:///{home / 'crm.sqlite'}", count()
    asked = 'memberships_query = "members"\nmemberships_mark = "SELECT count(*) FROM members"\n'
    settings = settings_of(home, f'[[source]]\nname = "crm"\nsql = "CRM_DATABASE_URL"\n{asked}{more}')
    (source,) = open_sources(settings, lambda: NOON + timedelta(hours=next(hours)))
    engine = create_engine(url)

    def put(_name: str, content: bytes) -> None:
        table = pd.read_csv(BytesIO(content)).set_index("Cust ID")
        table.to_sql("members", engine, if_exists="replace")

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CRM_DATABASE_URL", url)
        yield SnapshotPlace(source, put, lambda: ["members.csv"])
    engine.dispose()


@contextmanager
def in_dataset(home: Path, more: str) -> Iterator[Place]:
    folder = home / "lake"
    folder.mkdir()
    settings = settings_of(home, f'[[source]]\nname = "crm"\nmemberships_dataset = "lake/*.csv"\n{more}')
    (source,) = open_sources(settings)

    def put(name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)

    yield DatasetPlace(source, put, lambda: sorted(path.name for path in folder.iterdir()))


LIMIT = "[limits]\nmax_file_mb = 1"
PLACES = {"folder": in_folder, "s3": in_s3}
SNAPSHOTS = {"sql": in_sql, "dataset": in_dataset}


@pytest.fixture(params=PLACES)
def kind(request):
    return PLACES[request.param]


@pytest.fixture
def taken(kind, tmp_path):
    """A source from which files are taken away."""
    with kind(tmp_path, "remove_source = true\n") as place:
        yield place


@pytest.fixture
def kept(kind, tmp_path):
    """A source that keeps its files."""
    with kind(tmp_path, "remove_source = false\n") as place:
        yield place


@pytest.fixture(params=[*PLACES, *SNAPSHOTS])
def any_kind(request, tmp_path):
    """A source that keeps what it has, of every kind."""
    is_place = request.param in PLACES
    with (PLACES | SNAPSHOTS)[request.param](tmp_path, "remove_source = false\n" if is_place else "") as place:
        yield place


@pytest.fixture
def target(tmp_path):
    (tmp_path / "ours").mkdir()
    return tmp_path / "ours" / "members.csv"


def test_every_kind_of_export_is_found_and_nothing_else(kept):
    exports = ["a.xlsx", "b.XLSM", "c.xls", "d.csv", "Umsätze 2026 – Nord.csv"]
    others = ["~$other.xlsx", ".e.csv", "f.csv.part", "g.csv.tmp", "h.crdownload", "i.txt", "below/j.csv"]
    for name in exports + others:
        kept.put(name, CONTENT)

    assert sorted(kept.found()) == sorted(exports)


def test_a_file_that_an_office_program_has_open_is_told_apart(kept):
    for name in ("a.xlsx", "b.csv", "c.csv", "~$a.xlsx", ".~lock.b.csv#"):
        kept.put(name, CONTENT)

    listing = kept.source.list_files()

    assert [file.name for file in listing.files] == ["c.csv"]
    assert [file.name for file in listing.in_use] == ["a.xlsx", "b.csv"]


def test_an_empty_source_has_nothing(kept):
    assert kept.source.list_files().files == ()


def test_a_file_keeps_its_fingerprint_until_it_changes(any_kind):
    any_kind.put("members.csv", CONTENT)
    first, again = any_kind.found(), any_kind.found()
    any_kind.put("members.csv", CONTENT + b"2,b@example.org\n")

    assert first == again
    assert any_kind.found() != first


def test_what_is_too_large_or_has_a_name_too_long_is_refused_with_a_reason(kept):
    kept.put("large.csv", b"x" * (2**20 + 1))
    kept.put(f"{'n' * 240}.csv", CONTENT)
    kept.put("right.csv", b"x" * 2**20)

    listing = kept.source.list_files()

    assert [file.name for file in listing.files] == ["right.csv"]
    assert {refusal.code for refusal in listing.refused} == {"too_large", "bad_name"}
    assert all("is not taken: " in refusal.reason for refusal in listing.refused)


def test_a_fetched_file_is_whole_private_and_has_its_time(any_kind, target):
    any_kind.put("members.csv", CONTENT)
    found = any_kind.only()

    is_gone = any_kind.source.fetch(found, target)

    assert any_kind.read(target) == CONTENT
    assert target.stat().st_mode & 0o777 == 0o600
    assert abs(target.stat().st_mtime - found.modified_at.timestamp()) < 1e-5
    assert [path.name for path in target.parent.iterdir()] == ["members.csv"]
    assert (is_gone, any_kind.names()) == (False, ["members.csv"])


def test_fetching_again_and_removing_change_nothing_where_files_are_kept(any_kind, target):
    any_kind.put("members.csv", CONTENT)
    found = any_kind.only()
    any_kind.source.fetch(found, target)
    fetched = target.read_bytes()
    any_kind.put("members.csv", CONTENT + b"2,b@example.org\n")

    assert (any_kind.source.takes_away, any_kind.source.fetch(found, target)) == (False, False)
    any_kind.source.remove(found)

    assert target.read_bytes() == fetched
    assert any_kind.names() == ["members.csv"]


def test_what_is_taken_away_is_gone_when_it_is_safe(taken, target):
    taken.put("members.csv", CONTENT)
    found = taken.only()

    is_gone = taken.source.fetch(found, target)
    assert is_gone == (taken.names() == [])
    taken.source.remove(found)

    assert target.read_bytes() == CONTENT
    assert taken.names() == []


def test_fetching_and_removing_may_be_repeated(taken, target):
    taken.put("members.csv", CONTENT)
    found = taken.only()

    for _ in range(2):
        taken.source.fetch(found, target)
        taken.source.remove(found)

    assert target.read_bytes() == CONTENT


def test_a_version_that_came_meanwhile_is_not_taken_away_with_the_one_before(taken, target):
    taken.put("members.csv", CONTENT)
    found = taken.only()
    taken.source.fetch(found, target)
    taken.put("members.csv", b"newer")

    taken.source.fetch(found, target)
    taken.source.remove(found)

    assert taken.names() == ["members.csv"]
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_since_it_was_found_is_not_fetched(kept, target):
    kept.put("members.csv", CONTENT)
    found = kept.only()
    kept.put("members.csv", b"another")

    with pytest.raises(ChangedError):
        kept.source.fetch(found, target)

    assert not target.exists()
    assert [*target.parent.iterdir()] == []


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_file_that_went_since_it_was_found_is_not_fetched(kind, tmp_path, target, is_taken):
    with kind(tmp_path, f"remove_source = {str(is_taken).lower()}\n") as place:
        place.put("members.csv", CONTENT)
        found = place.only()
        missing = type(found)(
            found.source, "gone.csv", "gone.csv", found.size_bytes, found.modified_at, found.fingerprint
        )

        with pytest.raises(ChangedError):
            place.source.fetch(missing, target)
        place.source.remove(missing)


def test_a_place_that_is_not_there_says_so_and_what_to_do(tmp_path):
    with s3_server() as url:
        client_of(url).create_bucket(Bucket="another")
        s3 = f'[[source]]\nname = "s"\ns3 = "s3://{BUCKET}"\nendpoint_url = "{url}"\nregion = "us-east-1"\n'
        sources = f'[[source]]\nname = "f"\nfolder = "nowhere"\n{s3}'
        for source in open_sources(settings_of(tmp_path, sources, **SECRETS)):
            with pytest.raises(
                TransientError, match=r"can't be listed \((No such file or directory|NoSuchBucket)\)\. "
            ):
                source.list_files()
