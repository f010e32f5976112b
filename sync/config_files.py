"""Which files a config folder has, and where the one is that comes with Goldpan."""

from importlib import resources
from pathlib import Path

CONFIG_FILES = (
    "goldpan.toml",
    "exports/memberships.toml",
    "exports/orders.toml",
    "tags.toml",
    "properties.toml",
    "contacts.toml",
    "lists.toml",
)
OPTIONAL = frozenset({"goldpan.toml", "contacts.toml", "lists.toml"})
"""Files that may be missing: their defaults hold then."""


def default_config_folder() -> Path:
    """The config that comes with Goldpan: inside the installed package, or at the top of a checkout."""
    installed = Path(str(resources.files("sync"))) / "default_config"
    return installed if installed.is_dir() else Path(__file__).resolve().parent.parent / "config"
