"""A dataset on any engine is the union of its files: the same contacts, numbers, findings and cells."""

from dataclasses import fields
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldpan.conformed import DatasetExport, Export
from goldpan.errors import DataError
from goldpan.frames import collected
from goldpan.pipeline import Refined, refine
from goldpan.places import places_of_rows
from goldpan.report import report_tables
from sync.engines import Engine, EngineSettings, open_engine
from tests.builders import AS_OF, default_config
from tests.datasets.stage import MEMBER_FILES, ORDER_FILES, listed, reader, united, write, write_all
from tests.strategies import exports

ACROSS_FILES = "customer_in_several_exports"  # of files of several sources; a dataset's files are one export


@pytest.fixture(params=["pandas", "duckdb", "spark"])
def any_engine(request):
    if request.param != "pandas":
        yield request.getfixturevalue(f"{request.param}_engine")
        return
    with open_engine("pandas") as engine:
        yield engine


def assert_alike(engine: Engine, got: dict[str, DatasetExport], wanted: dict[str, Export], as_of: date) -> Refined:
    """What two exports say of themselves and mean together is the same."""
    for kind, export in wanted.items():
        of_one = got[kind]
        rows = [dict(vars(part), file="") for part in export.parts]
        assert [dict(vars(part), file="") for part in of_one.parts] == rows
        assert (of_one.rows_kept, of_one.headers) == (len(export.frame), export.headers)
        filled = {name: int(count) for name, count in export.frame.notna().sum().items() if name != "other_columns"}
        assert {name: of_one.rows_with(name) for name in filled} == filled
        findings = export.findings[export.findings["reason"] != ACROSS_FILES].reset_index(drop=True)
        assert of_one.warnings == len(findings)
        columns = ["row", "column", "reason", "value"]
        pd.testing.assert_frame_equal(of_one.findings[columns], findings[columns])
        numbers = export.frame["source_row"].sample(frac=1, random_state=7).to_numpy("int64")
        pd.testing.assert_frame_equal(of_one.cells(numbers).astype(object), export.cells(numbers).astype(object))
    config = default_config()
    one = refine(wanted["memberships"].frame, wanted["orders"].frame, as_of, config)
    other = engine.refine(got["memberships"].frame, got["orders"].frame, as_of, config)
    for field in fields(Refined):
        mine, theirs = getattr(other, field.name), getattr(one, field.name)
        if isinstance(theirs, pd.DataFrame):
            drop = [name for name in ("other_columns",) if name in theirs]
            pd.testing.assert_frame_equal(mine.drop(columns=drop), theirs.drop(columns=drop), obj=field.name)
        else:
            assert mine == theirs
    return other


def test_a_dataset_of_odd_files_is_their_union(any_engine, tmp_path):
    datasets = {
        "memberships": write_all(tmp_path / "members", MEMBER_FILES),
        "orders": write_all(tmp_path / "orders", ORDER_FILES),
    }

    got = {kind: any_engine.read(dataset, reader(kind)) for kind, dataset in datasets.items()}

    refined = assert_alike(any_engine, got, {kind: united(each, kind) for kind, each in datasets.items()}, AS_OF)
    assert refined.counts.repeated_orders == 3  # two of them repeat the first file's
    assert got["memberships"].skipped == {"blank_row": 2, "totals_row": 2}
    places = places_of_rows(got["memberships"], refined.contacts["source_row"])
    assert set(places["file"]) == {"2024.csv", "2025.parquet", "2026.csv"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), drawn=exports())
@pytest.mark.parametrize("name", ["pandas", "duckdb"])
def test_whatever_the_rows_a_dataset_is_the_union_of_its_files(name, data, drawn):
    with TemporaryDirectory() as folder, open_engine(name) as engine:
        datasets = {}
        for kind in ("memberships", "orders"):
            rows = getattr(drawn, kind)
            headers = [*rows[0].cells]
            half = data.draw(st.integers(0, len(rows)), label=kind)
            for number, part in enumerate((rows[:half], rows[half:])):
                # What the last row of one file is must not hang on whether another follows: a member or an order.
                cells = [[_written(row.cells.get(header)) for header in headers] for row in part]
                write(Path(folder) / kind / f"{number}.csv", [headers, *cells])
            datasets[kind] = listed(Path(folder) / kind)
        try:
            wanted = {kind: united(each, kind) for kind, each in datasets.items()}
        except DataError:  # one file alone holds nothing: no export by itself, and a part like any other
            return

        got = {kind: engine.read(dataset, reader(kind)) for kind, dataset in datasets.items()}

        assert_alike(engine, got, wanted, drawn.as_of)


def _written(cell: object) -> str:
    return "" if cell is None else str(cell)


