"""The contacts of a night as Parquet: typed, with all that is needed to compute them again, and compared honestly."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldpan.archived import Comparison, archived_contacts, compare_contacts
from goldpan.pipeline import refine
from sync.archive.parquet import Origin, read_contacts, write_contacts
from sync.exports import Delivery, read_export
from sync.init import set_up_folder
from sync.record import RunRecord
from sync.settings import config_of, load_settings
from tests.builders import memberships, refined
from tests.cli.installation import ADA, MEMBERS, ORDERS, member, write_csv

DAY = date(2026, 11, 20)
SHARED = member(7, "Ada's Office", ADA, "2026-02-01", "2027-02-01")


@pytest.fixture
def settings(tmp_path):
    for _ in set_up_folder(tmp_path / "home"):
        pass
    toml = tmp_path / "home" / "config" / "goldpan.toml"
    toml.write_text(toml.read_text().replace("urls = []", 'urls = ["slack://secret"]', 1))
    toml.chmod(0o600)
    return load_settings(tmp_path / "home" / "config", use_environment=False)


@pytest.fixture
def contacts(settings, tmp_path):
    files = {
        "memberships": write_csv(tmp_path / "memberships.csv", [*MEMBERS, SHARED]),
        "orders": write_csv(tmp_path / "orders.csv", ORDERS),
    }
    frames = [read_export(Delivery(kind, path, path.name), settings).frame for kind, path in files.items()]
    return archived_contacts(refine(*frames, DAY, settings.config))


def test_a_contact_is_a_row_of_typed_values(contacts):
    row = next(row for row in contacts.to_pylist() if row["email"] == ADA)

    assert row["contact_key"] == ADA
    assert sorted(row["customer_keys"]) == ["4102511", "4102517"]
    assert row["customer_ids"] == 2
    assert row["customer_id"] == "0004102517"
    assert row["expires_on"] == date(2027, 2, 1)
    assert row["total_order_value"] == Decimal("1000.01")
    assert (row["tag:high_value_customer"], row["tag:expiring_soon"]) == (True, False)
    assert "high_value_customer" in row["membership_status_tags"].split(";")
    assert pa.types.is_decimal(contacts.schema.field("estimated_savings").type)
    assert pa.types.is_boolean(contacts.schema.field("tag:high_value_customer").type)
    assert not [name for name in contacts.column_names if name.endswith("_micros")]


def test_a_contact_without_an_address_has_its_customer(contacts):
    assert [(row["contact_key"], row["customer_keys"]) for row in contacts.to_pylist() if row["email"] is None] == [
        ("id 4102516", ["4102516"])
    ]


def test_contacts_of_no_customer_one_and_several_have_their_keys():
    result = refined(
        memberships(
            {"Cust ID": "10", "Contact Email": "both@x.org"},
            {"Customer Name": "Nobody", "Contact Email": "none@x.org"},
            {"Cust ID": "007", "Contact Email": "one@x.org"},
            {"Cust ID": "2", "Contact Email": "both@x.org"},
        )
    )

    keys = {row["email"]: row["customer_keys"] for row in archived_contacts(result).to_pylist()}

    assert keys == {"both@x.org": ["10", "2"], "none@x.org": [], "one@x.org": ["7"]}


def test_a_file_tells_where_it_comes_from_and_holds_the_config_of_that_night(contacts, settings, tmp_path):
    record = RunRecord("20261120T053000-0000abc", DAY, datetime(2026, 11, 20, tzinfo=UTC))

    write_contacts(tmp_path / "c.parquet", contacts, Origin.of(record, settings))
    read, origin = read_contacts(tmp_path / "c.parquet")

    assert read.replace_schema_metadata(None) == contacts.cast(with_plain_texts(contacts.schema))
    assert (origin.run_id, origin.as_of, origin.config_id) == (record.run_id, DAY, settings.config_id)
    assert origin.forgotten == 0
    assert config_of(origin.config).model_dump() == settings.config.model_dump()
    assert pq.ParquetFile(tmp_path / "c.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def with_plain_texts(schema):
    """Texts as every reader of Parquet knows them."""
    return pa.schema([each.with_type(pa.string()) if each.type == pa.large_string() else each for each in schema])


def test_more_contacts_than_are_copied_at_a_time_stay_in_their_order(contacts, settings, tmp_path):
    record = RunRecord("20261120T053000-0000abc", DAY, datetime(2026, 11, 20, tzinfo=UTC))
    many = pa.concat_tables([contacts] * (100_000 // len(contacts) + 1))

    write_contacts(tmp_path / "c.parquet", many, Origin.of(record, settings))

    read, _ = read_contacts(tmp_path / "c.parquet")
    assert pq.ParquetFile(tmp_path / "c.parquet").num_row_groups == 2
    assert read.replace_schema_metadata(None) == many.cast(with_plain_texts(many.schema))


def test_an_archive_of_nobody_is_a_file_too(contacts, settings, tmp_path):
    record = RunRecord("20261120T053000-0000abc", DAY, datetime(2026, 11, 20, tzinfo=UTC))

    write_contacts(tmp_path / "c.parquet", contacts.slice(0, 0), Origin.of(record, settings))

    read, origin = read_contacts(tmp_path / "c.parquet")
    assert (len(read), origin.run_id) == (0, record.run_id)


def test_no_secret_of_the_config_is_kept(contacts, settings, tmp_path):
    record = RunRecord("20261120T053000-0000abc", DAY, datetime(2026, 11, 20, tzinfo=UTC))
    assert "slack://secret" in json.dumps(dict(settings.snapshot))

    write_contacts(tmp_path / "c.parquet", contacts, Origin.of(record, settings))

    assert b"slack://secret" not in (tmp_path / "c.parquet").read_bytes()


def table(**columns):
    return pa.table(columns)


def test_the_same_contacts_in_another_order_are_the_same():
    before = table(contact_key=["a", "b"], n=[1, None], keys=[["1"], ["2", "3"]])
    after = table(contact_key=["b", "a"], n=[None, 1], keys=[["2", "3"], ["1"]])

    assert compare_contacts(before, after) == Comparison(2, 2, 0, 0)
    assert compare_contacts(before, after).is_same


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        (table(contact_key=["a", "b"], n=[1, 2], t=["x", "y"]), {"n": 1}),
        (table(contact_key=["a", "b"], n=[2, 1], t=["y", None]), {"n": 2, "t": 2}),
        (table(contact_key=["a", "b"], n=[1, None], t=[None, "y"]), {"t": 1}),
        (table(contact_key=["a", "b"], n=["1", None], t=["x", "y"]), {}),  # only the type changed
    ],
)
def test_it_counts_the_contacts_that_differ_column_by_column(after, wanted):
    before = table(contact_key=["a", "b"], n=[1, None], t=["x", "y"])

    assert compare_contacts(before, after).columns == wanted


def test_contacts_and_columns_that_only_one_side_has_are_told():
    found = compare_contacts(
        table(contact_key=["a", "b"], old=[1, 2]), table(contact_key=["b", "c", "d"], new=[1, 2, 3])
    )

    assert found == Comparison(2, 3, 1, 2, {}, ("old", "new"))
    assert not found.is_same
