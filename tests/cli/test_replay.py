"""``goldpan replay``: a past night again, from its archive alone."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sync.archive.opening import open_archive
from sync.archive.parquet import read_contacts, write_contacts
from sync.settings import load_settings
from tests.archive.conftest import moto_server, s3  # noqa: F401 - fixtures
from tests.archive.s3_stage import KEYS, URL
from tests.cli.installation import ADA, BEN, MEMBERS, ORDERS, Installation, write_csv


@pytest.fixture
def night(goldpan):
    """The folder of a night that was sent."""
    return Path(goldpan.run().json["archive"])


def change(night: Path, **columns) -> None:
    """Somebody edits the kept contacts."""
    table, origin = read_contacts(night / "contacts.parquet")
    for name, made in columns.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), made(table.column(name)))
    write_contacts(night / "contacts.parquet", table, origin)


def moved(goldpan, tmp_path: Path, *, with_archive: bool = True) -> Installation:
    """Another machine that has the archive and the config, and no state."""
    there = Installation(tmp_path / "another machine")
    shutil.copytree(goldpan.config, there.config)
    if with_archive:
        shutil.copytree(goldpan.home / "archive", there.home / "archive", symlinks=True)
    shutil.rmtree(goldpan.home)
    return there


def test_a_night_is_the_same_again(goldpan, night):
    said = goldpan("replay", "latest")

    assert said.exit_code == 0
    assert f"Run {night.name} as of 2026-11-20, compared with its contacts.parquet." in said.out
    assert "The same: 6 contacts, no value differs." in said.out


def test_it_says_the_same_as_json(goldpan, night):
    said = goldpan("replay", night.name[:-1], "--json")

    version = said.json["version"]
    assert (said.exit_code, said.err) == (0, "")
    assert said.json == {
        "run_id": night.name,
        "as_of": "2026-11-20",
        "is_same": True,
        "compared_with": "contacts.parquet",
        "made_by": version,
        "version": version,
        "forgotten": 0,
        "contacts": {"archived": 6, "replayed": 6, "only_archived": 0, "only_replayed": 0},
        "columns": {},
        "missing_columns": [],
        "problems": [],
    }


def test_a_held_night_can_be_replayed_too(goldpan):
    held = goldpan.plan()

    assert goldpan("replay", held.json["run_id"]).exit_code == 0


def test_the_config_of_that_night_counts_not_that_of_today(goldpan, night):
    goldpan.configure("tags.toml", ("[0, 30]", "[0, 300]"))
    goldpan.configure("exports/memberships.toml", ('"Contact Email"', '"Anything else"'))

    assert goldpan("replay", night.name).exit_code == 0


def test_nothing_is_written_and_hubspot_is_not_asked(goldpan, night, sandbox):
    before, asked = goldpan.tree(), len(sandbox.requests)

    goldpan("replay", "latest")

    assert (goldpan.tree(), len(sandbox.requests)) == (before, asked)


def test_contacts_that_differ_are_counted_by_column_and_nobody_is_named(goldpan, night):
    change(night, email=lambda column: column, renewals=lambda column: pc.add(column, 1))
    change(night, **{"tag:expiring_soon": lambda column: pa.array([True] * len(column))})

    said = goldpan("replay", "latest")

    assert said.exit_code == 1
    assert "DIFFERENT: 6 contacts were kept, 6 are computed now." in said.out
    assert "6 contacts differ in renewals" in said.out
    assert "5 contacts differ in tag:expiring_soon" in said.out
    assert "The same version made it" in said.out
    assert "example.org" not in said.all
    assert goldpan("replay", "latest", "--json").json["columns"] == {"renewals": 6, "tag:expiring_soon": 5}


def test_another_version_is_named_where_contacts_differ(goldpan, night):
    table, origin = read_contacts(night / "contacts.parquet")
    write_contacts(night / "contacts.parquet", table.slice(1), replace(origin, version="0.0.1"))

    said = goldpan("replay", "latest")

    assert said.exit_code == 1
    assert "1 contacts are only computed now" in said.out
    assert "Goldpan 0.0.1 made it" in said.out


def test_a_night_without_parquet_is_compared_with_its_csv(goldpan, night):
    (night / "contacts.parquet").unlink()

    said = goldpan("replay", "latest")

    assert said.exit_code == 0
    assert "compared with its hubspot.csv" in said.out
    assert "The same: 5 contacts" in said.out


def test_tags_in_the_csv_that_differ_are_told(goldpan, night):
    (night / "contacts.parquet").unlink()
    with (night / "hubspot.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["Contact Email"] == BEN:
            row["Membership Status Tags"] = "High Value Customer"
    write_csv(night / "hubspot.csv", rows)

    said = goldpan("replay", "latest", "--json")

    assert said.exit_code == 1
    assert said.json["columns"] == {"Membership Status Tags": 1}


def test_the_archive_alone_is_enough_on_another_machine(goldpan, night, tmp_path):
    said = moved(goldpan, tmp_path)("replay", night.name)

    assert said.exit_code == 0
    assert "The same: 6 contacts" in said.out


def test_an_older_night_needs_the_state_for_its_config(goldpan, night, tmp_path):
    (night / "contacts.parquet").unlink()

    said = moved(goldpan, tmp_path)("replay", night.name)

    assert said.exit_code == 2
    assert f"The config of run {night.name} was not kept" in said.err


def test_the_links_in_the_folder_of_a_night_lead_to_its_exports_wherever_the_archive_is(goldpan, night, tmp_path):
    there = moved(goldpan, tmp_path)
    links = there.home / "archive" / night.relative_to(goldpan.home / "archive") / "inputs"

    assert {path.name: path.is_symlink() for path in links.iterdir()} == {"memberships.csv": True, "orders.csv": True}
    assert [*csv.DictReader((links / "memberships.csv").read_text().splitlines())] == [*MEMBERS]
    assert [*csv.DictReader((links / "orders.csv").read_text().splitlines())] == [*ORDERS]


@pytest.mark.parametrize("run", ["20200101", "nothing", "latest"])
def test_a_run_that_is_not_in_the_archive_is_a_usage_error(goldpan, run):
    said = goldpan("replay", run, "--json")

    assert said.exit_code == 2
    assert said.json["problems"] == [f"No run {run!r} in the archive {goldpan.home / 'archive'}. See: goldpan runs"]


def test_a_run_without_exports_has_no_contacts(goldpan, night):
    undone = goldpan("undo", "latest", "--yes", "--json").json["run_id"]

    said = goldpan("replay", undone)

    assert said.exit_code == 2
    assert "read no exports" in said.err
    assert f"Run {night.name} " in goldpan("replay", "latest").out


def test_an_export_that_is_gone_is_named(goldpan, night):
    for path in (goldpan.home / "archive" / "inputs").rglob("orders.csv"):
        path.unlink()

    said = goldpan("replay", "latest")

    assert said.exit_code == 2
    assert "can't be replayed without its export orders.csv: it is gone from" in said.err


def test_a_night_in_s3_is_replayed_on_a_machine_that_has_nothing(goldpan, s3, tmp_path, monkeypatch):  # noqa: F811
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    goldpan.configure("goldpan.toml", ("[archive]", f'[archive]\ns3 = "{URL}"\nregion = "us-east-1"'))
    goldpan.configure("goldpan.toml", ("[archive]", f'[archive]\nendpoint_url = "{s3.url}"'))
    goldpan.configure("goldpan.toml", ('s3 = ""', ""), ('\nendpoint_url = ""', ""), ('\nregion = ""', ""))
    run_id = goldpan.run().json["run_id"]
    open_archive(load_settings(goldpan.config, home=goldpan.home, use_environment=False)).catch_up()
    there = moved(goldpan, tmp_path, with_archive=False)

    said = there("replay", run_id, "--json")

    assert (said.exit_code, said.json["is_same"]) == (0, True)
    assert json.loads(s3.objects()[next(key for key in s3.objects() if key.endswith(f"{run_id}/run.json"))])
    assert ADA not in said.all
