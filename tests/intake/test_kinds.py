"""What an export holds: its name says, else its columns; and a file must hold what its name says."""

import pytest

from goldpan.errors import DataError
from sync.intake.kinds import kind_by_name, kind_of, recognise
from sync.source_settings import SourceSettings
from tests.cli.installation import MEMBERS, ORDERS, write_csv
from tests.intake.stage import settings_of

SOURCE = SourceSettings(name="inbox", folder="inbox")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_of(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("members.csv", "memberships"), ("MEMBERS 2026.XLSX", "memberships"), ("open-orders.csv", "orders"),
        ("Invoices.xls", "orders"), ("member orders.csv", None), ("export.csv", None),
    ],
)  # fmt: skip
def test_a_name_tells_the_kind_if_it_fits_one(name, kind):
    assert kind_by_name(name, SOURCE) == kind


@pytest.mark.parametrize(("rows", "kind"), [(MEMBERS, "memberships"), (ORDERS, "orders"), ([{"a": "1"}], None)])
@pytest.mark.parametrize("name", ["export.csv", "member orders.csv"])
def test_columns_tell_the_kind_where_the_name_does_not(tmp_path, settings, rows, kind, name):
    assert kind_of(write_csv(tmp_path / name, rows), SOURCE, settings) == kind


def test_a_file_that_does_not_hold_what_its_name_says_is_refused(tmp_path, settings):
    path = write_csv(tmp_path / "members.csv", ORDERS)

    assert kind_of(path, SOURCE, settings) == "memberships"
    with pytest.raises(DataError) as refusal:
        recognise(path, SOURCE, settings)
    assert refusal.value.reason == "missing_columns"


def test_the_refusal_of_an_unknown_kind_names_the_patterns_and_what_each_kind_lacks(tmp_path, settings):
    with pytest.raises(DataError) as refusal:
        recognise(write_csv(tmp_path / "export.csv", [{"a": "1"}]), SOURCE, settings)

    said = str(refusal.value)
    assert refusal.value.reason == "unknown_kind"
    assert all(word in said for word in ("*member*", "*invoice*", "As memberships:", "As orders:", "source inbox"))


def test_a_file_that_nobody_can_read_is_refused_for_that(tmp_path, settings):
    path = tmp_path / "export.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")

    with pytest.raises(DataError) as refusal:
        recognise(path, SOURCE, settings)

    assert refusal.value.reason == "corrupt_file"
