"""How much one export may cost, as configured."""

from sync.readers import ReadLimits
from sync.settings import AppSettings


def read_limits(settings: AppSettings) -> ReadLimits:
    """`[limits]` of goldpan.toml."""
    limits = settings.file.limits
    return ReadLimits(
        max_file_bytes=limits.max_file_mb * 2**20,
        max_unpacked_bytes=limits.max_unpacked_mb * 2**20,
        max_cells=limits.max_cells,
    )
