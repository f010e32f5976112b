"""The rows with HubSpot's stand-in: sending at its limit, and a whole night."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from bench.data.sets import AS_OF, DIFFERENT, SETS, files, shrunk
from bench.stage import batches_in, requests_of, sandbox
from bench.table.commands import goldpan
from bench.table.goals import Measured
from bench.table.measuring import Bench, Timed, tell
from bench.table.prepared import code_of, is_made, made

NEW = shrunk(50_000)
BURST = 190
WINDOW_SECONDS = 10.0
LATENCY = 0.1
KEPT = ("state", "archive")
"""Folders of a home that grow with every night."""
TOKEN = "sandbox-token"  # the sandbox's own (sync.sandbox.TOKEN); importing it would import the sandbox


def send(bench: Bench) -> Measured:
    """As fast as HubSpot lets anybody; one round, since only waiting is measured."""
    measured = Measured()
    limit = 2 * NEW / 100 / BURST * WINDOW_SECONDS
    for _ in range(bench.rounds or 1):
        with tempfile.TemporaryDirectory() as folder, sandbox(
            Path(folder) / "sandbox.sqlite", burst_limit=BURST, latency=LATENCY
        ) as url:  # fmt: skip
            child = bench.side("send:new", url, str(NEW), str(BURST), str(LATENCY))()
        seconds = float(str(child.counts["seconds"]))
        tell(f"  ours {seconds:.2f} s, the limit allows {limit:.2f} s")
        measured.ours.append(seconds)
        measured.limit.append(limit)
        measured.peak_mb = max(measured.peak_mb, child.peak_mb)
        measured.figures.setdefault("ours", []).append(dict(child.counts))
        if child.counts["throttled"] or child.counts["requests"] != 2 * NEW / 100:
            measured.wrong.append(f"{child.counts['requests']:g} requests, {child.counts['throttled']:g} refused")
    return measured


def night(bench: Bench) -> Measured:
    """`goldpan run`, from start to exit, archive included."""
    return _measured(bench, "main", "next-night")


def small_night(bench: Bench) -> Measured:
    """The same with a tenth of the rows."""
    return _measured(bench, "small", "next-small-night")


def _measured(bench: Bench, before: str, tonight: str) -> Measured:
    bench.exports("tiny", before, tonight)
    staged = bench.data / f"before-{tonight}"
    _stage(bench, staged, "bench.nightfall", before, "xlsx")
    limit = bench.side("writing:fastexcel_and_rustpy", tonight)
    measured = bench.in_turn(limit, lambda: _night(bench, staged, tonight))
    for each in measured.figures.get("ours", ()):
        if each["changed"] != SETS[tonight].changed:
            measured.wrong.append(f"{each['changed']} contacts changed")
        stages = ", ".join(f"{stage} {taken:.2f}" for stage, taken in each["stages"].items())
        measured.remarks.append(
            f"{each['requests']} requests; {stages}; state {each['state_mb']:.0f} MB, {each['state_grown_mb']:.1f} of "
            f"them of this night; the night's archive {each['archive_grown_mb']:.1f} MB"
        )
    return measured


def dry_run(bench: Bench) -> Measured:
    """`goldpan run --dry-run` for a million contacts from Parquet, nearly all of them confirmed already."""
    bench.exports("million")
    staged = bench.data / "a-million"
    _stage(bench, staged, "bench.million", "million", "parquet")
    measured = bench.in_turn(None, lambda: _dry_run(bench, staged), rounds=1)
    for each in measured.figures.get("ours", ()):
        planned = each["contacts"]["updated"] + each["contacts"]["held"]
        measured.remarks.append(f"{planned:,} changes planned among {each['contacts']['total']:,} contacts")
        if planned < DIFFERENT:
            measured.wrong.append(f"{planned:,} changes planned, not {DIFFERENT:,} and some")
    return measured


def _stage(bench: Bench, staged: Path, module: str, name: str, kind: str) -> None:
    """A home and a portal as they were before the run, made by a module that is given both exports."""
    by = code_of("sync/state/**/*.py", "sync/sandbox/*.py", "goldpan/desired*.py", "goldpan/facts.py",
                 "config/**/*.toml", "bench/data/*.py", f"{module.replace('.', '/')}.py")  # fmt: skip
    if is_made(staged, by):
        return
    tell("  what was there before is made")
    with sandbox(staged / "sandbox.sqlite") as url:
        words = [sys.executable, "-m", module, str(staged / "home"), *map(str, files(bench.data, name, kind))]
        bench.command(words, _environment(url, staged / "home"))
    made(staged, by)


def _dry_run(bench: Bench, staged: Path) -> Timed:
    memberships, orders = map(str, files(bench.data, "million", "parquet"))
    words = goldpan("run", "--dry-run", "--json", "--as-of", AS_OF.isoformat(),
                    "--memberships", memberships, "--orders", orders)  # fmt: skip
    with sandbox(staged / "sandbox.sqlite") as url:
        finished = bench.command(words, _environment(url, staged / "home"), accepts=(0, 3))
    shutil.rmtree(staged / "home" / "dry-runs", ignore_errors=True)
    said = json.loads(finished.said)
    return Timed(
        finished.seconds,
        finished.cpu_seconds,
        finished.peak_mb,
        {"contacts": said["contacts"], "stages": said["seconds"]},
    )


def _night(bench: Bench, staged: Path, name: str) -> Timed:
    """The run of the night, on a copy of all that was there the evening before."""
    tonight = bench.data / "tonight"
    shutil.rmtree(tonight, ignore_errors=True)
    shutil.copytree(staged, tonight, symlinks=True)
    for path in (tonight / "home" / "inbox").iterdir():
        path.unlink()
    for path in files(bench.data, name, "xlsx"):
        shutil.copyfile(path, tonight / "home" / "inbox" / path.name)
    with sandbox(tonight / "sandbox.sqlite") as url:
        words = goldpan("run", "--json", "--as-of", AS_OF.isoformat())
        finished = bench.command(words, _environment(url, tonight / "home"), accepts=(0, 4))
        requests = requests_of(url)
    disk = {f"{place}_mb": _megabytes(tonight / "home" / place) for place in KEPT}
    grown = {f"{place}_grown_mb": disk[f"{place}_mb"] - _megabytes(staged / "home" / place) for place in KEPT}
    shutil.rmtree(tonight)
    said = json.loads(finished.said)
    changed = said["contacts"]["created"] + said["contacts"]["updated"]
    counts = {"changed": changed, "requests": batches_in(requests), "stages": said["seconds"], **disk, **grown}
    return Timed(finished.seconds, finished.cpu_seconds, finished.peak_mb, counts)


def _megabytes(folder: Path) -> float:
    """What its files take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _environment(url: str, home: Path) -> dict[str, str]:
    return {"HUBSPOT_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN, "GOLDPAN_HOME": str(home),
            "GOLDPAN_CONFIG": str(home / "config")}  # fmt: skip
