"""Setting up a folder: config, `.env` and the drop folders."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from goldpan.errors import ConfigError
from sync.config_files import CONFIG_FILES, default_config_folder


def env_example() -> Path:
    """The documented list of environment variables: inside the installed package, or at the top of a checkout."""
    folder = default_config_folder()
    installed = folder / "env.example"
    return installed if installed.is_file() else folder.parent / ".env.example"


def set_up_folder(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Write what is missing.

    Args:
        folder: Made if it isn't there.

    Yields:
        Each path, and whether it is new.

    Raises:
        ConfigError: When the folder can't be written.
    """
    try:
        for name in CONFIG_FILES:
            yield _copied(default_config_folder() / name, folder / "config" / name)
        yield _copied(env_example(), folder / ".env", mode=0o600)
        for name in ("inbox", "archive"):
            path = folder / name
            is_new = not path.is_dir()
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield path, is_new
    except OSError as error:
        raise ConfigError(f"{error.filename or folder} can't be written: {error.strerror}.") from error


def _copied(source: Path, target: Path, *, mode: int = 0o644) -> tuple[Path, bool]:
    if target.exists():
        return target, False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)
    return target, True
