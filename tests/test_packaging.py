"""What an administrator installs: the locks, the example environment, and the image."""

import re
import tomllib

import pytest

from sync.settings import Environment
from tests.builders import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
BASE = PYPROJECT["project"]["dependencies"] + PYPROJECT["build-system"]["requires"]
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
LOCKS = {"requirements-base.lock": BASE, "requirements.lock": BASE + EXTRAS["test"] + EXTRAS["lint"]}


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


def test_the_base_lock_is_a_part_of_the_full_one():
    def pins(lock: str) -> set[str]:
        return {line for line in text_of(lock).splitlines() if "==" in line}

    assert pins("requirements-base.lock") < pins("requirements.lock")


def test_the_image_has_the_version_of_the_project():
    version = PYPROJECT["project"]["version"]

    assert f"image: goldpan:{version}\n" in text_of("compose.yaml")
