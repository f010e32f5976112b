"""What is shipped besides the program: the image, compose.yaml and the units of systemd.

None of it can run in a test, but what must never change in it can be read. docs/decisions.md says how it was tried.
"""

import re
import shutil
import subprocess
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import typer
import yaml

from sync.cli.commands import app
from sync.environment import Environment
from sync.healthcheck import trouble
from tests.builders import REPOSITORY

VERSION = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
SYSTEMD = REPOSITORY / "deploy" / "systemd"
UNITS = sorted(path for path in SYSTEMD.iterdir() if path.is_file())
SHARED = SYSTEMD / "goldpan-.service.d" / "goldpan.conf"


def dockerfile() -> list[tuple[str, str]]:
    """Each instruction with what follows it, continued lines joined, comments left out."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    steps = dockerfile()
    begin = max(place for place, (word, _) in enumerate(steps) if word == "FROM")
    return steps[begin:]


def value_of(instruction: str) -> str:
    """Of the image; the last one counts."""
    return [rest for word, rest in last_stage() if word == instruction][-1]


COMPOSE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """A unit's sections, each key with all its values."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if section := re.fullmatch(r"\[(\w+)\]", line):
            current = found.setdefault(section[1], {})
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            current.setdefault(key, []).append(value)
    return found


# --- the image


def test_the_base_can_be_pinned_by_digest_and_is_the_same_in_both_stages():
    steps = dockerfile()

    assert steps[0] == ("ARG", "PYTHON_IMAGE=python:3.13-slim-trixie")
    assert [rest.split()[0] for word, rest in steps if word == "FROM"] == ["${PYTHON_IMAGE}"] * 2


def test_nothing_runs_as_root():
    uid, gid = value_of("USER").split(":")

    assert uid.isdecimal()
    assert gid.isdecimal()
    assert int(uid) >= 10_000
    words = [word for word, _ in last_stage()]
    assert "RUN" not in words[words.index("USER") :]


def test_process_1_passes_signals_on_and_commands_are_lists():
    assert value_of("ENTRYPOINT") == '["/usr/bin/tini", "--", "goldpan"]'
    assert value_of("CMD") == '["--help"]'
    assert value_of("STOPSIGNAL") == "SIGTERM"
    assert "install --yes --no-install-recommends tini" in value_of("RUN")


def test_the_health_of_a_container_is_asked_with_a_module_that_is_there():
    assert re.search(r'CMD \["python", "-P", "-m", "sync\.healthcheck"\]$', value_of("HEALTHCHECK"))


def test_one_volume_holds_all_that_lasts():
    assert [rest for word, rest in last_stage() if word == "VOLUME"] == ["/data"]
    assert value_of("WORKDIR") == "/data"
    assert "GOLDPAN_HOME=/data" in value_of("ENV")


def test_what_is_copied_exists_and_passes_the_ignore_file():
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    admitted = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        name for word, rest in dockerfile() if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]
    }

    assert lines[1] == "*"
    assert copied == admitted
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []


def test_the_image_takes_no_secret_and_no_example_of_one():
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").upper()
    secrets = [
        name.upper() for name in Environment.model_fields if "token" in name or "secret" in name or "url" in name
    ]

    assert [name for name in secrets if name in text] == []
    assert "**/.env" in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_what_is_installed_is_pinned_by_hash_and_needs_no_compiler():
    runs = " && ".join(rest for word, rest in dockerfile() if word == "RUN")
    installs = [command for command in runs.split("&&") if re.search(r"\bpip\b.* install\b", command)]

    assert len(installs) == 3
    for command in installs:
        has_hashes = "--require-hashes" in command and "--only-binary :all:" in command
        assert has_hashes or "--no-deps --no-index dist/*.whl" in command, command


def test_the_final_image_has_nothing_to_build_or_install_with():
    assert "python -m venv --without-pip /opt/goldpan" in " ".join(rest for _, rest in dockerfile())
    assert "pip uninstall --yes pip" in value_of("RUN")
    assert "rm -rf /var/lib/apt/lists/*" in value_of("RUN")
    lock = (REPOSITORY / "requirements-service.lock").read_text(encoding="utf-8")
    assert re.findall(r"^(?:hatchling|setuptools|wheel|pip)==", lock, re.MULTILINE) == []


def test_the_image_says_its_version():
    label = next(rest for word, rest in last_stage() if word == "LABEL")

    assert f'org.opencontainers.image.version="{VERSION}"' in label


