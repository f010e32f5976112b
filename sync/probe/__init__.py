"""`goldpan check --probe`: what HubSpot's documents leave open, tried on a developer test account.

Each experiment asks HubSpot a few questions and says whether what Goldpan assumes holds. Everything is made under names
of one probe only (``goldpan-probe-…``), and is taken away at the end, however that comes.
"""

from sync.probe.report import ProbeReport
from sync.probe.running import run_probe

__all__ = ["ProbeReport", "run_probe"]
