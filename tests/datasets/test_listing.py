"""Which files a dataset has, and what is written down of them."""

import os

import pytest

from goldpan.errors import DataError, TransientError
from sync.datasets.listing import list_dataset
from sync.datasets.manifest import Dataset, DatasetFile, read_manifest
from sync.datasets.parts import pieces_of
from tests.datasets.stage import listed, reader, write, write_all


@pytest.fixture
def lake(tmp_path):
    for name in (
        "orders/year=2025/b.csv", "orders/year=2025/a.csv", "orders/year=2026/a.csv", "orders/_SUCCESS",
        "orders/.a.csv.crc", "orders/_temporary/0/part.csv", "orders/empty.csv", "other/z.csv",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if "empty" in name else b"x")
    return tmp_path


def names(lake, place: str) -> list[str]:
    dataset = list_dataset(place, lake)
    return [] if dataset is None else [os.path.relpath(file.path, lake) for file in dataset.files]


@pytest.mark.parametrize(
    "place", ["orders", "orders/", "orders/**", "orders/*", "orders/**/*.csv", "orders/year=202[56]", "o*s/*/*.csv"]
)
def test_a_folder_or_a_pattern_means_all_files_below_but_what_writers_keep_for_themselves(lake, place):
    wanted = ["orders/year=2025/a.csv", "orders/year=2025/b.csv", "orders/year=2026/a.csv"]

    assert [name for name in names(lake, place) if "_" not in name] == wanted


def test_a_file_is_a_dataset_of_one(lake):
    assert names(lake, "orders/year=2026/a.csv") == ["orders/year=2026/a.csv"]


@pytest.mark.parametrize("place", ["nowhere", "orders/*.xlsx", "orders/empty.csv", "orders/_temporary/1"])
def test_where_nothing_lies_there_is_no_dataset(lake, place):
    assert list_dataset(place, lake) is None


def test_a_folder_that_can_not_be_looked_into_says_so(lake):
    with pytest.raises(TransientError, match="can't be listed"):
        list_dataset("x" * 300, lake)


def test_the_same_files_make_the_same_manifest_and_another_file_another(lake, tmp_path):
    first, again = listed(lake / "orders"), listed(lake / "orders")
    (lake / "orders" / "year=2026" / "b.csv").write_text("more")

    assert first.as_text() == again.as_text()
    assert listed(lake / "orders").as_text() != first.as_text()


def test_a_manifest_says_what_was_listed(lake, tmp_path):
    dataset, path = listed(lake / "orders"), tmp_path / "orders.dataset.json"

    dataset.write(path)

    assert read_manifest(path) == dataset
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", '{"goldpan_dataset": 1}', '{"goldpan_dataset": 2}', "[1]", "\x00"])
def test_a_manifest_that_is_none_is_refused_in_words(tmp_path, text):
    path = tmp_path / "orders.dataset.json"
    path.write_text(text)

    with pytest.raises(DataError, match=r"orders\.dataset\.json: "):
        read_manifest(path)


def test_files_are_called_by_their_path_below_what_they_share(tmp_path):
    dataset = write_all(tmp_path, {"region=EU/a.csv": [["x"], ["1"]], "region=US/a.csv": [["x"], ["1"]]})

    assert [dataset.label(file) for file in dataset.files] == ["region=EU/a.csv", "region=US/a.csv"]
    assert Dataset("a.csv", (DatasetFile("/in/a.csv", 1, 1),)).label(DatasetFile("/in/a.csv", 1, 1)) == "a.csv"


def test_folders_that_name_a_value_are_columns_unless_the_file_has_them(tmp_path):
    rows = [["SAP ID", "Total Value", "Region"], ["1", "2", "own"]]
    files = {
        "region=N%2FE/year=2026/a.csv": rows,
        "region=EU/year=__HIVE_DEFAULT_PARTITION__/b.parquet": [["SAP ID", "Total Value"], ["1", "2"], ["3", "4"]],
    }
    dataset, how = write_all(tmp_path, files), reader("orders")

    tables = {piece.label: how.cells(piece, how.read(piece).frame["source_row"].to_numpy("int64"))
              for piece in pieces_of(dataset)}  # fmt: skip

    headers, cells = tables["region=N%2FE/year=2026/a.csv"]
    assert (headers, cells.to_numpy().tolist()) == (
        ("SAP ID", "Total Value", "Region", "year"),
        [["1", "2", "own", "2026"]],
    )
    headers, cells = tables["region=EU/year=__HIVE_DEFAULT_PARTITION__/b.parquet"]
    assert headers == ("SAP ID", "Total Value", "region", "year")
    assert cells[2].tolist() == ["EU", "EU"]
    assert cells[3].isna().all()


def test_a_canonical_column_may_be_named_by_a_folder(tmp_path):
    files = {"Customer Name=Ann%20Lee/a.csv": [["SAP ID", "Total Value"], ["1", "2"]]}
    dataset, how = write_all(tmp_path, files | {"b.csv": [["SAP ID", "Total Value"], ["1", "2"]]}), reader("orders")

    frames = [how.read(piece).frame for piece in pieces_of(dataset)]

    assert frames[0]["customer_name"].tolist() == ["Ann Lee"]
    assert frames[1]["customer_name"].isna().tolist() == [True]


def test_a_single_row_group_without_rows_is_a_piece_too(tmp_path):
    path = write(tmp_path / "a.parquet", [["SAP ID", "Total Value"]])

    (piece,) = pieces_of(listed(path))

    assert len(reader("orders").read(piece).frame) == 0
