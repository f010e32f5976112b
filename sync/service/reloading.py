"""What an edit of the config may change while the service runs, and what only a restart may."""

from collections.abc import Iterator

from goldpan.errors import ConfigError
from sync.settings import AppSettings


def refuse_lost(before: AppSettings, after: AppSettings) -> None:
    """Refuse a config of which a part is away: a share that is not mounted looks like one without optional files.

    Args:
        before: What holds.
        after: What was read now.

    Raises:
        ConfigError: A file that was there is missing, or the service would go on in another place.
    """
    problems = [*_moved(before, after)] or [*_missing(before, after)]
    if problems:
        problems.append("The config before stays in force. If this is meant, restart goldpan serve.")
        raise ConfigError.of(problems)


def _moved(before: AppSettings, after: AppSettings) -> Iterator[str]:
    if before.config_folder != after.config_folder:
        yield (
            f"The config folder was {before.config_folder} and would now be {after.config_folder}. Put the first one "
            "back, or correct GOLDPAN_CONFIG."
        )
    if before.home != after.home:
        yield f"The home was {before.home} and would now be {after.home}. Correct GOLDPAN_HOME."
    if before.state_url != after.state_url and before.home == after.home:
        # Without the URLs: they may hold a password.
        yield "The state database is another than before. Correct GOLDPAN_STATE_URL."


def _missing(before: AppSettings, after: AppSettings) -> Iterator[str]:
    gone = [name for name in before.snapshot if name not in after.snapshot]
    listed = after.config.contacts.suppression_file
    if before.suppression and not after.suppression and not (after.config_folder / listed).is_file():
        gone.append(listed)
    for name in gone:
        yield f"{after.config_folder / name}: missing; it was there before. Put it back."
