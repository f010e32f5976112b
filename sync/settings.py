"""Settings: the config folder, the environment and `.env`, checked and typed, with every problem at once.

Precedence: command line, environment, `.env` in the current folder, `.env` beside the config folder, config files.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from goldpan.checked import describe_problems
from goldpan.config import Config, parse_config
from goldpan.errors import ConfigError
from goldpan.suppression import Suppression, parse_suppression
from sync.config_files import CONFIG_FILES, OPTIONAL, default_config_folder
from sync.environment import Environment
from sync.privacy import refuse_open_config, refuse_open_env_files
from sync.settings_file import GoldpanFile


@dataclass(frozen=True)
class AppSettings:
    """Everything the shell knows before it starts.

    Attributes:
        config: The core's rules.
        file: `goldpan.toml`.
        environment: Tokens, URLs and folders.
        config_folder: Where the config was read.
        home: Default home of state, archive and drop folder.
        suppression: Who is never written.
        snapshot: The files that decide what is planned, name to text.
    """

    config: Config
    file: GoldpanFile
    environment: Environment
    config_folder: Path
    home: Path
    suppression: Suppression = field(default_factory=Suppression)
    snapshot: Mapping[str, str] = field(default_factory=dict)

    @property
    def config_id(self) -> str:
        """A digest of everything that decides what is planned; comments and the order of keys don't count."""
        listed = self.suppression
        suppressed = [sorted(entries) for entries in (listed.emails, listed.domains, listed.customer_keys)]
        content = json.dumps([self.config.model_dump(mode="json", exclude={"lists"}), suppressed], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def snapshot_text(self) -> str:
        """The snapshot as the state keeps it."""
        return json.dumps(dict(self.snapshot), ensure_ascii=False, sort_keys=True)

    @property
    def drop_folder(self) -> Path:
        """Where exports arrive."""
        return self.home / self.file.drop.folder

    @property
    def alert_urls(self) -> tuple[str, ...]:
        """Who is told when something is wrong."""
        return self.environment.alert_urls() or self.file.alerts.urls

    @property
    def heartbeat_url(self) -> str:
        """What is asked after each run; "" if nothing is."""
        return self.environment.heartbeat_url() or self.file.heartbeat.url

    @property
    def archive_folder(self) -> Path:
        """Where each run's results are kept."""
        return self.home / self.file.archive.folder

    @property
    def state_url(self) -> str:
        """The state database as a SQLAlchemy URL."""
        return self.environment.state_url() or f"sqlite:///{self.home / 'state' / 'goldpan.sqlite'}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of business dates."""
        return ZoneInfo(self.file.time_zone)


def load_settings(
    config_folder: Path | None = None, *, home: Path | None = None, use_environment: bool = True
) -> AppSettings:
    """Read and check everything.

    Args:
        config_folder: `--config`; else GOLDPAN_CONFIG, else `./config` if it holds a goldpan.toml, else the built-in.
        home: Wins over GOLDPAN_HOME; both missing, it is the folder that holds the config folder, and with the
            built-in config `./goldpan-home`.
        use_environment: The demo reads none: it must never reach a real portal or state.

    Raises:
        ConfigError: With every problem found, each with file and key; or a file with secrets is open to everybody.
    """
    environment = _read_environment(config_folder) if use_environment else Environment.model_construct()
    chosen = config_folder or environment.goldpan_config
    if chosen is not None and not chosen.is_dir():
        raise ConfigError(f"{chosen}: no such config folder. `goldpan init DIR` writes one (DIR/config).")
    local = Path("config")
    if chosen is None and (local / "goldpan.toml").is_file():
        chosen = local
    folder = (chosen or default_config_folder()).resolve()
    default_home = folder.parent if chosen else Path("goldpan-home").resolve()
    file, config = load_config(folder)
    if file.holds_secrets:
        refuse_open_config(folder / "goldpan.toml")
    suppression = _read_suppression(folder, config)
    return AppSettings(
        config=config,
        file=file,
        environment=environment,
        config_folder=folder,
        home=(home or environment.goldpan_home or default_home).expanduser().resolve(),
        suppression=suppression,
        snapshot={name: _text_of(folder / name) for name in CONFIG_FILES if (folder / name).is_file()},
    )


def load_config(folder: Path) -> tuple[GoldpanFile, Config]:
    """Read and check the files of a config folder.

    Raises:
        ConfigError: With every problem of every file.
    """
    problems: list[str] = []
    tables = {name: _read_toml(folder / name, problems) for name in CONFIG_FILES}
    return _checked(tables, problems, folder)


def config_of(snapshot: Mapping[str, str]) -> Config:
    """The rules of a config that was kept with a run.

    Raises:
        ConfigError: When this Goldpan can't read it any more.
    """
    tables = {name: tomllib.loads(text, parse_float=Decimal) for name, text in snapshot.items()}
    return _checked({name: tables.get(name, {}) for name in CONFIG_FILES}, [], Path("kept config"))[1]


def _checked(tables: Mapping[str, Mapping[str, Any]], problems: list[str], folder: Path) -> tuple[GoldpanFile, Config]:
    file = GoldpanFile()
    try:
        file = GoldpanFile.model_validate(tables["goldpan.toml"])
    except ValidationError as error:
        problems += describe_problems("goldpan.toml", error)
    needed = (table for name, table in tables.items() if name not in OPTIONAL)
    if problems and not all(needed):
        raise ConfigError.of([f"{folder}: {problem}" for problem in problems])
    try:
        config = parse_config({**tables, "goldpan.toml": file.rules.model_dump()})
    except ConfigError as error:
        raise ConfigError.of([f"{folder}: {problem}" for problem in [*problems, *str(error).splitlines()]]) from error
    if problems:
        raise ConfigError.of([f"{folder}: {problem}" for problem in problems])
    return file, config


def _read_suppression(folder: Path, config: Config) -> Suppression:
    """The list of those who are never written; the default file may be missing, a configured one may not."""
    name = config.contacts.suppression_file
    path = folder / name
    if not path.is_file() and "suppression_file" not in config.contacts.model_fields_set:
        return Suppression()
    try:
        return parse_suppression(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        what = "it isn't UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(
            f"{path}: the list of suppressed contacts can't be read ({what}). Nothing is sent without it; correct "
            "suppression_file in contacts.toml."
        ) from error


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _read_toml(path: Path, problems: list[str]) -> Mapping[str, Any]:
    name = "/".join(path.parts[-2:]) if path.parent.name == "exports" else path.name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except FileNotFoundError:
        if name not in OPTIONAL:
            problems.append(f"{name}: missing. `goldpan init` writes a folder with every file.")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{name}: can't be read as TOML: {error}")
    return {}


def _read_environment(config_folder: Path | None) -> Environment:
    """The environment over `.env` here over `.env` beside the config folder."""
    try:
        here = Environment(_env_file=".env")
        chosen = config_folder or here.goldpan_config or Path("config")
        files = (chosen.resolve().parent / ".env", Path(".env"))
        refuse_open_env_files(files)
        return Environment(_env_file=files)
    except (OSError, UnicodeDecodeError) as error:
        what = "it isn't UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(f"environment: .env (here, or beside the config folder) can't be read: {what}.") from None
    except ValidationError as error:
        # The value may be a secret: say which variable and what is wanted, not what was found.
        raise ConfigError.of(
            [f"environment: {str(detail['loc'][0]).upper()}: {detail['msg']}" for detail in error.errors()]
        ) from None
