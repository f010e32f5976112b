"""What comes from the environment or `.env`, secrets above all."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import Field, HttpUrl, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from goldpan.errors import AccessError


class Environment(BaseSettings):
    """What comes from the environment or `.env`; `.env.example` documents each variable."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", case_sensitive=False)

    hubspot_access_token: SecretStr | None = None
    hubspot_access_token_file: Path | None = None
    hubspot_setup_token: SecretStr | None = None
    hubspot_setup_token_file: Path | None = None
    hubspot_base_url: HttpUrl = HttpUrl("https://api.hubapi.com")
    hubspot_portal_id: Annotated[str | None, Field(pattern=r"^[0-9]+$")] = None
    goldpan_config: Path | None = None
    goldpan_state_url: SecretStr | None = None
    goldpan_state_url_file: Path | None = None
    goldpan_home: Path | None = None
    goldpan_alert_urls: SecretStr | None = None
    goldpan_alert_urls_file: Path | None = None
    goldpan_heartbeat_url: SecretStr | None = None
    goldpan_heartbeat_url_file: Path | None = None
    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None
    _files: tuple[Path, ...] | None = PrivateAttr(None)

    def __init__(self, *, _env_file: str | Path | Sequence[Path] | None = None, **values: Any) -> None:  # noqa: ANN401 - what pydantic takes
        super().__init__(_env_file=_env_file, **values)
        files = () if _env_file is None else [_env_file] if isinstance(_env_file, str | Path) else _env_file
        self._files = tuple(Path(file).absolute() for file in files)

    def token(self) -> str:
        """The access token, read afresh, so that a rotated one needs no restart.

        Raises:
            AccessError: When there is none, or its file can't be read.
        """
        token = _secret(self.hubspot_access_token, self.hubspot_access_token_file, "HUBSPOT_ACCESS_TOKEN_FILE")
        if token:
            return token
        raise AccessError(
            "No HubSpot token. Set HUBSPOT_ACCESS_TOKEN (or HUBSPOT_ACCESS_TOKEN_FILE) in the environment or in .env; "
            "a service key from HubSpot's Development > Keys > Service keys will do. To try Goldpan without HubSpot: "
            "goldpan demo."
        )

    def setup_token(self) -> str:
        """The token for `goldpan setup`, if it has one of its own: then the nightly one needs fewer scopes.

        Raises:
            AccessError: When there is none at all, or its file can't be read.
        """
        own = _secret(self.hubspot_setup_token, self.hubspot_setup_token_file, "HUBSPOT_SETUP_TOKEN_FILE")
        return own or self.token()

    def state_url(self) -> str:
        """The state database's URL; "" for the default one."""
        return _secret(self.goldpan_state_url, self.goldpan_state_url_file, "GOLDPAN_STATE_URL_FILE")

    def alert_urls(self) -> tuple[str, ...]:
        """Where alerts go, one address a line or separated by blanks."""
        urls = _secret(self.goldpan_alert_urls, self.goldpan_alert_urls_file, "GOLDPAN_ALERT_URLS_FILE")
        return tuple(urls.split())

    def heartbeat_url(self) -> str:
        """What is asked after each run; "" if nothing is."""
        return _secret(self.goldpan_heartbeat_url, self.goldpan_heartbeat_url_file, "GOLDPAN_HEARTBEAT_URL_FILE")

    def named(self, name: str) -> str:
        """A secret under a name that the config gives it, read afresh; "" if there is none.

        Args:
            name: The variable that holds it; this with `_FILE` may hold the path of a file instead.

        Raises:
            AccessError: The file can't be read.
        """
        if self._files is None:  # the demo's, which reads no environment
            return ""
        values: dict[str, str | None] = {}
        for file in self._files:
            values |= dotenv_values(file, encoding="utf-8")
        value, path = (os.environ.get(each) or values.get(each) for each in (name, f"{name}_FILE"))
        return _secret(SecretStr(value) if value else None, Path(path) if path else None, f"{name}_FILE")


def _secret(value: SecretStr | None, file: Path | None, name: str) -> str:
    """A secret from the environment, else from its file, read afresh; "" if there is neither."""
    if value is not None:
        return value.get_secret_value().strip()
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AccessError(f"{name} names {file}, which can't be read: {error}") from error
