"""Where exports arrive: `[drop]` and the `[[source]]` tables of `goldpan.toml`."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from goldpan.checked import Flag, Settings
from sync.dataset_settings import DatasetSettings
from sync.sql_settings import SqlSettings


def _s3_url(text: str) -> str:
    if text and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", text):
        raise ValueError('takes an address such as "s3://bucket/prefix"')
    return text


S3Url = Annotated[str, AfterValidator(_s3_url)]


class DropSettings(Settings):
    """`[drop]`: the folder where exports arrive, for an installation with this one source."""

    folder: str = "inbox"
    memberships: tuple[str, ...] = ("*member*",)
    orders: tuple[str, ...] = ("*order*", "*invoice*")


class SourceSettings(SqlSettings, DatasetSettings):
    """`[[source]]`: one place where exports arrive; with any of them, `[drop]` is not used.

    Attributes:
        name: Stands in the log and in the state; don't change it.
        folder: A folder; relative paths start at GOLDPAN_HOME. Either this, ``s3``, ``sql`` or datasets.
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
        if [bool(place) for place in (self.folder, self.s3, self.sql, self.has_datasets)].count(True) != 1:
            raise ValueError(
                'a source takes either folder = "…" or s3 = "s3://bucket/prefix" or sql = "VARIABLE" or datasets: '
                'memberships_dataset = "…", orders_dataset = "…"'
            )
        of_files = {"memberships", "orders", "remove_source", "endpoint_url", "region"} & self.model_fields_set
        if self.is_asked and of_files:
            with_ = "sql" if self.sql else "datasets"
            raise ValueError(f"{' and '.join(sorted(of_files))}: only for files, not with {with_}")
        return self

    @property
    def is_asked(self) -> bool:
        """Whether an export is made when it is asked for: by a database's answer, or of a dataset's files."""
        return bool(self.sql) or self.has_datasets

    @property
    def place(self) -> str:
        """Where its exports lie, in words."""
        datasets = " and ".join(filter(None, (self.memberships_dataset, self.orders_dataset)))
        return self.folder or self.s3 or datasets or f"the database of source {self.name}"

    @property
    def is_removed(self) -> bool:
        """Whether files are taken away once they are safe."""
        return bool(self.folder) if self.remove_source is None else self.remove_source
