"""How exports come in: found, settled, claimed, kept, paired.

:class:`sync.intake.intake.Intake` is the one entry for the service.
"""

from sync.intake.pairing import Decision, Idle, Missing, Start, Wait

__all__ = ["Decision", "Idle", "Missing", "Start", "Wait"]
