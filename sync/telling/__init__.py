"""Telling people: alerts, the digest after each run, and the heartbeat; never with anybody's name or address."""

from sync.telling.messages import RefusedFile
from sync.telling.telling import Telling

__all__ = ["RefusedFile", "Telling"]
