"""The demo: a folder of its own with config, sample exports and an embedded sandbox; nothing leaves it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from goldpan.brakes import BrakeLimits
from goldpan.errors import ConfigError
from sync.app import open_destination, today
from sync.demo.samples import write_samples
from sync.init import set_up_folder
from sync.locking import single_flight
from sync.preflight import setup_steps
from sync.progress import Progress
from sync.record import RunRecord
from sync.runner import RunRequest, run
from sync.settings import AppSettings, load_settings

FOLDER = Path("goldpan-demo")


@dataclass(frozen=True)
class Demo:
    """What the demo did, and where to look."""

    folder: Path
    memberships: Path
    orders: Path
    record: RunRecord
    settings: AppSettings


def run_demo(*, progress: Progress, folder: Path = FOLDER) -> Demo:
    """Write sample exports for today, furnish the sandbox, and carry out a full run."""
    settings = _settings(folder)
    memberships, orders = write_samples(settings.drop_folder, today(settings))
    with single_flight(settings), open_destination(settings) as destination:
        steps, _ = setup_steps(destination, settings.config)
        for step in steps:
            destination.set_up(step)
    request = RunRequest({"memberships": memberships, "orders": orders})
    record = run(_without_limits(settings), request, progress=progress)
    return Demo(folder, memberships, orders, record, settings)


def _without_limits(settings: AppSettings) -> AppSettings:
    """The samples tell the same story on each day, so every contact changes overnight: nobody need approve that."""
    limits = BrakeLimits(
        tag_loss_share=Decimal(1), changed_share=Decimal(1), created_share=Decimal(1), created_contacts=10**9
    )
    return replace(settings, file=settings.file.model_copy(update={"brakes": limits}))


def _settings(folder: Path) -> AppSettings:
    """The demo's own config: the built-in one, with the sandbox as its destination."""
    file = folder / "config" / "goldpan.toml"
    is_new = not file.exists()
    for _ in set_up_folder(folder):
        pass
    if is_new:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('destination = "hubspot" ', 'destination = "sandbox" '), encoding="utf-8")
    settings = load_settings(folder / "config", home=folder, use_environment=False)
    if settings.file.destination != "sandbox":
        raise ConfigError(f'{file}: the demo needs destination = "sandbox". Remove {folder} to start afresh.')
    return settings
