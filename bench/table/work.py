"""The work of one process: files to frames, frames to contacts, workbooks, differences."""

from bench.data.sets import SETS, confirmed_state
from bench.table.goals import Measured
from bench.table.measuring import Bench, Side
from bench.table.prepared import provide_state

DIFFERENT = 40_000
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
    return _refined_from_parquet(bench, "large")


def refine_100m(bench: Bench) -> Measured:
    """The same with ten times the orders, repeated ones among them."""
    return _refined_from_parquet(bench, "huge")


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
    """Five orders a member, CSV; the middle size's seconds stand in the table."""
    sizes = FLAT if bench.is_full else FLAT[:2]
    bench.exports("tiny", *sizes)
    by_size = {name: bench.in_turn(None, bench.side("ours:read_and_refine", name, "csv")) for name in sizes}
    costs = {name: each.seconds / SETS[name].rows * 1e6 for name, each in by_size.items() if each.seconds}
    measured = by_size[FLAT[1]]
    measured.figures = {name: each.figures for name, each in by_size.items()}
    measured.remarks = [remark for each in by_size.values() for remark in each.remarks]
    if len(costs) == len(sizes):
        measured.spread = max(costs.values()) / min(costs.values())
        shown = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
        measured.remarks.append(f"µs a row: {shown}" + ("" if bench.is_full else "; 1 M members only with --full"))
    return measured


def _refined_from_parquet(bench: Bench, name: str) -> Measured:
    bench.exports("tiny", name)
    return _same_contacts(
        bench.in_turn(bench.side("rules:over_parquet", name), bench.side("ours:refine_canonical", name, "duckdb"))
    )


def _read(bench: Bench, name: str, kind: str, *, peer: Side | None = None, rounds: int = 3) -> Measured:
    bench.exports("tiny", name)
    limits = {
        "xlsx": bench.side("reading:fastexcel_strings", name, with_peers=True),
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
    """Both sides came to the same: as many rows of each kind, and every contact has the same values."""
    for ours, limit in zip(measured.figures.get("ours", ()), measured.figures.get("limit", ()), strict=False):
        for name in ("contacts", "merged", "repeated", "prospects", "digest"):
            if ours[name] != limit[name]:
                measured.wrong.append(f"{name}: {ours[name]}, by the SQL {limit[name]}")
    return measured
