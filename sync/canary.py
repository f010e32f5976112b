"""`goldpan run --only`: the addresses that a canary is about."""

from collections.abc import Iterable
from pathlib import Path

from goldpan.errors import ConfigError
from goldpan.suppression import without_comment
from goldpan.values.emails import is_valid_email


def addresses_of(given: Iterable[str]) -> frozenset[str]:
    """The addresses that a person named, alone or in files with one a line (`#` begins a comment).

    Raises:
        ConfigError: With everything that is neither an address nor a file that can be read.
    """
    addresses: set[str] = set()
    problems: list[str] = []
    for one in given:
        if is_valid_email(one.strip().lower()):
            addresses.add(one.strip().lower())
        elif Path(one).is_file():
            _read(Path(one), addresses, problems)
        else:
            problems.append(f"--only {one}: neither an e-mail address nor a file.")
    if problems:
        raise ConfigError.of(problems)
    return frozenset(addresses)


def _read(path: Path, addresses: set[str], problems: list[str]) -> None:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        what = "it isn't UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        problems.append(f"--only {path}: can't be read: {what}.")
        return
    before = len(addresses)
    for number, line in enumerate(lines, 1):
        entry = without_comment(line).lower()
        if is_valid_email(entry):
            addresses.add(entry)
        elif entry:
            problems.append(f"--only {path}: line {number} is no e-mail address.")
    if len(addresses) == before and not problems:
        problems.append(f"--only {path}: holds no address.")
