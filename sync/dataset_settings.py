"""What a `[[source]]` says of datasets: keys of `goldpan.toml`, and what they accept."""

from typing import Annotated

from pydantic import AfterValidator

from goldpan.checked import Settings


def _place(text: str) -> str:
    if text.startswith("s3://"):
        raise ValueError('takes a path on this machine, or a URL that Spark reads: "s3a://bucket/orders"')
    return text


Place = Annotated[str, AfterValidator(_place)]
"""A file, a folder with all below it, or a pattern; or such a URL that Spark reads."""


class DatasetSettings(Settings):
    """The part of `[[source]]` that is about datasets: many files, or more rows than memory holds.

    Attributes:
        memberships_dataset: Where their files lie; relative paths start at GOLDPAN_HOME.
        orders_dataset: Likewise; one of the two may be missing.
    """

    memberships_dataset: Place = ""
    orders_dataset: Place = ""

    def dataset_of(self, kind: str) -> str:
        """Where the exports of a kind lie; "" for nowhere."""
        place: str = getattr(self, f"{kind}_dataset")
        return place

    @property
    def has_datasets(self) -> bool:
        """Whether it has any."""
        return bool(self.memberships_dataset or self.orders_dataset)
