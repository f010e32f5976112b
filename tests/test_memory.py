"""Memory goes back to the operating system when it is free."""

import os
import platform
import subprocess
import sys

import pytest

SCRIPT = """
import sys

import numpy as np

from sync.engines import open_engine

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

with open_engine("pandas"):
    pass
np.ones(4_000_000)  # from here on glibc would keep blocks up to this size
before = held()
kept = []
columns = []
for number in range(200):
    columns.append(np.ones(250_000))
    kept.append(bytes(100_000))
assert held() > before + 350
columns.clear()
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_columns_that_nobody_has_any_more_are_no_memory_of_the_process():
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_MMAP_THRESHOLD_"}
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment)

    assert float(said.stdout) < 100  # MB: the texts between them, and hardly more


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_whoever_chose_an_allocator_keeps_it():
    script = "import pyarrow as pa\nfrom sync.engines import open_engine\n"
    script += "with open_engine('pandas'):\n    print(pa.default_memory_pool().backend_name)"
    for chosen, expected in (("mimalloc", "mimalloc"), (None, "system")):
        environment = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
        environment |= {"ARROW_DEFAULT_MEMORY_POOL": chosen} if chosen else {}
        said = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
        assert said.stdout.strip() == expected
