"""The tables of `goldpan.toml`: what each key means, its default, and what is accepted."""

from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from goldpan.brakes import BrakeLimits
from goldpan.checked import Flag, Settings, Whole
from goldpan.config import RuleNumbers
from sync.calendar import check_cron
from sync.engine_settings import DuckDBSettings, EngineName, SparkSettings
from sync.source_settings import DropSettings, S3Url, SourceSettings

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


Cron = Annotated[str, AfterValidator(_cron)]
"""A cron expression of five fields with cron's own weekdays (0 and 7 are Sunday); "" is never."""
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]


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
    engine: EngineName = "auto"
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
    duckdb: DuckDBSettings = DuckDBSettings()
    spark: SparkSettings = SparkSettings()

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
