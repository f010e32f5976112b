"""The last line of defence: tokens, passwords and e-mail addresses are masked in whatever leaves as text."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from goldpan.errors import AccessError
from sync.settings import AppSettings

MASK = "***"

SECRET_KEYS = frozenset({"token", "access_token", "password", "secret", "authorization", "api_key", "apikey"})
"""Keys whose whole value is masked."""

_DEEPEST = 12  # nobody logs deeper on purpose; an object that holds itself ends here
_LEAST = 6  # shorter secrets would mask ordinary words

# One pass, so that what one rule has masked is no prey of the next. Repetitions are bounded: a long line of anything
# stays quick.
_PRIVATE = re.compile(
    r"""
      (?P<url>://[^/\s'"<>]{1,512}@)                                                    # user:password@ of a URL
    | (?P<bearer>\bbearer\s{1,8}[^\s'",;]{6,})
    | (?P<pat>\bpat-[a-z0-9][a-z0-9-]{5,})                                              # HubSpot's tokens
    | (?P<named>(?P<name>\b[\w-]{0,40}(?:token|password|passwd|secret|api_?key|authorization|signature|hapikey|\bsig)
        ["']?\s{0,3}[=:]\s{0,3}["']?)(?:bearer\s+|basic\s+)?[^\s"',;&]{8,})             # token=…, X-Amz-Signature=…
    | (?P<email>(?:"[^"\s]{1,64}"|[\w.!\#$%&'*+?^`{|}~=-]{1,64})(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})
    """,
    re.IGNORECASE | re.VERBOSE,
)
_KEPT = {"url": f"://{MASK}@", "bearer": f"Bearer {MASK}", "pat": f"pat-{MASK}"}


class Scrubber:
    """Masks what nobody may read in a log, a metric or a message.

    Args:
        secrets: The configured ones; they are masked wherever they stand, also in parts of a URL.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for secret in secrets for form in (secret, quote(secret, safe="")) if len(form) >= _LEAST}
        longest_first = sorted(known, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def text(self, text: str) -> str:
        """The text with secrets and addresses masked."""
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        return _PRIVATE.sub(_masked, text)

    def value(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - whatever somebody logs
        """The same for a value of any kind, whatever it holds; what is no plain value becomes its text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {
                self.text(str(key)): MASK
                if str(key).lower() in SECRET_KEYS and isinstance(each, str | bytes)
                else self.value(each, depth + 1)
                for key, each in value.items()
            }
        if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return [self.value(each, depth + 1) for each in value]
        return self.text(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def secrets_of(settings: AppSettings) -> frozenset[str]:
    """Every secret that the settings hold, and the telling parts of addresses that hold one."""
    environment, file = settings.environment, settings.file
    found = {each.get_secret_value() for _, each in environment if isinstance(each, SecretStr)}
    urls = [*file.alerts.urls, *file.digest.urls, file.heartbeat.url]
    for read in (environment.token, environment.setup_token):
        with suppress(AccessError):
            found.add(read())
    with suppress(AccessError):
        urls += environment.alert_urls()
    with suppress(AccessError):
        urls.append(environment.heartbeat_url())
    with suppress(AccessError, ArgumentError):
        found.add(make_url(settings.state_url).password or "")
    for source in file.sources:
        with suppress(AccessError, ArgumentError):
            found.add(make_url(environment.named(source.sql)).password or "" if source.sql else "")
    return frozenset(found.union(urls, *map(secret_parts, urls))) - {""}


def secret_parts(url: str) -> frozenset[str]:
    """What of an address is a secret by itself: its password, and words that look like keys."""
    parts = urlsplit(url)
    place, _, host = parts.netloc.rpartition("@")
    words = {
        *re.split(r"[/?&#=,]", f"{parts.path}?{parts.query}"),
        *place.split(":"),
        host.rpartition(":")[0] or host,
    }
    keys = {word for word in words if _is_key(word)} | {place.partition(":")[2]}
    return frozenset(keys | {unquote(key) for key in keys}) - {""}


def _is_key(word: str) -> bool:
    """Whether a part of an address looks like a key; names of hosts and ordinary words don't."""
    has_both = any(sign.isdigit() for sign in word) and any(sign.isalpha() for sign in word)
    return "." not in word and (len(word) >= 20 or (len(word) >= 8 and has_both))


def _masked(found: re.Match[str]) -> str:
    if found["named"] is not None:
        return f"{found['name']}{MASK}"
    return _KEPT.get(found.lastgroup or "", MASK)
