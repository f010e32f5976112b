"""The plan and the rows to correct are workbooks that open anywhere, beside the plan as JSON, for the owner alone."""

import json
import stat
from datetime import UTC, date, datetime

import openpyxl
import pytest

from goldpan.brakes import TagMovement, TrippedBrake
from goldpan.conform import conform
from goldpan.model import Action, Cause, CellError, Change, Outcome, Verdict
from goldpan.report import Planned, plan_json, plan_tables, rejects_workbook_tables
from sync.archive.folder import PLAN, PLAN_DATA, REJECTS_WORKBOOK, write_plan, write_rejects_workbook
from sync.readers import read_sheets
from tests.archive.test_workbook import WRITERS, looks, widths, written
from tests.builders import AS_OF, default_config, memberships, orders, refined

# openpyxl says that it can't keep the part of a data bar that Excel 2010 added.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning:openpyxl")

TAGGED = {"membership_status_tags": "vip"}
PLANNED = Planned(
    AS_OF,
    "0123456789012345",
    changes=[
        Change("a@x.org", Action.CREATE, {"customer_name": ""}, {"customer_name": "=1+1"}, cause=Cause.DATA),
        Change("b@x.org", Action.CLEAR, {"customer_id": "007"}, {"customer_id": ""}, "12", cause=Cause.TIME),
        Change("c@x.org", Action.CLEAR, TAGGED, dict.fromkeys(TAGGED, ""), "13", cause=Cause.TIME),
    ],
    counts={"unchanged": 1998},
    tags=[TagMovement("vip", "VIP", 1200, 3, 300, 1, 299)],
    brakes=[TrippedBrake("tag_losses", "VIP loses 300 of 1,200.", 300, "10 %", ("a@x.org",))],
    left_alone=[("gone", "g@x.org", "")],
)


@pytest.fixture(params=WRITERS)
def writer(request):
    return request.param


def rejects():
    row = {"Cust ID": "007", "Customer Name": "=cmd()", "Contact Email": "x at y", "Created Date": date(2026, 1, 2),
           "Expiration Date": CellError("#N/A"), "Points": 7.5, "VIP": True}  # fmt: skip
    members = memberships(row, row | {"Cust ID": 8, "Contact Email": "bad@x.org"})
    bought = orders({"SAP ID": 7, "Total Value": "1e3"})
    said = {"bad@x.org": Outcome("bad@x.org", Verdict.REFUSED, reason="INVALID_EMAIL", message="No.")}
    since = {"bad@x.org": datetime(2026, 11, 3, tzinfo=UTC)}
    pair = refined(members, bought)
    return rejects_workbook_tables(members, bought, pair, default_config(), said, refused_since=since)


def test_the_first_sheet_of_a_plan_reads_as_sections_with_bars_and_colours(tmp_path, writer):
    sheet = written(tmp_path, writer, *plan_tables(PLANNED, default_config()))["Plan"]

    lines = {row[0].value: row for row in sheet.iter_rows(min_row=2) if row[0].value}

    assert lines["Limits that it is beyond"][0].font.b
    assert lines["If it is right"][1].value == "goldpan run --approve 0123456789012345"
    assert (lines["Unchanged"][1].value, lines["Unchanged"][1].number_format) == (1998, "#,##0")
    assert [cell.value for cell in lines["VIP"][1:7]] == ["vip", 1200, 3, 300, 903, 300]
    assert (lines["VIP"][7].value, lines["VIP"][7].number_format) == (0.25, "0.0%")
    rules = [rule for each in sheet.conditional_formatting for rule in each.rules]
    assert sorted(rule.text or rule.type for rule in rules) == ["Held", "Not held", "Tag losses", "dataBar"]


def test_values_of_a_plan_are_shown_and_never_run(tmp_path, writer):
    sheet = written(tmp_path, writer, *plan_tables(PLANNED, default_config()))["Changes"]

    assert [cell.value for cell in sheet["F"]] == ["After", "=1+1", None, None]
    assert sheet["F2"].data_type in ("s", "inlineStr")
    assert sheet["E3"].value == "007"
    assert {rule.text for each in sheet.conditional_formatting for rule in each.rules} == {"Create", "Clear", "Data"}


def test_a_long_text_does_not_touch_the_one_that_it_is_cut_off_by(tmp_path, writer):
    sheet = written(tmp_path, writer, *plan_tables(PLANNED, default_config()))["Changes"]

    assert [sheet[place].alignment.indent for place in ("A2", "E3", "F2", "G4")] == [0, 1, 1, 1]


def test_rows_to_correct_keep_the_types_of_their_cells(tmp_path, writer):
    workbook = written(tmp_path, writer, *rejects())

    assert workbook.sheetnames == ["Memberships", "Orders"]
    header, first, second = workbook["Memberships"].iter_rows(values_only=True)
    assert header[:4] == ("Row", "Problem", "What to Do", "Refused Since")
    assert first[4:] == ("007", "=cmd()", "x at y", datetime.fromisoformat("2026-01-02"), "#N/A", 7.5, True)
    assert (first[0], first[3], second[0]) == (2, None, 3)
    assert second[3:5] == (datetime.fromisoformat("2026-11-03"), 8)


def test_rows_to_correct_are_an_export_for_whoever_reads_them_again(tmp_path, writer):
    written(tmp_path, writer, *rejects())

    config, path = default_config(), tmp_path / f"{writer}.xlsx"
    members, bought = (conform(read_sheets(path), spec) for spec in (config.memberships, config.orders))

    assert members.frame["customer_id_key"].tolist() == ["7", "8"]
    assert members.findings[["column", "reason"]].to_numpy().tolist() == [
        ["Contact Email", "invalid_email"], ["Expiration Date", "excel_error"], ["Expiration Date", "excel_error"],
    ]  # fmt: skip
    assert bought.findings["reason"].tolist() == ["unreadable_amount"]


def test_both_libraries_write_the_same_plan(tmp_path):
    tables = [*plan_tables(PLANNED, default_config()), *rejects()]

    first, second = (written(tmp_path, writer, *tables) for writer in WRITERS)

    for one, other in zip(first.worksheets, second.worksheets, strict=True):
        assert visible_looks(one) == visible_looks(other)
        assert widths(one) == widths(other)


def visible_looks(sheet):
    """The number format of a text shows nowhere; among mixed columns one library takes the row's, the other none."""
    return [
        (place, value, None if isinstance(value, str) else number_format, *look)
        for place, value, number_format, *look in looks(sheet)
    ]


def test_the_plan_is_two_private_files(tmp_path):
    write_plan(tmp_path, PLANNED, default_config(), is_for_people=True)

    assert {path.name for path in tmp_path.iterdir()} == {PLAN, PLAN_DATA}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert json.loads((tmp_path / PLAN_DATA).read_text(encoding="utf-8")) == plan_json(PLANNED)
    assert openpyxl.load_workbook(tmp_path / PLAN).sheetnames == ["Plan", "Changes", "Left alone"]


def test_a_plan_that_nobody_has_to_look_at_is_data_only(tmp_path):
    write_plan(tmp_path, PLANNED, default_config(), is_for_people=False)

    assert [path.name for path in tmp_path.iterdir()] == [PLAN_DATA]


def test_without_a_row_to_correct_there_is_no_workbook(tmp_path):
    write_rejects_workbook(tmp_path, ())
    assert list(tmp_path.iterdir()) == []

    write_rejects_workbook(tmp_path, rejects())
    assert [path.name for path in tmp_path.iterdir()] == [REJECTS_WORKBOOK]
