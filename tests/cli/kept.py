"""An installation and its portal as they were after some work, put back: a load takes a second, a copy none."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from sync.init import set_up_folder
from sync.sandbox import Sandbox
from tests.cli.installation import Installation, pass_waits


@dataclass(frozen=True)
class Kept:
    """One installation at a time, always in the same place: its state and its records name their folder.

    Attributes:
        folder: Of all of it, for nobody else.
    """

    folder: Path

    @property
    def home(self) -> Path:
        """Where the installation is."""
        return self.folder / "home"

    @property
    def portal(self) -> Path:
        """The portal's file, to be copied."""
        return self.folder / "portal.sqlite"

    @classmethod
    def after(cls, work: Callable[[Installation], None], *, folder: Path, portal: Path) -> Self:
        """Do some work in a new installation, with a portal like this one."""
        kept = cls(folder)
        shutil.copyfile(portal, kept.portal)
        with pytest.MonkeyPatch.context() as patch, Sandbox(kept.portal, burst_limit=0) as sandbox:
            pass_waits(patch)
            for _ in set_up_folder(kept.home):
                pass
            work(Installation(kept.home, sandbox.url))
        kept.home.rename(kept._copy)
        return kept

    def put_back(self, url: str) -> Installation:
        """The installation as it was, with its portal at this address."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._copy, self.home, symlinks=True)
        return Installation(self.home, url)

    @property
    def _copy(self) -> Path:
        return self.folder / "as it was"


def load(goldpan: Installation) -> None:
    """The usual exports, in HubSpot."""
    goldpan.deliver()
    assert goldpan.run().exit_code == 0