# --- its health


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def service(tmp_path, monkeypatch):
    """Something that answers for `goldpan serve`, and the config that says where."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        server.status = 200
        thread = Thread(target=server.serve_forever)
        thread.start()
        shutil.copytree(REPOSITORY / "config", tmp_path / "config")
        server.toml = tmp_path / "config" / "goldpan.toml"
        server.toml.write_text(f'[http]\naddress = "0.0.0.0"\nport = {server.server_port}\n', encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        yield server
        server.shutdown()
        thread.join()


SERVE = ("/usr/bin/tini", "--", "goldpan", "serve", "")


def test_a_service_that_is_well_is_healthy(service):
    assert trouble(SERVE) == ""


def test_a_service_that_is_not_well_is_unhealthy(service):
    service.status = 503

    assert "503" in trouble(SERVE)


def test_a_service_that_does_not_answer_is_unhealthy(service):
    service.toml.write_text("[http]\nport = 1\n", encoding="utf-8")

    assert "127.0.0.1:1" in trouble(SERVE)


def test_a_service_without_a_port_can_not_be_asked(service):
    service.toml.write_text("[http]\nport = 0\n", encoding="utf-8")

    assert trouble(SERVE) == ""


def test_a_config_that_is_named_is_the_one_that_counts(service, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    service.status = 503

    assert "503" in trouble(("goldpan", "serve", "--config", str(tmp_path / "config"), ""))


@pytest.mark.parametrize("command", [("goldpan", "run", ""), ("/usr/bin/tini", "--", "goldpan", "demo", ""), ()])
def test_a_container_that_runs_something_once_is_healthy(service, command):
    service.status = 503

    assert trouble(command) == ""


# --- compose


def test_the_image_has_the_version_of_the_project():
    assert SERVICES["goldpan"]["image"] == f"goldpan:{VERSION}"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_no_more_than_it_needs(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"max-size", "max-file"} == set(service["logging"]["options"])
    assert service["restart"] == "unless-stopped"
    assert "ports" not in service


def test_goldpan_gets_no_capability_back_and_time_to_end():
    goldpan = SERVICES["goldpan"]

    assert "cap_add" not in goldpan
    assert "user" not in goldpan  # the image's
    assert goldpan["stop_grace_period"] == "40s"
    assert goldpan["command"] == ["serve"]
    assert [volume["target"] for volume in goldpan["volumes"]] == ["/data"]


def test_postgresql_is_there_only_where_it_is_asked_for_and_out_of_reach_of_others():
    postgres = SERVICES["postgres"]

    assert postgres["profiles"] == ["postgres"]
    assert SERVICES["goldpan"]["depends_on"] == {"postgres": {"condition": "service_healthy", "required": False}}
    assert postgres["networks"] == ["state"]
    assert COMPOSE["networks"]["state"] == {"internal": True}
    assert postgres["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_no_secret_stands_in_compose():
    text = (REPOSITORY / "compose.yaml").read_text(encoding="utf-8")
    settings = text[text.index("\nname:") :]

    assert COMPOSE["secrets"] == {"postgres_password": {"file": "./secrets/postgres_password"}}
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"
    assert "environment" not in SERVICES["goldpan"]
    assert re.findall(r"(?i)(?:token|password|secret)\w*: +[^./\[\s]\S*", settings) == []


@pytest.mark.parametrize("name", ["data", "secrets"])
def test_what_compose_keeps_beside_it_stays_out_of_git(name):
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert f"/{name}/" in ignored


# --- systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_with_the_units(tmp_path):
    folder = tmp_path / "systemd"
    shutil.copytree(SYSTEMD, folder)
    for path in folder.glob("*.service"):
        text = path.read_text(encoding="utf-8").replace("/opt/goldpan/bin/goldpan", "/bin/true")
        path.write_text(text.replace("User=goldpan", "User=root"), encoding="utf-8")

    said = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            "--recursive-errors=no",
            *(str(folder / path.name) for path in UNITS),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    complaints = [line for line in said.stderr.splitlines() if "goldpan" in line]
    assert (said.returncode, complaints) == (0, [])


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_service_is_never_root_and_refuses_to_start_without_its_limits(path):
    found = unit(path)

    assert found["Service"]["User"] == ["goldpan"]
    assert found["Unit"]["AssertPathExists"] == ["/etc/systemd/system/goldpan-.service.d/goldpan.conf"]
    assert path.name.startswith("goldpan-")


@pytest.mark.parametrize(
    ("key", "wanted"),
    {
        "User": "goldpan",
        "UMask": "0077",
        "StateDirectory": "goldpan",
        "StateDirectoryMode": "0700",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "MemoryDenyWriteExecute": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "RestrictNamespaces": "yes",
        "SystemCallArchitectures": "native",
        "TimeoutStopSec": "40",
        "LoadCredential": "hubspot_access_token:/etc/goldpan/hubspot_access_token",
    }.items(),
)
def test_the_limits_hold_for_whatever_begins_with_goldpan(key, wanted):
    assert unit(SHARED)["Service"][key] == [wanted]


def test_the_token_reaches_goldpan_through_a_variable_that_it_reads():
    variables = [each for line in unit(SHARED)["Service"]["Environment"] for each in line.split()]
    names = {each.partition("=")[0].lower() for each in variables} - {"pythonunbuffered"}

    assert names <= set(Environment.model_fields)
    assert "HUBSPOT_ACCESS_TOKEN_FILE=%d/hubspot_access_token" in variables


def test_the_service_is_kept_running_until_somebody_stops_it():
    found = unit(SYSTEMD / "goldpan-serve.service")

    assert found["Service"]["Type"] == ["exec"]
    assert found["Service"]["Restart"] == ["on-failure"]
    assert found["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert found["Install"]["Alias"] == ["goldpan.service"]


def test_the_timer_catches_up_a_night_that_was_missed():
    assert unit(SYSTEMD / "goldpan-run.timer")["Timer"]["Persistent"] == ["yes"]


def test_commands_by_hand_run_under_a_name_that_gets_the_same_limits():
    text = (REPOSITORY / "deploy" / "goldpan").read_text(encoding="utf-8")

    assert '--unit="goldpan-by-hand-$$"' in text
    assert subprocess.run(["sh", "-n", str(REPOSITORY / "deploy" / "goldpan")], check=False).returncode == 0


# --- the page that goes with it


OPERATIONS = REPOSITORY / "docs" / "operations.md"
PAGE = OPERATIONS.read_text(encoding="utf-8")


def anchors_of(path: Path) -> set[str]:
    """What links to a page may point at: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_of_the_page_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGE) if not link.startswith("https://")]
    lost = []
    for link in links:
        name, _, anchor = link.partition("#")
        path = OPERATIONS.parent / name if name else OPERATIONS
        if not path.exists() or (anchor and anchor not in anchors_of(path)):
            lost.append(link)

    assert len(links) > 5
    assert lost == []


