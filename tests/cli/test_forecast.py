"""`goldpan forecast`: the tags of the coming days from the last accepted exports, without HubSpot, writing nothing."""

import json
import re
import shutil
import stat
from datetime import date, datetime, timedelta
from io import StringIO

import openpyxl
import pytest
from rich.console import Console

from goldpan.forecast import ForecastDay
from sync.app import today
from sync.archive.forecast_workbook import write_forecast
from sync.cli.forecasted import print_forecast
from sync.cli.sparkline import sparkline
from sync.forecast import forecast as counted_by
from sync.progress import NoProgress
from sync.settings import load_settings
from tests.builders import default_config
from tests.cli.installation import ADA, AS_OF, BEN, EVE, MEMBERS, member

FIRST = date.fromisoformat(AS_OF)
SAMPLE = {
    "high_value_customer": 1, "not_high_value_customer": 4, "hfo_buy": 1, "not_hfo_buy": 4, "active_membership": 3,
    "not_active_membership": 2, "expiring_soon": 1, "not_expiring_soon": 4, "recently_renewed": 1,
    "not_recently_renewed": 4,
}  # fmt: skip
"""What the five contacts with an address carry on AS_OF (tests.cli.installation.WANTED)."""


@pytest.fixture
def accepted(goldpan):
    """An installation whose last run accepted the sample exports."""
    said = goldpan.run()
    assert said.exit_code == 0, said.all
    return goldpan


def forecast(goldpan, *arguments):
    said = goldpan("forecast", "--json", "--as-of", AS_OF, *arguments)
    assert (said.exit_code, said.err) == (0, "")
    return said.json


# --- the numbers ------------------------------------------------------------------------------------------------------


def test_it_begins_with_the_tags_of_the_run_and_has_every_day(accepted):
    told = forecast(accepted, "--days", 3)

    assert list(told) == ["as_of", "days"]
    assert told["as_of"] == AS_OF
    assert [day["date"] for day in told["days"]] == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]
    assert told["days"][0]["tags"] == accepted("show", "latest", "--json").json["tags"] == SAMPLE


def test_thirty_days_are_the_default_and_each_is_what_a_dry_run_of_that_day_counts(accepted):
    told = forecast(accepted)

    assert len(told["days"]) == 31
    for ahead in (10, 11, 20, 21, 30):  # Ben's membership ends on December 1; Eve's began 30 days before December 10
        day = told["days"][ahead]
        assert day["tags"] == accepted.plan("--dry-run", "--as-of", day["date"]).json["tags"]
    assert told["days"][10]["tags"]["active_membership"] == 3
    assert told["days"][11]["tags"]["active_membership"] == 2


def test_no_day_ahead_is_today_alone(accepted):
    assert forecast(accepted, "--days", 0)["days"] == [{"date": AS_OF, "tags": SAMPLE}]


def test_without_a_date_it_begins_today(accepted):
    settings = load_settings(accepted.config, home=accepted.home, use_environment=False)
    before = today(settings)

    told = accepted("forecast", "--days", 1, "--json").json

    assert told["as_of"] in {before.isoformat(), today(settings).isoformat()}
    assert told["days"][1]["date"] == (date.fromisoformat(told["as_of"]) + timedelta(days=1)).isoformat()


def test_the_exports_accepted_last_count_and_neither_newer_ones_nor_dry_runs(accepted):
    accepted.deliver([*MEMBERS, member(8, "Gil New", "gil@example.org", "2026-11-15", "2027-11-15")])
    accepted.plan("--dry-run")
    assert forecast(accepted, "--days", 0)["days"][0]["tags"] == SAMPLE

    assert accepted.run().exit_code == 0
    assert forecast(accepted, "--days", 0)["days"][0]["tags"]["recently_renewed"] == 2


def test_the_rules_are_those_of_now(accepted):
    accepted.configure("tags.toml", ("above = 1000", "above = 1"))

    assert forecast(accepted, "--days", 0)["days"][0]["tags"]["high_value_customer"] == 2


def test_suppressed_contacts_count_as_they_do_in_a_run(accepted):
    (accepted.config / "suppressed.csv").write_text(f"email\n{ADA}\n", encoding="utf-8")

    counted_by_run = accepted.plan("--dry-run").json["tags"]
    assert forecast(accepted, "--days", 0)["days"][0]["tags"] == counted_by_run == SAMPLE


