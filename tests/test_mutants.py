"""The tests see what they are for: each one-line mutant of the rules in ``mutants.toml`` makes one fail.

The exact tests of a file have to see its mutants by themselves: they name the boundary that moved. (The comparison with
the naive reference would see them too, and take a hundred times as long.)
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import REPOSITORY

pytestmark = pytest.mark.slow

COPIED = ("goldpan", "config", "sync", "tests/values", "tests/steps", "tests/reference")
TESTS = {
    "goldpan/values/ids.py": "tests/values/test_ids.py",
    "goldpan/values/emails.py": "tests/values/test_emails.py",
    "goldpan/values/dates.py": "tests/values/test_dates.py",
    "goldpan/values/money.py": "tests/values/test_money.py",
    "goldpan/values/names.py": "tests/values/test_names.py",
    "goldpan/values/texts.py": "tests/values/test_texts.py",
    "goldpan/values/reading.py": "tests/values/test_reading.py",
    "goldpan/columns.py": "tests/test_tables.py",
    "goldpan/tables.py": "tests/test_tables.py tests/test_sheets.py",
    "goldpan/sheets.py": "tests/test_sheets.py",
    "goldpan/conform.py": "tests/test_conform.py",
    "goldpan/repeats.py": "tests/test_conform.py",
    "goldpan/places.py": "tests/test_union.py",
    "goldpan/union.py": "tests/test_union.py",
    "goldpan/steps/orders.py": "tests/steps/test_orders.py",
    "goldpan/steps/renewals.py": "tests/steps/test_renewals.py",
    "goldpan/steps/contacts.py": "tests/steps/test_contacts.py",
    "goldpan/steps/measures.py": "tests/steps/test_measures.py",
    "goldpan/steps/tags.py": "tests/steps/test_tags.py",
    "goldpan/steps/filling.py": "tests/steps/test_filling.py",
    "goldpan/payloads.py": "tests/test_payloads.py",
    "goldpan/desired_contacts.py": "tests/test_desired_contacts.py",
    "goldpan/standing.py": "tests/test_standing.py",
    "goldpan/rules.py": "tests/test_rules.py tests/test_config.py",
    "goldpan/exports.py": "tests/test_exports.py",
    "goldpan/frames.py": "tests/steps/test_contacts.py tests/steps/test_measures.py",
    "goldpan/accounts.py": "tests/test_pipeline.py",
    "goldpan/listing.py": "tests/test_pipeline.py",
    "goldpan/pipeline.py": "tests/test_pipeline.py",
    "goldpan/config.py": "tests/test_config.py",
    "config/goldpan.toml": "tests/test_config.py",
    "config/tags.toml": "tests/steps/test_tags.py",
    "config/exports/memberships.toml": "tests/test_config.py",
}
"""The exact tests of each file. What they need longest is left out: other engines, drawn examples, other processes."""
LEFT_OUT = (
    "not duckdb and not reference and not read_it and not hash_seed and not missing_file and not as_one_file "
    "and not row_says and not two_places"
)


@dataclass(frozen=True)
class Mutant:
    """One mistake: ``old``, which stands once in ``file``, becomes ``new``."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = [
    Mutant(**mutant)
    for mutant in tomllib.loads((REPOSITORY / "tests/mutants.toml").read_text(encoding="utf-8"))["mutant"]
]


def copy_project(folder: Path) -> Path:
    """What the exact tests need, in a folder of its own."""
    for part in COPIED:
        shutil.copytree(REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (REPOSITORY / "pyproject.toml", *(REPOSITORY / "tests").glob("*.py")):
        shutil.copy(path, folder / path.relative_to(REPOSITORY))
    return folder


def mutate(folder: Path, mutant: Mutant) -> None:
    path = folder / mutant.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def run_tests(folder: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """The exact tests, in that folder and in a process of their own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", LEFT_OUT, *tests.split()],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def try_mutant(folder: Path, mutant: Mutant) -> subprocess.CompletedProcess[str]:
    mutate(copy_project(folder), mutant)
    try:
        return run_tests(folder, TESTS[mutant.file])
    finally:
        shutil.rmtree(folder)


class Answers:
    """What the tests say to each mutant; while one is waited for, the next is tried already (two cores)."""

    def __init__(self, folder: Path, chosen: list[Mutant], pool: ThreadPoolExecutor) -> None:
        self.folder, self.chosen, self.pool = folder, chosen, pool
        self.asked: dict[str, Future[subprocess.CompletedProcess[str]]] = {}
        # Where pytest-xdist runs the tests side by side, the next mutant is another worker's.
        self.ahead = 0 if "PYTEST_XDIST_WORKER" in os.environ else 1

    def to(self, mutant: Mutant) -> subprocess.CompletedProcess[str]:
        place = self.chosen.index(mutant)
        for one in self.chosen[place : place + 1 + self.ahead]:
            if one.name not in self.asked:
                self.asked[one.name] = self.pool.submit(try_mutant, self.folder / str(len(self.asked)), one)
        return self.asked[mutant.name].result()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Answers]:
    chosen = [
        item.callspec.params["mutant"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_a_test_sees_the_mutant.__name__
    ]
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield Answers(tmp_path_factory.mktemp("mutants"), chosen, pool)


def test_the_list_is_long_enough_and_each_mutant_is_one_of_a_kind():
    assert len(MUTANTS) >= 40
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
    assert {mutant.file for mutant in MUTANTS} == set(TESTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place_of_the_code_as_it_stands(mutant):
    text = (REPOSITORY / mutant.file).read_text(encoding="utf-8")

    assert text.count(mutant.old) == 1
    assert mutant.old != mutant.new


def test_without_a_mutant_the_tests_pass(tmp_path):
    done = run_tests(copy_project(tmp_path / "project"), " ".join(dict.fromkeys(" ".join(TESTS.values()).split())))

    assert done.returncode == pytest.ExitCode.OK, done.stdout[-3000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_test_sees_the_mutant(answers, mutant):
    done = answers.to(mutant)

    assert done.returncode == pytest.ExitCode.TESTS_FAILED, f"{mutant}\n{done.stdout[-2000:]}\n{done.stderr[-500:]}"
