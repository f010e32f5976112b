"""The environment of the peers: on top of Goldpan's own, and never a dependency of it."""

import subprocess
import sys
import sysconfig
from pathlib import Path

from bench.table.measuring import tell

FOLDER = Path(__file__).parents[1] / ".peers"
NEEDED = ("drt-core==1.2.1", "requests>=2.32,<3")
"""What the peers are made of; hubspot-api-client, pandas and openpyxl are Goldpan's own."""


def python_with_peers() -> str | None:
    """The Python of an environment that has them; made once, `None` where that is impossible."""
    python = FOLDER / "bin" / "python"
    mark = FOLDER / "made_by"
    by = "\n".join((sys.executable, sys.version, *NEEDED))
    if mark.is_file() and mark.read_text(encoding="utf-8") == by:
        return str(python)
    tell(f"the peers' environment is made in {FOLDER.name}")
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
        packages = FOLDER / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        # Goldpan's packages are seen, too, so that limits and peers use the same versions.
        own = sysconfig.get_paths()["purelib"]
        (packages / "goldpan.pth").write_text(f"import site; site.addsitedir({own!r})\n", encoding="utf-8")
        _run(str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *NEEDED)
    except (OSError, subprocess.CalledProcessError) as error:
        tell(f"the peers could not be installed: {error}")
        return None
    mark.write_text(by, encoding="utf-8")
    return str(python)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
