"""Secrets stay private: whose files hold some, and who on this machine can read them."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from stat import S_IMODE
from typing import get_args

from dotenv import dotenv_values
from pydantic import SecretStr

from goldpan.errors import ConfigError
from sync.environment import Environment

OTHERS = 0o006
"""Whoever is neither the owner nor in the group may read, or write."""

SECRETS = tuple(
    name.upper() for name, field in Environment.model_fields.items() if SecretStr in get_args(field.annotation)
)
"""The variables that hold a secret."""
_HOLDS_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")  # the address of a database, under a name of the config's own


def refuse_open_env_files(files: Iterable[Path]) -> None:
    """Refuse each `.env` that holds a secret and that everybody on this machine can read or change.

    Args:
        files: Some of which may not exist.

    Raises:
        ConfigError: Which, what it holds, and the command that mends it.
    """
    open_files = [path for path in dict.fromkeys(file.resolve() for file in files) if is_open(path)]
    held = {path: _secrets_in(path) for path in open_files}
    if problems := [_problem(path, " and ".join(names)) for path, names in held.items() if names]:
        raise ConfigError.of(problems)


def refuse_open_config(file: Path) -> None:
    """Refuse a `goldpan.toml` that names addresses which are secrets, if everybody can read or change it.

    Raises:
        ConfigError: Which, and the command that mends it.
    """
    if is_open(file):
        better = "Or move the addresses into GOLDPAN_ALERT_URLS and GOLDPAN_HEARTBEAT_URL in .env."
        raise ConfigError(f"{_problem(file, 'addresses of alerts, digest or heartbeat')} {better}")


def is_open(path: Path) -> bool:
    """Whether everybody on this machine may read or change it; Windows has no such modes."""
    return os.name != "nt" and path.is_file() and bool(mode_of(path) & OTHERS)


def mode_of(path: Path) -> int:
    """The permission bits."""
    return S_IMODE(path.stat().st_mode)


def _secrets_in(path: Path) -> list[str]:
    values = {name.upper(): value for name, value in dotenv_values(path, encoding="utf-8").items()}
    return [name for name, value in values.items() if value and (name in SECRETS or _HOLDS_PASSWORD.search(value))]


def _problem(path: Path, holds: str) -> str:
    return (
        f"{path} holds {holds}, and everybody on this machine can read or change it (mode {mode_of(path):04o}). "
        f"Nothing is done until that is mended: chmod 600 {path}. If others work here, change the secret, too."
    )


def secret_files(environment: Environment) -> dict[str, Path]:
    """The files that hold a secret instead of the environment, by the variable that names them."""
    named = {f"{name}_FILE": getattr(environment, f"{name.lower()}_file", None) for name in SECRETS}
    return {name: path for name, path in named.items() if path is not None}
