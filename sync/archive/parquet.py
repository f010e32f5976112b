"""`contacts.parquet`: the contacts of a night, with all that is needed to compute them again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sync.app import version
from sync.record import RunRecord
from sync.settings import AppSettings

_PREFIX = "goldpan."
_GROUP_ROWS = 100_000
"""So many are copied at a time."""
_KEPT_TYPES = {pa.large_string(): pa.string()}
"""What every reader of Parquet knows."""


@dataclass(frozen=True)
class Origin:
    """Where kept contacts come from.

    Attributes:
        run_id: The run.
        as_of: Its business date.
        version: Goldpan's.
        config_id: The digest of its config and of its list of suppressed contacts.
        config: The files that decided what the contacts are, name to text; no addresses of alerts, no other secret.
        forgotten: How often people were taken out of it since.
        touched: Contacts of others that they were part of, by ``contact_key``.
    """

    run_id: str
    as_of: date
    version: str
    config_id: str
    config: Mapping[str, str]
    forgotten: int = 0
    touched: tuple[str, ...] = ()

    def without_somebody(self, touched: Iterable[str]) -> "Origin":
        """The same after somebody was taken out."""
        return replace(self, forgotten=self.forgotten + 1, touched=tuple(sorted({*self.touched, *touched})))

    @classmethod
    def of(cls, record: RunRecord, settings: AppSettings) -> "Origin":
        """What a run that is going on is made of."""
        return cls(record.run_id, record.as_of, version(), settings.config_id, kept_config(settings))

    def as_metadata(self) -> dict[str, str]:
        """For the schema of the file."""
        values = {
            "run_id": self.run_id,
            "as_of": self.as_of.isoformat(),
            "version": self.version,
            "config_id": self.config_id,
            "config": json.dumps(dict(self.config), ensure_ascii=False, sort_keys=True),
            "forgotten": str(self.forgotten),
            "touched": json.dumps(self.touched),
        }
        return {f"{_PREFIX}{name}": value for name, value in values.items()}

    @classmethod
    def of_metadata(cls, metadata: Mapping[bytes, bytes]) -> "Origin":
        """As a file has it."""

        def read(name: str) -> str:
            return metadata[f"{_PREFIX}{name}".encode()].decode()

        return cls(
            run_id=read("run_id"),
            as_of=date.fromisoformat(read("as_of")),
            version=read("version"),
            config_id=read("config_id"),
            config=json.loads(read("config")),
            forgotten=int(read("forgotten")),
            touched=tuple(json.loads(read("touched"))),
        )


def kept_config(settings: AppSettings) -> dict[str, str]:
    """The files that decide what contacts are; of `goldpan.toml` the rules alone, for the rest may hold secrets."""
    rules = settings.file.rules.model_dump()
    lines = [f"{name} = {json.dumps(value) if isinstance(value, str) else value}" for name, value in rules.items()]
    return {**settings.snapshot, "goldpan.toml": "\n".join(["[rules]", *lines, ""])}


def write_contacts(path: Path, contacts: pa.Table, origin: Origin) -> None:
    """Write contacts with their origin, compressed by zstd; sync and rename are the caller's."""
    fields = [field.with_type(_KEPT_TYPES.get(field.type, field.type)) for field in contacts.schema]
    schema = pa.schema(fields, metadata=origin.as_metadata())
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, max(len(contacts), 1), _GROUP_ROWS):
            writer.write_table(contacts.slice(start, _GROUP_ROWS).cast(schema))


def read_contacts(path: Path) -> tuple[pa.Table, Origin]:
    """The contacts of a night, and where they come from."""
    table = pq.read_table(path)
    return table, Origin.of_metadata(table.schema.metadata)