def test_a_dataset_without_a_row_is_refused_like_an_empty_export(any_engine, tmp_path):
    files = {"a.csv": ORDER_FILES["a.csv"][:1], "b.parquet": [*ORDER_FILES["c.parquet"][:1]]}

    with pytest.raises(
        DataError, match=r"a\.csv and the other files of the dataset \(2 in all\) have no row"
    ) as refused:
        any_engine.read(write_all(tmp_path, files), reader("orders"))

    assert refused.value.reason == "empty_export"


def test_a_file_without_a_required_column_is_named(any_engine, tmp_path):
    files = {"a.csv": ORDER_FILES["a.csv"], "below/b.csv": [["SAP ID", "Plant"], ["1", "P1"]]}

    with pytest.raises(DataError, match=r"below/b\.csv: no column for total_value"):
        any_engine.read(write_all(tmp_path, files), reader("orders"))


def test_a_file_that_was_written_since_it_was_listed_is_not_read(any_engine, tmp_path):
    dataset = write_all(tmp_path, ORDER_FILES)
    write(tmp_path / "b.csv", [*ORDER_FILES["b.csv"], ["1", "1", "999", "", ""]])

    with pytest.raises(DataError, match=r"b\.csv is not the file any more that was listed") as refused:
        any_engine.read(dataset, reader("orders"))

    assert refused.value.reason == "dataset_changed"


def test_findings_are_listed_up_to_a_number_and_counted_beyond(tmp_path):
    rows = [["SAP ID", "Total Value"], *([str(number), "USD"] for number in range(40))]
    dataset = write_all(tmp_path, {"a.csv": rows, "b.csv": rows})

    with open_engine("duckdb", EngineSettings(listed=50)) as engine:
        export = engine.read(dataset, reader("orders"))

    assert (export.warnings, len(export.findings)) == (80, 50)
    assert export.findings["row"].tolist() == [*range(2, 42), *range(43, 53)]


def test_memory_is_not_filled_with_more_cells_than_allowed(tmp_path):
    dataset = write_all(tmp_path, ORDER_FILES)

    with open_engine("pandas", EngineSettings(max_cells=30)) as engine, pytest.raises(DataError) as refused:
        engine.read(dataset, reader("orders"))

    assert refused.value.reason == "too_large"
    assert 'engine = "duckdb"' in str(refused.value)


def test_large_parquet_files_are_read_in_pieces_whose_rows_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr("sync.datasets.parts._ROWS", 4)
    rows = [["SAP ID", "Total Value", "Sales Doc"], *([str(n % 3 + 1), str(n), str(n)] for n in range(10))]
    rows[6] = [None, None, None]
    write(tmp_path / "o" / "a.parquet", [*rows, ["Total", "45", None]], group_rows=2)
    write(tmp_path / "o" / "b.parquet", rows, group_rows=3)

    with open_engine("duckdb") as engine:
        export = engine.read(listed(tmp_path / "o"), reader("orders"))
        frame = collected(export.frame).sort_values("source_row")

    assert frame["source_row"].tolist() == [2, 3, 4, 5, 6, *range(8, 12), *range(14, 19), *range(20, 24)]
    assert [(part.rows_read, dict(part.skipped), part.offset) for part in export.parts] == [
        (11, {"blank_row": 1, "totals_row": 1}, 0), (10, {"blank_row": 1, "totals_row": 0}, 12),
    ]  # fmt: skip
    cells = export.cells(frame["source_row"].to_numpy("int64"))
    assert cells[2].tolist() == frame["order_id"].tolist()


def test_the_summary_says_where_a_sheet_lists_only_the_first_rows(tmp_path):
    bought = [["SAP ID", "Total Value", "Sales Doc"], *([str(n), "USD" if n < 30 else "5", str(n)] for n in range(40))]
    datasets = {
        "memberships": write_all(tmp_path / "members", MEMBER_FILES),
        "orders": write_all(tmp_path / "orders", {"a.csv": bought, "b.csv": bought}),
    }

    with open_engine("duckdb", EngineSettings(listed=10)) as engine:
        got = {kind: engine.read(dataset, reader(kind)) for kind, dataset in datasets.items()}
        refined = engine.refine(got["memberships"].frame, got["orders"].frame, AS_OF, default_config())
        tables = report_tables(got["memberships"], got["orders"], refined, default_config())

    said = {row["What"]: (row["Value"], row["Remark"]) for row in tables[0].frame.to_dict("records")}
    first = "The sheet lists the first 10 of them."
    assert said["Orders: merged"] == (40, f"The same order stood there before. {first}")
    assert said["Orders: odd cells"] == (60, first)
    assert said["Prospects"][0] > 10
    assert said["Prospects"][1].endswith(first)
    assert "first 10" not in said["Memberships: merged"][1]
