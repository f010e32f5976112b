"""What an administrator installs: the locks, and the example environment."""

import re
import tomllib

import pytest

from sync.settings import Environment
from tests.builders import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED, BUILD = PYPROJECT["project"]["dependencies"], PYPROJECT["build-system"]["requires"]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
SERVICE = [each for extra in ("postgres", "s3", "alerts", "metrics") for each in EXTRAS[extra]]
LOCKS = {
    "requirements-base.lock": NEEDED + BUILD,
    "requirements-service.lock": NEEDED + SERVICE,
    "requirements-build.lock": BUILD,
    "requirements.lock": NEEDED + BUILD + SERVICE + EXTRAS["test"] + EXTRAS["lint"],
}


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", text_of(name), re.MULTILINE))


def test_the_example_environment_documents_every_variable():
    assignments = re.findall(r"((?:^#.*\n)+)^([A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE)

    assert {name.lower() for _, name, _ in assignments} == set(Environment.model_fields)
    assert {name: value for _, name, value in assignments if value} == {
        "HUBSPOT_BASE_URL": str(Environment.model_fields["hubspot_base_url"].default).rstrip("/")
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_every_dependency(lock):
    wanted = {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in LOCKS[lock]}

    assert wanted - locked(lock) == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_folder(lock):
    lines = text_of(lock).splitlines()

    assert [
        line for line in lines if not re.match(r"[a-z0-9-]+==\S+( ; .+)? \\$|    --hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_the_service_needs_the_extras_that_its_lock_is_checked_for():
    assert EXTRAS["service"] == ["goldpan[postgres,s3,alerts,metrics]"]


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != "requirements.lock"])
def test_every_lock_is_a_part_of_the_full_one(lock):
    def pins(lock: str) -> set[str]:
        return {line.split()[0] for line in text_of(lock).splitlines() if "==" in line}

    assert pins(lock) < pins("requirements.lock")
