"""Memory goes back to the operating system when it is free."""

import os
import platform
import subprocess
import sys

import pytest

HELD = """
import resource
import sys

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6
"""
OF_NUMPY = f"""{HELD}
import numpy as np
from sync.engines import open_engine

with open_engine("pandas"):
    pass
np.ones(4_000_000)  # from here on glibc would keep blocks up to this size
before = held()
kept, columns = [], []
for number in range(50):
    columns.append(np.ones(1_000_000))
    kept.append(bytes(100_000))
assert held() > before + 350
columns.clear()
print(held() - before)
"""
OF_ARROW = f"""{HELD}
from sync.memory import return_columns

return_columns()
import numpy as np
import pyarrow as pa

pool = pa.mimalloc_memory_pool()
before = held()
columns = [pa.allocate_buffer(8_000_000, memory_pool=pool) for _ in range(50)]
for column in columns:
    np.frombuffer(column, dtype=np.int64)[:] = 1
assert held() > before + 200
del column
columns.clear()
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt, which this relies on, is of the GNU C library")
@pytest.mark.parametrize("script", [OF_NUMPY, OF_ARROW], ids=["numpy", "arrow"])
def test_columns_that_nobody_has_any_more_are_no_memory_of_the_process(script):
    chosen = ("MALLOC_MMAP_THRESHOLD_", "MIMALLOC_PURGE_DELAY")
    environment = {name: value for name, value in os.environ.items() if name not in chosen}
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)

    assert float(said.stdout) < 50  # MB


def test_whoever_chose_another_delay_keeps_it():
    script = "import os, sync.memory; sync.memory.return_columns(); print(os.environ['MIMALLOC_PURGE_DELAY'])"
    for chosen, expected in (({"MIMALLOC_PURGE_DELAY": "100"}, "100"), ({}, "0")):
        environment = {name: value for name, value in os.environ.items() if name != "MIMALLOC_PURGE_DELAY"} | chosen
        said = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
        assert said.stdout.strip() == expected