def test_it_asks_nobody_and_changes_nothing(accepted, sandbox):
    before, asked = accepted.tree(), len(sandbox.requests)
    accepted.env = {"GOLDPAN_HOME": str(accepted.home)}  # and it needs no token

    forecast(accepted)

    assert accepted.tree() == before
    assert len(sandbox.requests) == asked


# --- what can't be forecast -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-1, 3651])
def test_days_out_of_bounds_are_a_usage_error(accepted, days):
    said = accepted("forecast", "--days", days)

    assert (said.exit_code, said.out) == (2, "")
    assert f"--days {days}: a forecast covers 0 to 3,650 days." in said.err


def test_days_beyond_the_calendar_are_a_usage_error(accepted):
    said = accepted("forecast", "--as-of", "9999-12-30", "--days", 2)

    assert (said.exit_code, said.out) == (2, "")
    assert "dates end with the year 9999" in said.err


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_without_accepted_exports_it_says_how_to_get_some(goldpan, arguments):
    before = goldpan.tree()

    said = goldpan("forecast", *arguments)

    assert said.exit_code == 2
    assert "no exports were accepted yet" in said.all
    assert "goldpan run" in said.all
    assert goldpan.tree() == before
    if arguments:
        assert {key: said.json[key] for key in ("as_of", "days")} == {"as_of": None, "days": []}


def test_a_held_run_has_accepted_nothing(goldpan):
    assert goldpan.plan().exit_code == 3

    assert goldpan("forecast").exit_code == 2


def test_exports_that_are_gone_from_the_archive_are_said_to_be(accepted):
    shutil.rmtree(accepted.home / "archive" / "inputs")

    said = accepted("forecast")

    assert said.exit_code == 2
    assert "gone from the archive" in said.err


# --- for people -------------------------------------------------------------------------------------------------------


def test_where_it_is_piped_each_tag_is_one_plain_line(accepted):
    said = accepted("forecast", "--as-of", AS_OF)

    assert said.exit_code == 0
    title, origin, *lines = said.out.splitlines()
    assert title == "Forecast from 2026-11-20 to 2026-12-20, as if no new export came"
    assert re.fullmatch(
        rf"From the exports that run \S+ accepted as of {AS_OF}: memberships.csv and orders.csv", origin
    )
    assert [line.partition(":")[0] for line in lines] == list(SAMPLE)
    assert lines[0] == "high_value_customer: 1 on every day"
    assert lines[4] == (
        "active_membership: 3 on 2026-11-20; 3 on 2026-11-27; 2 on 2026-12-04; 2 on 2026-12-20; "
        "lowest 2 on 2026-12-01; highest 3 on 2026-11-20"
    )
    assert "\x1b" not in said.out
    assert not {ADA, BEN, EVE} & set(re.findall(r"\S+@\S+", said.all))


def on_terminal(goldpan, days, columns):
    """What the command shows on a terminal of this width."""
    settings = load_settings(goldpan.config, home=goldpan.home, use_environment=False)
    found = counted_by(settings, days=days, as_of=FIRST, progress=NoProgress())
    out = StringIO()
    console = Console(file=out, width=columns, force_terminal=True, no_color=True, highlight=False)
    print_forecast(found, settings.config.tags, workbook=None, console=console)
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", out.getvalue()).splitlines()]


@pytest.mark.parametrize("columns", [60, 140])
def test_on_a_terminal_moving_tags_are_an_overview_that_is_whole_however_narrow_it_is(accepted, columns):
    lines = on_terminal(accepted, 30, columns)

    assert "…" not in "".join(lines)
    assert lines[2].split() == ["First", "+7", "days", "+14", "days", "+30", "days"]
    assert lines[3].split()[:3] == ["Tag", "Nov", "20"]
    active = next(line for line in lines if line.startswith("Active Membership"))
    assert re.fullmatch(r"Active Membership +3 +3 +2 +2 +2 Dec  1 +3 Nov 20 +█+▁+", active)
    (level,) = (line for line in lines if line.startswith("The same on every day: "))
    assert level.endswith("HFO Buy 1, Not HFO Buy 4, Expiring Soon 1, Not Expiring Soon 4")  # one leaves, one comes
    where = lines.index("Days with the largest movement (against the day before)")
    assert lines[where + 1] == "  2026-12-01 Tue  -1 Active Membership"