def test_every_command_and_option_of_the_page_exists():
    commands = typer.main.get_command(app).commands
    code = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    code += [line for block in re.findall(r"```(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    calls = [
        (name, options)
        for text in code
        for name, options in re.findall(r"(?:^|sudo |bin/|goldpan )goldpan ([a-z][a-z-]+)([^#&|`]*)", text)
    ]
    known = {name: {each for option in command.params for each in option.opts} for name, command in commands.items()}

    assert {name for name, _ in calls} >= {"init", "check", "setup", "run", "serve", "verify", "pause", "alert-test"}
    assert [name for name, _ in calls if name not in known] == []
    assert [
        (name, option)
        for name, options in calls
        for option in re.findall(r"--[a-z-]+", options)
        if option not in known[name]
    ] == []


def test_every_setting_of_the_page_exists():
    tables = tomllib.loads((REPOSITORY / "config" / "goldpan.toml").read_text(encoding="utf-8"))
    named = re.findall(r"`\[(\w+)\] (\w+)", PAGE)
    variables = set(re.findall(r"`((?:HUBSPOT|GOLDPAN)_[A-Z_]+[A-Z])`", PAGE))

    assert len(named) > 5
    assert [(table, key) for table, key in named if key not in tables.get(table, {})] == []
    assert variables
    assert [name for name in variables if name.lower() not in Environment.model_fields] == []


def test_every_file_that_the_page_installs_is_there():
    names = set(re.findall(r"-r (requirements-[a-z]+\.lock)", PAGE)) | set(re.findall(r"\bdeploy/[\w/-]+", PAGE))

    assert names == {"requirements-build.lock", "requirements-service.lock", "deploy/systemd/", "deploy/goldpan"}
    assert [name for name in names if not (REPOSITORY / name).exists()] == []
    assert set(re.findall(r"goldpan-\w+\.(?:service|timer)", PAGE)) <= {path.name for path in UNITS}
