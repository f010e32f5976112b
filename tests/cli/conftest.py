"""An installation that is set up, a portal that is set up, and waits that pass at once."""

import shutil

import pytest

from sync.init import set_up_folder
from sync.sandbox import Sandbox
from tests.cli.installation import Installation, furnished, pass_waits
from tests.cli.kept import Kept, load
from tests.sandbox.hub import Hub


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """No test here waits between requests."""
    return pass_waits(monkeypatch)


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory):
    """A portal after ``goldpan setup``, as a file to copy."""
    return furnished(tmp_path_factory.mktemp("portal") / "portal.sqlite")


@pytest.fixture(scope="session")
def kept(tmp_path_factory, furnished_file):
    """What :func:`loaded` puts back; a module whose installations begin in another way has its own."""
    return Kept.after(load, folder=tmp_path_factory.mktemp("kept"), portal=furnished_file)


@pytest.fixture
def sandbox(request, tmp_path, furnished_file):
    """A portal that has Goldpan's properties, and nobody in it but whom an installation has loaded."""
    file = tmp_path / "portal" / "portal.sqlite"
    file.parent.mkdir()
    shutil.copyfile(request.getfixturevalue("kept").portal if "kept" in request.fixturenames else furnished_file, file)
    with Sandbox(file, burst_limit=0) as running:
        yield running


@pytest.fixture
def hub(sandbox):
    """Somebody else who uses the portal's API."""
    hub = Hub(sandbox.url)
    yield hub
    hub.pool.clear()


@pytest.fixture
def bare_sandbox():
    """A portal that has never met Goldpan."""
    with Sandbox(burst_limit=0) as running:
        yield running


@pytest.fixture
def set_up(tmp_path):
    """Makes installations after ``goldpan init``."""

    def make(url: str, name: str = "home") -> Installation:
        home = tmp_path / name
        for _ in set_up_folder(home):
            pass
        return Installation(home, url)

    return make


@pytest.fixture
def loaded(sandbox, kept):
    """An installation with the usual six contacts, in HubSpot as they should be."""
    return kept.put_back(sandbox.url)


@pytest.fixture
def goldpan(sandbox, set_up):
    """An installation with exports in its drop folder, and a portal that is set up."""
    installation = set_up(sandbox.url)
    installation.deliver()
    return installation
