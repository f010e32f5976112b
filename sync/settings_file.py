"""The tables of `goldpan.toml`: what each key means, its default, and what is accepted."""

import re
from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from goldpan.brakes import BrakeLimits
from goldpan.checked import Flag, Settings, Whole
from goldpan.config import RuleNumbers
from sync.calendar import check_cron
from sync.sql_settings import SqlSettings

KINDS = ("memberships", "orders")
"""The kinds of exports."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('not a time zone of the IANA list, such as "Europe/Zurich" or "America/New_York"') from None
    return name


def _cron(text: str) -> str:
    if text:
        check_cron(text)
    return text


def _time_of_day(text: str) -> str:
    if text:
        try:
            time.fromisoformat(text)
        except ValueError:
            raise ValueError('takes a time of day such as "06:00", or "" for none') from None
    return text


def _s3_url(text: str) -> str:
    if text and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", text):
        raise ValueError('takes an address such as "s3://bucket/prefix"')
    return text


Cron = Annotated[str, AfterValidator(_cron)]
"""A cron expression of five fields with cron's own weekdays (0 and 7 are Sunday); "" is never."""
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
S3Url = Annotated[str, AfterValidator(_s3_url)]


class DropSettings(Settings):
    """`[drop]`: the folder where exports arrive, for an installation with this one source."""

    folder: str = "inbox"
    memberships: tuple[str, ...] = ("*member*",)
    orders: tuple[str, ...] = ("*order*", "*invoice*")


