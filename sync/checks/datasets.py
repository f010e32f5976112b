"""Datasets: there, and with the columns that are needed."""

from goldpan.errors import ConfigError, DataError
from sync.datasets.manifest import Dataset
from sync.intake.kinds import check_header
from sync.settings import AppSettings
from sync.source_settings import SourceSettings
from sync.sources.dataset import DatasetSource


def look_at(source: SourceSettings, settings: AppSettings) -> str:
    """How many files of each kind there are, and how large they are.

    Raises:
        GoldpanError: Everything that is wrong with them.
    """
    found, problems = [], []
    for kind, dataset in DatasetSource.open(source, settings).datasets().items():
        if dataset is None:
            problems.append(
                f"{kind}_dataset of source {source.name}: no file lies in {source.dataset_of(kind)}. Put some there, "
                "or correct it in goldpan.toml (relative places start at GOLDPAN_HOME)."
            )
            continue
        found.append(f"{kind}: {_size(dataset)}")
        try:
            check_header(dataset, kind, settings)
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError.of(problems)
    return "; ".join(found)


def _size(dataset: Dataset) -> str:
    count = len(dataset.files)
    return f"{count:,} file{'s' if count != 1 else ''} of {dataset.size_bytes / 2**20:,.1f} MB in {dataset.place}"
