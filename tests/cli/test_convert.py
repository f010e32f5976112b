"""``goldpan convert``: the same tags as a run, without any HubSpot or state."""

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import REPOSITORY, default_config
from tests.cli.installation import AS_OF, WANTED, Installation, tags_in
from tests.cli.test_run import assert_documented

CHICAGO = REPOSITORY.parent / "shared" / "data" / "chicago"


def converted_tags(file: Path) -> dict[str, set[str]]:
    """The tags in ``hubspot.csv`` by address, as the values behind the labels."""
    values = {option.label: option.value for tag in default_config().tags for option in tag.options()}
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            row["Contact Email"].lstrip("'"): {values[label] for label in row["Membership Status Tags"].split(";")}
            for row in csv.DictReader(lines)
        }


@pytest.fixture
def exports(goldpan, tmp_path):
    return goldpan.deliver(folder=tmp_path / "exports")


def test_it_writes_the_csv_and_the_analysis_and_touches_nothing_else(goldpan, exports, sandbox, tmp_path):
    goldpan.env = {}
    before = goldpan.tree()

    said = goldpan("convert", *exports, "-o", tmp_path / "out", "--as-of", AS_OF)

    assert said.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"hubspot.csv", "analysis.xlsx", "rejects.csv"}
    assert converted_tags(tmp_path / "out" / "hubspot.csv") == WANTED
    assert "HubSpot was not touched" in said.out
    assert str(tmp_path / "out" / "analysis.xlsx") in said.out
    assert goldpan.tree() == before
    assert sandbox.requests == ()


def test_it_needs_no_config_folder_and_no_token(exports, tmp_path):
    empty = Installation(tmp_path / "empty")
    empty.home.mkdir()
    empty.env = {}

    said = empty("convert", *exports, "--as-of", AS_OF)

    assert said.exit_code == 0
    assert converted_tags(empty.home / "hubspot.csv") == WANTED


def test_its_object_has_the_keys_of_a_run(goldpan, exports, tmp_path):
    said = goldpan("convert", *exports, "-o", tmp_path / "out", "--as-of", AS_OF, "--json")

    assert_documented(said.json)
    assert said.json["contacts"]["total"] == 6
    assert said.json["rows"]["read"] == 11


def test_the_same_exports_give_the_same_bytes(goldpan, exports, tmp_path):
    for name in ("one", "two"):
        goldpan("convert", *exports, "-o", tmp_path / name, "--as-of", AS_OF)

    assert (tmp_path / "one" / "hubspot.csv").read_bytes() == (tmp_path / "two" / "hubspot.csv").read_bytes()


def test_a_run_gives_every_contact_the_same_tags(goldpan, exports, sandbox, tmp_path):
    goldpan("convert", *exports, "-o", tmp_path / "out", "--as-of", AS_OF)
    archive = Path(goldpan.run().json["archive"])

    assert tags_in(sandbox) == converted_tags(tmp_path / "out" / "hubspot.csv")
    assert (archive / "hubspot.csv").read_bytes() == (tmp_path / "out" / "hubspot.csv").read_bytes()


@pytest.mark.parametrize("broken", ["missing", "empty folder", "useless"])
def test_when_an_export_is_refused_nothing_is_written(goldpan, exports, tmp_path, broken):
    members, orders = exports
    if broken == "missing":
        members = tmp_path / "nowhere.csv"
    elif broken == "empty folder":
        members = tmp_path / "empty"
        members.mkdir()
    else:
        members.write_text("Who\n1\n", encoding="utf-8")

    said = goldpan("convert", members, orders, "-o", tmp_path / "out")

    assert said.exit_code == (1 if broken == "useless" else 2)
    assert str(members.name) in said.err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_can_not_be_made_is_said(goldpan, exports, tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")

    said = goldpan("convert", *exports, "-o", tmp_path / "taken")

    assert said.exit_code == 2
    assert str(tmp_path / "taken") in said.err
    assert "Traceback" not in said.err


def test_the_business_date_is_today_if_none_is_given(goldpan, exports, tmp_path):
    before = datetime.now(UTC).date()
    said = goldpan("convert", *exports, "-o", tmp_path / "out", "--json")
    after = datetime.now(UTC).date()

    assert said.json["as_of"] in {before.isoformat(), after.isoformat()}


@pytest.mark.slow
@pytest.mark.skipif(not CHICAGO.is_dir(), reason="the real exports are not beside the repository")
def test_real_exports_give_the_same_tags_converted_and_sent(goldpan, sandbox, tmp_path):
    members, orders = CHICAGO / "memberships.xlsx", CHICAGO / "orders.xlsx"
    converted = goldpan("convert", members, orders, "-o", tmp_path / "out", "--as-of", AS_OF, "--json").json

    sent = goldpan.run("--memberships", members, "--orders", orders)

    assert sent.exit_code == 0, sent.json["problems"]
    assert_documented(sent.json)
    assert sent.json["tags"] == converted["tags"]
    wanted = converted_tags(tmp_path / "out" / "hubspot.csv")
    held = tags_in(sandbox)
    assert {email: tags for email, tags in held.items() if tags != wanted.get(email)} == {}
    assert held.keys() == wanted.keys()
    carried = Counter(tag for tags in held.values() for tag in tags)
    assert carried == Counter({tag: count for tag, count in sent.json["tags"].items() if count})
    again = goldpan.run("--memberships", members, "--orders", orders).json
    assert again["contacts"]["unchanged"] == sent.json["contacts"]["created"]
