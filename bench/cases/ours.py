"""Goldpan's side of each row."""

import tempfile
from pathlib import Path

from bench.cases import Work, product
from bench.cases.digest import digests_of
from bench.data.sets import DIFFERENT, MANY, confirmed_state, files
from goldpan.pipeline import Refined
from sync.state.store import State


def read(data: Path, name: str, kind: str) -> Work:
    """Both exports, from files to typed frames with their findings."""
    product.read(*files(data, "tiny", kind))
    return (
        lambda: product.read(*files(data, name, kind)),
        lambda exports: {
            each: {"rows": export.rows_read, "kept": len(export.frame), "findings": len(export.findings)}
            for each, export in exports.items()
        },
    )


def refine(data: Path, name: str, kind: str) -> Work:
    """Frames to contacts and the tables beside them."""
    product.refined(product.read(*files(data, "tiny", kind)))
    exports = product.read(*files(data, name, kind))
    return lambda: product.refined(exports), _counts


def refine_canonical(data: Path, name: str, engine: str, memory: str) -> Work:
    """Parquet of canonical columns to contacts, by one of the engines."""
    product.refine_canonical(*files(data, "tiny", "parquet"), engine, memory)
    return lambda: product.refine_canonical(*files(data, name, "parquet"), engine, memory), _counts


def read_and_refine(data: Path, name: str, kind: str) -> Work:
    """Files to contacts."""
    product.refined(product.read(*files(data, "tiny", kind)))
    return lambda: product.refined(product.read(*files(data, name, kind))), _counts


def write_workbook(data: Path, name: str, kind: str) -> Work:
    """The report's tables and the workbook with all its sheets."""
    exports = product.read(*files(data, name, kind))
    means = product.refined(exports)
    tiny = product.read(*files(data, "tiny", kind))
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "analysis.xlsx"
    product.write(path, product.tables(tiny, product.refined(tiny)))

    def count(_: None) -> dict[str, int]:
        size = path.stat().st_size
        folder.cleanup()
        return {"contacts": len(means.contacts), "bytes": size}

    return lambda: product.write(path, product.tables(exports, means)), count


def diff(data: Path) -> Work:
    """A million contacts against the confirmed state."""
    means = _a_million(data)
    held = product.contacts_of(State.open(f"sqlite:///{confirmed_state(data)}"))
    return lambda: product.differing(means, held), lambda differ: {"contacts": len(means.contacts), "differ": differ}


def make_state(data: Path) -> Work:
    """The confirmed state that ``diff`` compares with."""
    contacts = [(email, held) for email, held, _ in product.earlier(_a_million(data), DIFFERENT)]
    return lambda: product.confirm(f"sqlite:///{confirmed_state(data)}", contacts), lambda _: {}


def _a_million(data: Path) -> Refined:
    return product.many_contacts(product.refined(product.read(*files(data, "flat-10k", "csv"))), MANY)


def _counts(means: Refined) -> dict[str, object]:
    return {**product.counts(means), **digests_of(vars(means))}
