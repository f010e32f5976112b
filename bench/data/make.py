"""``python -m bench.data.make NAME FOLDER``: the exports of one set."""

import sys
from pathlib import Path

from bench.data.frames import draw_members, draw_orders, live_through_a_night
from bench.data.sets import SETS, DataSet, files
from bench.data.tables import write_csv, write_xlsx

LARGEST_FRAME = 6_000_000
"""Rows; more are written by DuckDB, without a frame."""


def main() -> None:
    """Make them."""
    name, folder = sys.argv[1:]
    data_set, data = SETS[name], Path(folder)
    (data / name).mkdir(parents=True, exist_ok=True)
    if "parquet" in data_set.kinds:
        from bench.data.large import write_parquet  # noqa: PLC0415 - DuckDB is needed for nothing else

        write_parquet(*files(data, name, "parquet"), data_set)
    if set(data_set.kinds) & {"csv", "xlsx"}:
        _from_frames(data_set, data)


def _from_frames(data_set: DataSet, data: Path) -> None:
    members = draw_members(data_set.members, has_text_dates=data_set.has_text_dates)
    orders = draw_orders(data_set.orders, data_set.members, has_text_dates=data_set.has_text_dates)
    if data_set.changed:
        members, orders = live_through_a_night(members, orders, data_set.changed)
    for kind, write in (("csv", write_csv), ("xlsx", write_xlsx)):
        if kind in data_set.kinds:
            for path, frame in zip(files(data, data_set.name, kind), (members, orders), strict=True):
                write(path, frame)


if __name__ == "__main__":
    main()
