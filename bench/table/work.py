"""The work of one process: files to frames, frames to contacts, workbooks, differences."""

from bench.data.sets import DIFFERENT, SETS, confirmed_state
from bench.table.goals import Measured, middle
from bench.table.measuring import TOOK, Bench, Side
from bench.table.prepared import provide_state

FLAT = ("flat-10k", "flat-100k", "flat-1m")


def read_xlsx(bench: Bench) -> Measured:
    """Workbooks to canonical, typed frames with rejects and warnings."""
    return _read(bench, "main", "xlsx", peer=bench.side("reading:usual_excel", "main"))


def read_by_hand(bench: Bench) -> Measured:
    """The same with texts among the dates, which no reader of whole columns takes."""
    return _read(bench, "by-hand", "xlsx", rounds=1)


def read_csv(bench: Bench) -> Measured:
    """CSV files to canonical, typed frames with rejects and warnings."""
    return _read(bench, FLAT[1], "csv")


def refine(bench: Bench) -> Measured:
    """Typed frames to contacts, tags and the tables that say what happened to every row."""
    bench.exports("tiny", FLAT[1])
    sides = bench.side("rules:over_frames", FLAT[1], "csv"), bench.side("ours:refine", FLAT[1], "csv")
    return _same_contacts(bench.in_turn(*sides))


def refine_10m(bench: Bench) -> Measured:
    """Parquet to contacts, by DuckDB."""
    return _refined_from_parquet(bench, "large", memory="500MB")


def refine_100m(bench: Bench) -> Measured:
    """The same with ten times the orders, repeated ones among them."""
    return _refined_from_parquet(bench, "huge", memory="500MB", rounds=2)


def workbook(bench: Bench) -> Measured:
    """The report's tables, laid out and written."""
    name = "hundred-thousand-contacts"
    bench.exports("tiny", name)
    return bench.in_turn(
        bench.side("writing:rustpy_unformatted", name, "csv"),
        bench.side("ours:write_workbook", name, "csv"),
        peer=bench.side("writing:usual_workbook", name, "csv") if bench.is_full else None,
    )


def diff(bench: Bench) -> Measured:
    """Contacts as they should be against what HubSpot confirmed."""
    bench.exports("flat-10k")
    provide_state(bench, confirmed_state(bench.data))
    measured = bench.in_turn(bench.side("state:read_and_hash"), bench.side("ours:diff"))
    found = {each["differ"] for each in measured.figures.get("ours", ())}
    if found - {DIFFERENT}:
        measured.wrong.append(f"{found} contacts differ, not {DIFFERENT:,}")
    return measured


def flat(bench: Bench) -> Measured:
    """Five orders a member, CSV; the seconds of 100,000 members stand in the table.

    By processor time, since the sizes are measured one after the other; without what the first rows cost (nearly all of
    it for telling pandas what to do), which the tiny set shows.
    """
    sizes = ("tiny", *FLAT) if bench.is_full else ("tiny", *FLAT[:2])
    bench.exports(*sizes)
    by_size = {name: bench.in_turn(None, bench.side("ours:read_and_refine", name, "csv")) for name in sizes}
    measured = by_size[FLAT[1]]
    measured.remarks = [remark for each in by_size.values() for remark in each.remarks]
    spent = {name: middle([each["cpu_seconds"] for each in by_size[name].figures.get("ours", ())]) for name in sizes}
    measured.figures = {name: each.figures for name, each in by_size.items()}
    if None in spent.values():
        return measured
    fixed, *rest = (spent[name] or 0.0 for name in sizes)
    costs = {name: (seconds - fixed) / SETS[name].rows * 1e6 for name, seconds in zip(sizes[1:], rest, strict=True)}
    measured.spread = max(costs.values()) / min(costs.values())
    shown = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
    measured.remarks.append(
        f"µs of processor time for each further row: {shown}; {fixed:.2f} s however few there are"
        + ("" if bench.is_full else "; 1 M members only with --full")
    )
    return measured


def _refined_from_parquet(bench: Bench, name: str, *, memory: str, rounds: int = 3) -> Measured:
    """Goldpan's DuckDB has to do with so much memory; the limit's takes what there is."""
    bench.exports("tiny", name)
    ours = bench.side("ours:refine_canonical", name, "duckdb", memory)
    return _same_contacts(bench.in_turn(bench.side("rules:over_parquet", name), ours, rounds=rounds))


def _read(bench: Bench, name: str, kind: str, *, peer: Side | None = None, rounds: int = 3) -> Measured:
    bench.exports("tiny", name)
    limits = {
        "xlsx": bench.side("reading:fastexcel_strings", name),
        "csv": bench.side("reading:pyarrow_strings", name),
    }
    measured = bench.in_turn(limits[kind], bench.side("ours:read", name, kind), peer=peer, rounds=rounds)
    wanted = SETS[name].members, SETS[name].orders + 1  # the row that adds the orders up
    for each in measured.figures.get("ours", ()):
        got = each["memberships"]["rows"], each["orders"]["rows"]
        if got != wanted:
            measured.wrong.append(f"rows read: {got}, not {wanted}")
        if not (each["memberships"]["findings"] and each["orders"]["findings"]):
            measured.wrong.append("no warning, though the exports have odd cells")
    return measured


def _same_contacts(measured: Measured) -> Measured:
    """Both sides came to the same: as many rows of each kind, and every row that comes back has the same values."""
    for ours, limit in zip(measured.figures.get("ours", ()), measured.figures.get("limit", ()), strict=False):
        for name in sorted(ours.keys() - TOOK):
            if ours[name] != limit[name]:
                measured.wrong.append(f"{name} differ: {ours[name]}, by the SQL {limit[name]}")
        measured.remarks.append(
            f"{ours['all_contacts']:,} contacts of {ours['all_merged_rows']:,} merged rows, "
            f"{ours['all_repeated_orders']:,} repeated orders, compared row by row with the SQL's"
        )
    return measured
