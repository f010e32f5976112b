"""The forecast as an .xlsx: a chart per tag, and the numbers behind them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goldpan.forecast import ForecastDay
from goldpan.report.forecast import DAYS, forecast_tables
from goldpan.rules import Tag
from sync.archive.files import write_whole
from sync.archive.layout import lay_out
from sync.archive.writers import write_sheet

_CHARTS = "Charts"
_WIDE, _HIGH = 620, 300  # pixels of one chart; two stand side by side on a sheet of paper
_COLUMNS_WIDE, _ROWS_HIGH = 10, 16  # cells that one takes, with room around it
_LINE = {"color": "#1F3864", "width": 2}
_GREY = "#D9D9D9"
_LABELS_ON_AXIS = 8


def write_forecast(path: Path, days: Sequence[ForecastDay], tags: Sequence[Tag], remark: str) -> None:
    """Write a forecast, whole or not at all; nobody but the owner may read it.

    Args:
        path: Where; an existing file is replaced.
        days: What was counted, at least one day.
        tags: The rules that were counted.
        remark: What it was made from, in words.

    Raises:
        OSError: The file can't be written.
    """
    write_whole(path, lambda temporary: _write(temporary, days, tags, remark))


def _write(path: Path, days: Sequence[ForecastDay], tags: Sequence[Tag], remark: str) -> None:
    import xlsxwriter  # noqa: PLC0415 - the one writer of charts; only this command needs it

    overview, numbers = forecast_tables(days, tags)
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        charts = workbook.add_worksheet(_CHARTS)
        for table in (overview, numbers):
            for sheet in lay_out(table):
                write_sheet(workbook.add_worksheet(sheet.name), sheet, lambda look: workbook.add_format(dict(look)))
        _draw_all(workbook, charts, days, tags, remark)


def _draw_all(
    workbook: Any,  # noqa: ANN401 - xlsxwriter has no types
    charts: Any,  # noqa: ANN401 - xlsxwriter has no types
    days: Sequence[ForecastDay],
    tags: Sequence[Tag],
    remark: str,
) -> None:
    charts.hide_gridlines(2)
    charts.set_landscape()
    charts.fit_to_pages(1, 0)
    charts.write_string(0, 0, "Contacts per tag", workbook.add_format({"bold": True, "font_size": 14}))
    charts.write_string(1, 0, remark, workbook.add_format({"font_color": "#595959"}))
    position = 1  # of the tag's column in the sheet of the numbers; the date is the first
    for number, tag in enumerate(tags):
        row, column = divmod(number, 2)
        chart = _chart(workbook, tag, position, len(days))
        charts.insert_chart(3 + row * _ROWS_HIGH, column * _COLUMNS_WIDE, chart)
        position += len(tag.options())


def _chart(workbook: Any, tag: Tag, position: int, days: int) -> Any:  # noqa: ANN401 - xlsxwriter has no types
    """The tag's own line. Its opposite mirrors it, on another scale: beside it both would look level."""
    chart = workbook.add_chart({"type": "line"})
    chart.add_series(
        {
            "name": tag.label,
            "categories": [DAYS, 1, 0, days, 0],
            "values": [DAYS, 1, position, days, position],
            "line": _LINE,
            "marker": {"type": "circle" if days == 1 else "none"},
        }
    )
    others = f" (the others: {tag.otherwise.label})" if tag.otherwise else ""
    chart.set_title({"name": f"{tag.label}{others}", "name_font": {"size": 11}, "overlay": False})
    chart.set_legend({"none": True})
    step = max(1, -(-days // _LABELS_ON_AXIS))
    chart.set_x_axis(
        {
            "date_axis": True,
            "num_format": "yyyy-mm-dd",
            "major_unit": step,
            "major_unit_type": "days",
            "num_font": {"size": 8},
        }
    )
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": _GREY}}})
    chart.set_size({"width": _WIDE, "height": _HIGH})
    return chart
