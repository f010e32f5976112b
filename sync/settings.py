"""Settings: the config folder, the environment and `.env`, checked and typed, with every problem at once.

Precedence: command line, environment, `.env` in the current folder, `.env` beside the config folder, config files.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from goldpan.config import Config, RuleNumbers, Settings, Whole, describe_problems, parse_config
from goldpan.errors import AccessError, ConfigError

CONFIG_FILES = ("goldpan.toml", "exports/memberships.toml", "exports/orders.toml", "tags.toml", "properties.toml")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('not a time zone of the IANA list, such as "Europe/Zurich" or "America/New_York"') from None
    return name


class DropSettings(Settings):
    """`[drop]`: the folder where exports arrive."""

    folder: str = "inbox"
    memberships: tuple[str, ...] = ("*member*",)
    orders: tuple[str, ...] = ("*order*", "*invoice*")


class HubSpotSettings(Settings):
    """`[hubspot]`: how fast, and how stubbornly."""

    burst_limit: Whole = Field(190, ge=1, le=250)
    workers: Whole = Field(16, ge=1, le=64)
    retry_refused_after_days: Whole = Field(7, ge=0, le=365)


class LimitSettings(Settings):
    """`[limits]`: protection against broken or hostile files."""

    max_file_mb: Whole = Field(512, ge=1)
    max_unpacked_mb: Whole = Field(4096, ge=1)
    max_cells: Whole = Field(40_000_000, ge=1000)


class ArchiveSettings(Settings):
    """`[archive]`: where each run's results are kept."""

    folder: str = "archive"


class GoldpanFile(Settings):
    """`goldpan.toml`."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    destination: Literal["hubspot", "sandbox"] = "hubspot"
    drop: DropSettings = DropSettings()
    rules: RuleNumbers = RuleNumbers()
    hubspot: HubSpotSettings = HubSpotSettings()
    limits: LimitSettings = LimitSettings()
    archive: ArchiveSettings = ArchiveSettings()


class Environment(BaseSettings):
    """What comes from the environment or `.env`; `.env.example` documents each variable."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", case_sensitive=False)

    hubspot_access_token: SecretStr | None = None
    hubspot_access_token_file: Path | None = None
    hubspot_base_url: HttpUrl = HttpUrl("https://api.hubapi.com")
    hubspot_portal_id: Annotated[str | None, Field(pattern=r"^[0-9]+$")] = None
    goldpan_config: Path | None = None
    goldpan_state_url: SecretStr | None = None
    goldpan_home: Path | None = None

    def token(self) -> str:
        """The access token, read afresh, so that a rotated one needs no restart.

        Raises:
            AccessError: When there is none, or its file can't be read.
        """
        if self.hubspot_access_token is not None:
            return self.hubspot_access_token.get_secret_value().strip()
        if self.hubspot_access_token_file is not None:
            try:
                token = self.hubspot_access_token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise AccessError(
                    f"HUBSPOT_ACCESS_TOKEN_FILE names {self.hubspot_access_token_file}, which can't be read: {error}"
                ) from error
            if token:
                return token
        raise AccessError(
            "No HubSpot token. Set HUBSPOT_ACCESS_TOKEN (or HUBSPOT_ACCESS_TOKEN_FILE) in the environment or in .env; "
            "a service key from HubSpot's Development > Keys > Service keys will do. To try Goldpan without HubSpot: "
            "goldpan demo."
        )


@dataclass(frozen=True)
class AppSettings:
    """Everything the shell knows before it starts.

    Attributes:
        config: The core's rules.
        file: `goldpan.toml`.
        environment: Tokens, URLs and folders.
        config_folder: Where the config was read.
        home: Default home of state, archive and drop folder.
    """

    config: Config
    file: GoldpanFile
    environment: Environment
    config_folder: Path
    home: Path

    @property
    def drop_folder(self) -> Path:
        """Where exports arrive."""
        return self.home / self.file.drop.folder

    @property
    def archive_folder(self) -> Path:
        """Where each run's results are kept."""
        return self.home / self.file.archive.folder

    @property
    def state_url(self) -> str:
        """The state database as a SQLAlchemy URL."""
        url = self.environment.goldpan_state_url
        return url.get_secret_value() if url else f"sqlite:///{self.home / 'state' / 'goldpan.sqlite'}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of business dates."""
        return ZoneInfo(self.file.time_zone)


def default_config_folder() -> Path:
    """The config that comes with Goldpan: inside the installed package, or at the top of a checkout."""
    installed = Path(str(resources.files("sync"))) / "default_config"
    return installed if installed.is_dir() else Path(__file__).resolve().parent.parent / "config"


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
        ConfigError: With every problem found, each with file and key.
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
    return AppSettings(
        config=config,
        file=file,
        environment=environment,
        config_folder=folder,
        home=(home or environment.goldpan_home or default_home).expanduser().resolve(),
    )


def load_config(folder: Path) -> tuple[GoldpanFile, Config]:
    """Read and check the files of a config folder.

    Raises:
        ConfigError: With every problem of every file.
    """
    problems: list[str] = []
    tables = {name: _read_toml(folder / name, problems) for name in CONFIG_FILES}
    file = GoldpanFile()
    try:
        file = GoldpanFile.model_validate(tables["goldpan.toml"])
    except ValidationError as error:
        problems += describe_problems("goldpan.toml", error)
    if problems and not all(tables.values()):
        raise ConfigError.of([f"{folder}: {problem}" for problem in problems])
    try:
        config = parse_config(tables | {"goldpan.toml": file.rules.model_dump()})
    except ConfigError as error:
        raise ConfigError.of([f"{folder}: {problem}" for problem in [*problems, *str(error).splitlines()]]) from error
    if problems:
        raise ConfigError.of([f"{folder}: {problem}" for problem in problems])
    return file, config


def _read_toml(path: Path, problems: list[str]) -> Mapping[str, Any]:
    name = "/".join(path.parts[-2:]) if path.parent.name == "exports" else path.name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except FileNotFoundError:
        if name != "goldpan.toml":
            problems.append(f"{name}: missing. `goldpan init` writes a folder with every file.")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{name}: can't be read as TOML: {error}")
    return {}


def _read_environment(config_folder: Path | None) -> Environment:
    """The environment over `.env` here over `.env` beside the config folder."""
    try:
        here = Environment(_env_file=".env")
        chosen = config_folder or here.goldpan_config or Path("config")
        return Environment(_env_file=(chosen.resolve().parent / ".env", ".env"))
    except (OSError, UnicodeDecodeError) as error:
        what = "it isn't UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(f"environment: .env (here, or beside the config folder) can't be read: {what}.") from None
    except ValidationError as error:
        # The value may be a secret: say which variable and what is wanted, not what was found.
        raise ConfigError.of(
            [f"environment: {str(detail['loc'][0]).upper()}: {detail['msg']}" for detail in error.errors()]
        ) from None