class SourceSettings(SqlSettings):
    """`[[source]]`: one place where exports arrive; with any of them, `[drop]` is not used.

    Attributes:
        name: Stands in the log and in the state; don't change it.
        folder: A folder; relative paths start at GOLDPAN_HOME. Either this, ``s3`` or ``sql``.
        s3: A bucket and prefix.
        endpoint_url: Another service than AWS that speaks S3.
        region: Its region, where one must be named.
        memberships: Names that tell the kind; a file that no pattern matches is told by its columns.
        orders: Likewise.
        remove_source: Whether `goldpan serve` takes a file away once it is safe in the archive. Left out: yes for a
            folder that can be written, no for S3; a database is only read.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    folder: str = ""
    s3: S3Url = ""
    endpoint_url: str = ""
    region: str = ""
    memberships: tuple[str, ...] = ("*member*",)
    orders: tuple[str, ...] = ("*order*", "*invoice*")
    remove_source: Flag | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if [bool(place) for place in (self.folder, self.s3, self.sql)].count(True) != 1:
            raise ValueError('a source takes either folder = "…" or s3 = "s3://bucket/prefix" or sql = "VARIABLE"')
        of_files = {"memberships", "orders", "remove_source", "endpoint_url", "region"} & self.model_fields_set
        if self.sql and of_files:
            raise ValueError(f"{' and '.join(sorted(of_files))}: only for files, not with sql")
        return self

    @property
    def is_removed(self) -> bool:
        """Whether files are taken away once they are safe."""
        return bool(self.folder) if self.remove_source is None else self.remove_source


class IntakeSettings(Settings):
    """`[intake]`: when `goldpan serve` takes a file, and when it starts a run."""

    settle_seconds: Whole = Field(30, ge=0, le=3600)
    poll_seconds: Whole = Field(10, ge=1, le=3600)
    awaits: tuple[Literal["memberships", "orders"], ...] = ("memberships", "orders")
    debounce_seconds: Whole = Field(60, ge=0, le=3600)
    patience_minutes: Whole = Field(120, ge=0, le=1440)
    other_kind_max_age_days: Whole = Field(7, ge=0, le=366)
    newest_by: Literal["name_date", "modified"] = "name_date"


class ScheduleSettings(Settings):
    """`[schedule]`: what `goldpan serve` does when, in the configured time zone; "" is never."""

    nightly: Cron = "30 5 * * *"
    verify: Cron = "0 12 * * sun"
    check: Cron = "0 7 * * *"
    grace_hours: Whole = Field(24, ge=0, le=168)
    retry_failed_minutes: Whole = Field(20, ge=1, le=1440)
    retry_failed_times: Whole = Field(3, ge=0, le=20)


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
    """`[archive]`: where each run's results are kept, and how long.

    Attributes:
        folder: On this machine; relative paths start at GOLDPAN_HOME. With ``s3``, a cache of what is there.
        s3: A bucket and prefix instead.
        endpoint_url: Another service than AWS that speaks S3.
        region: Its region, where one must be named.
        keep_days: Runs older than this are removed; 0 keeps all. Inputs that are accepted or waiting always stay.
        keep_first_of_month_months: The first run of each month is kept so long; 0 keeps none longer.
    """

    folder: str = "archive"
    s3: S3Url = ""
    endpoint_url: str = ""
    region: str = ""
    keep_days: Whole = Field(400, ge=0)
    keep_first_of_month_months: Whole = Field(0, ge=0)


class AlertSettings(Settings):
    """`[alerts]`: who is told, and of what; addresses are secrets, best given by GOLDPAN_ALERT_URLS.

    Attributes:
        urls: Where to, as Apprise writes it.
        export_due: An export that did not arrive by this time of day is missing.
        disk_free_mb: Less than this on the disks of state and archive is low.
    """

    urls: tuple[str, ...] = ()
    export_due: TimeOfDay = ""
    disk_free_mb: Whole = Field(1024, ge=0)


class HeartbeatSettings(Settings):
    """`[heartbeat]`: an address that is asked after each run (a dead man's switch); best by GOLDPAN_HEARTBEAT_URL."""

    url: str = ""


class DigestSettings(Settings):
    """`[digest]`: a message after each run, with counts and no names; without ``urls`` it goes where alerts go."""

    is_on: Flag = False
    urls: tuple[str, ...] = ()


class HttpSettings(Settings):
    """`[http]`: /healthz, /readyz and /metrics of `goldpan serve`; port 0 is none."""

    address: str = "127.0.0.1"
    port: Whole = Field(9464, ge=0, le=65535)


class LogSettings(Settings):
    """`[logs]`: what is logged, how, and where.

    Attributes:
        level: What a person need not look at is ``info``.
        format: ``auto`` is pretty on a terminal, JSON lines otherwise.
        file: A file, rotated at ``max_mb``, of which ``keep`` are kept; "" is standard error.
    """

    level: Literal["info", "warning", "error"] = "info"
    format: Literal["auto", "json", "pretty"] = "auto"
    file: str = ""
    max_mb: Whole = Field(20, ge=1, le=10_000)
    keep: Whole = Field(10, ge=1, le=1000)


class GoldpanFile(Settings):
    """`goldpan.toml`."""

    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    destination: Literal["hubspot", "sandbox"] = "hubspot"
    drop: DropSettings = DropSettings()
    source: tuple[SourceSettings, ...] = ()
    intake: IntakeSettings = IntakeSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    rules: RuleNumbers = RuleNumbers()
    hubspot: HubSpotSettings = HubSpotSettings()
    brakes: BrakeLimits = BrakeLimits()
    limits: LimitSettings = LimitSettings()
    archive: ArchiveSettings = ArchiveSettings()
    alerts: AlertSettings = AlertSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    digest: DigestSettings = DigestSettings()
    http: HttpSettings = HttpSettings()
    logs: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _has_one_account_of_sources(self) -> Self:
        names = [source.name for source in self.source]
        if len(set(names)) < len(names):
            raise ValueError("two [[source]] tables have one name; each needs its own")
        if names and "drop" in self.model_fields_set:
            raise ValueError("takes either [drop] or [[source]] tables; move the folder of [drop] into a [[source]]")
        return self

    @property
    def sources(self) -> tuple[SourceSettings, ...]:
        """Where exports arrive; `[drop]` is the source `inbox`."""
        drop = self.drop
        inbox = SourceSettings(name="inbox", folder=drop.folder, memberships=drop.memberships, orders=drop.orders)
        return self.source or (inbox,)

    @property
    def holds_secrets(self) -> bool:
        """Whether the file names an address that nobody else should read."""
        return bool(self.alerts.urls or self.digest.urls or self.heartbeat.url)
