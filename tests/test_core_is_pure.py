"""The core takes what it works on as arguments: what import-linter can't see, calls that reach outside."""

import ast
from pathlib import Path

import pytest

import goldpan

MODULES = sorted(Path(goldpan.__file__).parent.rglob("*.py"))
FUNCTIONS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
METHODS = {"now", "today", "utcnow", "read_csv", "read_excel", "read_parquet", "to_excel", "to_parquet", "read_text",
           "write_text", "read_bytes", "write_bytes", "getenv"}  # fmt: skip


def calls_outside(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        f"line {call.lineno}: {ast.unparse(call.func)}()"
        for call in calls
        if (isinstance(call.func, ast.Name) and call.func.id in FUNCTIONS)
        or (isinstance(call.func, ast.Attribute) and call.func.attr in METHODS)
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_core_reads_no_clock_and_touches_no_file(module):
    assert calls_outside(module.read_text(encoding="utf-8")) == []


def test_a_look_at_the_clock_or_a_file_is_found():
    source = "from datetime import date, datetime\na = date.today()\nb = datetime.now(tz=None)\nc = open('x')"

    assert calls_outside(source) == ["line 2: date.today()", "line 3: datetime.now()", "line 4: open()"]
