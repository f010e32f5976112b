"""Kept exports of any kind and age, read as whatever they are."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from goldpan.config import Config
from goldpan.conformed import Export
from goldpan.errors import ConfigError, DataError
from goldpan.model import Sheet
from goldpan.person import Person, rows_of_person
from sync.exports import Delivery, read_export
from sync.intake.kinds import sheets_of
from sync.settings import AppSettings, config_of
from sync.settings_file import KINDS


class Reader:
    """Reads exports with today's config, else with one of those that were kept.

    Args:
        settings: Today's.
        kept: Configs of former days, name to text.
    """

    def __init__(self, settings: AppSettings, kept: Iterable[Mapping[str, str]] = ()) -> None:
        self._settings = settings
        self._configs = [settings.config, *_readable(kept, settings.config)]

    @property
    def is_by_name(self) -> bool:
        """Whether names made customers under any of the configs: then nobody is found by ids and addresses alone."""
        return any(config.rules.match_on == "customer_name" for config in self._configs)

    def sheets(self, path: Path) -> Sequence[Sheet]:
        """All sheets of a file, within the configured limits.

        Raises:
            DataError: It can't be read.
        """
        every = self._settings.config.memberships.model_copy(update={"sheet": None})
        return list(sheets_of(path, every, self._settings))

    def exports(self, path: Path) -> Iterator[tuple[Export, str]]:
        """The file as each kind of export that it can be, with what made a customer then."""
        for kind in KINDS:
            for config in self._configs:
                try:
                    export = read_export(Delivery(kind, path, path.name), replace(self._settings, config=config))
                except DataError:
                    continue
                yield export, config.rules.match_on
                break

    def rows(self, path: Path, person: Person) -> dict[str, set[int]]:
        """The rows about a person, by sheet.

        In a file that is no export that anybody can read, it is every row with their address or customer id.

        Raises:
            DataError: It can't be read at all.
        """
        rows: dict[str, set[int]] = {}
        exports = list(self.exports(path))
        for export, match_on in exports:
            rows.setdefault(export.parts[0].sheet, set()).update(rows_of_person(export, person, match_on=match_on))
        for sheet in () if exports else self.sheets(path):
            rows[sheet.name] = {
                number
                for number, row in enumerate(sheet.rows, 1)
                if any(person.has_address(cell) or person.has_id(cell) for cell in row)
            }
        return {sheet: numbers for sheet, numbers in rows.items() if numbers}


def _readable(kept: Iterable[Mapping[str, str]], today: Config) -> Iterator[Config]:
    """The kept configs that this Goldpan understands and that read exports in another way than today's."""
    seen = {_reads(today)}
    for files in kept:
        try:
            config = config_of(files)
        except ConfigError:
            continue
        if _reads(config) not in seen:
            seen.add(_reads(config))
            yield config


def _reads(config: Config) -> str:
    parts = (config.memberships.model_dump(mode="json"), config.orders.model_dump(mode="json"), config.rules.match_on)
    return json.dumps(parts, sort_keys=True)