def test_a_forecast_that_nothing_moves_is_told_without_a_table(accepted):
    lines = on_terminal(accepted, 0, 100)

    assert len(lines) == 3
    assert lines[2].startswith("The same on every day: High-Value Customer 1, ")


@pytest.mark.parametrize(
    ("numbers", "width", "line"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], 8, "▁▂▃▄▅▆▇█"),
        ([5, 5, 5], 8, "▁▁▁"),
        ([9], 8, "▁"),
        ([1000, 1001, 1000], 8, "▁█▁"),
        (list(range(701)), 8, "▁▂▃▄▅▆▇█"),
    ],
)
def test_a_course_is_drawn_between_its_own_lowest_and_highest(numbers, width, line):
    assert sparkline(numbers, width) == line


# --- the workbook -----------------------------------------------------------------------------------------------------


def test_the_workbook_has_a_chart_per_tag_an_overview_and_the_numbers(accepted, tmp_path):
    file = tmp_path / "new" / "forecast.xlsx"

    said = accepted("forecast", "--as-of", AS_OF, "--days", 12, "-o", file)

    assert said.exit_code == 0
    assert f"The workbook: {file}" in said.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Charts", "Tags", "Days"]
    assert [chart.tagname for chart in book["Charts"]._charts] == ["lineChart"] * len(default_config().tags)
    rows = list(book["Days"].iter_rows(values_only=True))
    assert rows[0][:6] == (
        "Date", "High-Value Customer", "Not High-Value Customer", "HFO Buy", "Not HFO Buy", "Active Membership"
    )  # fmt: skip
    assert rows[1] == (datetime(2026, 11, 20), *SAMPLE.values())  # noqa: DTZ001 - cells have no zone
    assert [row[5] for row in rows[1:]] == [3] * 11 + [2] * 2
    assert [row[0] for row in book["Tags"].iter_rows(min_row=2, values_only=True)] == list(rows[0][1:])


def test_each_chart_draws_the_column_of_its_tag_over_all_days(accepted, tmp_path):
    file = tmp_path / "forecast.xlsx"
    accepted("forecast", "--as-of", AS_OF, "--days", 12, "-o", file)

    book = openpyxl.load_workbook(file)

    drawn = [(chart.series[0].val.numRef.f, chart.series[0].cat.numRef.f) for chart in book["Charts"]._charts]
    columns = "BDFHJ"  # every second one is an opposite
    assert drawn == [(f"Days!${column}$2:${column}$14", "Days!$A$2:$A$14") for column in columns]


def test_with_json_the_object_is_all_on_standard_output_and_the_workbook_is_there(accepted, tmp_path):
    told = forecast(accepted, "--days", 1, "-o", tmp_path / "f.xlsx")

    assert len(told["days"]) == 2
    assert (tmp_path / "f.xlsx").is_file()


def test_labels_are_texts_in_the_workbook_whatever_they_look_like(tmp_path):
    formula = default_config().tags[0].model_copy(update={"label": "=1+1", "otherwise": None, "value": "a"})

    write_forecast(tmp_path / "f.xlsx", [ForecastDay(FIRST, {"a": 1})], [formula], "=2+2")

    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    cells = [book["Days"]["B1"], book["Tags"]["A2"], book["Charts"]["A2"]]
    assert [(cell.value, cell.data_type) for cell in cells] == [("=1+1", "s"), ("=1+1", "s"), ("=2+2", "s")]


def test_another_ending_is_refused_before_anything_is_counted(accepted, tmp_path):
    said = accepted("forecast", "-o", tmp_path / "forecast.csv")

    assert said.exit_code == 2
    assert f"Try: -o {tmp_path / 'forecast.xlsx'}" in said.err
    assert list(tmp_path.glob("forecast*")) == []


def test_a_place_that_cannot_be_written_is_said_and_leaves_nothing(accepted, tmp_path):
    (tmp_path / "forecast.xlsx").mkdir()
    (tmp_path / "forecast.xlsx" / "keep").touch()

    said = accepted("forecast", "-o", tmp_path / "forecast.xlsx", "--json")

    assert said.exit_code == 2
    assert json.loads(said.out)["problems"][0].startswith(f"{tmp_path / 'forecast.xlsx'} can't be written: ")
    assert [path.name for path in tmp_path.glob("*forecast*")] == ["forecast.xlsx"]
