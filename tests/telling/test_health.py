"""/healthz, /readyz and /metrics over real HTTP; no client, however slow, hurts another one."""

import socket
import threading
import time
from contextlib import contextmanager, nullcontext

import pytest
import urllib3

from goldpan.errors import ConfigError
from sync import small_http
from sync.health import ASKING, HealthServer
from sync.sandbox import TOKEN
from tests.telling.loop import Loop


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def serve(configured, state, clock, loop, free_port):
    """Starts a server; with another way to the state, if there is one."""
    running = []

    def start(state_factory=lambda: nullcontext(state), toml=""):
        settings = configured(f"[http]\nport = {free_port}\n{toml}")
        server = HealthServer(settings, state_factory, loop, clock=clock)
        running.append(server)
        assert server.start()
        return f"http://127.0.0.1:{server.port}"

    yield start
    for server in running:
        server.close()


@pytest.fixture
def ask():
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        yield lambda url, method="GET", **headers: pool.request(method, url, headers=headers)


def test_a_loop_that_turns_is_healthy_and_one_that_hangs_is_not(serve, ask, loop):
    url = serve()
    assert (ask(f"{url}/healthz").status, ask(f"{url}/healthz").data) == (200, b"ok\n")

    loop.trouble = "The loop has not turned for 400 seconds."

    answer = ask(f"{url}/healthz")
    assert (answer.status, answer.data) == (503, b"The loop has not turned for 400 seconds.\n")


def test_ready_is_who_reaches_the_state_and_goes_on(serve, ask, loop):
    url = serve()
    assert ask(f"{url}/readyz").status == 200

    loop.is_stopping = True

    assert ask(f"{url}/readyz").status == 503
    assert ask(f"{url}/healthz").status == 200


def test_without_the_state_it_is_alive_but_not_ready(serve, ask):
    @contextmanager
    def away():
        raise ConfigError(f"postgresql://u:{TOKEN}@db can't be opened")
        yield

    url = serve(away)

    answers = {path: ask(f"{url}/{path}") for path in ("healthz", "readyz", "metrics")}
    assert {path: answer.status for path, answer in answers.items()} == {"healthz": 200, "readyz": 503, "metrics": 503}
    assert TOKEN.encode() not in answers["readyz"].data


def test_other_paths_say_what_there_is_and_other_methods_are_refused(serve, ask):
    url = serve()

    assert ask(f"{url}/").status == 404
    assert b"/healthz, /readyz, /metrics" in ask(f"{url}/x").data
    assert ask(f"{url}/healthz", "POST").status == 501
    head = ask(f"{url}/healthz?x=1", "HEAD")
    assert (head.status, head.headers["Content-Length"], head.data) == (200, "3", b"")


def test_metrics_come_in_prometheus_own_format(serve, ask):
    url = serve()

    plain = ask(f"{url}/metrics")
    open_metrics = ask(f"{url}/metrics", Accept="application/openmetrics-text; version=1.0.0")

    assert plain.status == open_metrics.status == 200
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert b"\ngoldpan_loop_age_seconds 1.5\n" in plain.data
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert open_metrics.data.endswith(b"# EOF\n")


def test_without_the_extra_metrics_name_it_and_the_rest_works(serve, ask, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    url = serve()

    answer = ask(f"{url}/metrics")
    assert (answer.status, b"pip install 'goldpan[metrics]'" in answer.data) == (501, True)
    assert ask(f"{url}/healthz").status == 200


def test_clients_that_hang_are_cut_off_and_hurt_nobody(serve, ask, monkeypatch):
    monkeypatch.setattr(small_http, "SECONDS", 0.3)
    url = serve()
    place = ("127.0.0.1", int(url.rpartition(":")[2]))
    hanging = [socket.create_connection(place) for _ in range(small_http.CLIENTS - 1)]
    for each in hanging:
        each.sendall(b"GET /healthz HT")

    assert ask(f"{url}/healthz").status == 200

    for each in hanging:
        each.settimeout(5)  # by itself, a socket would wait for ten
        assert each.recv(1) == b""
        each.close()


def test_more_clients_than_there_is_room_for_are_turned_away_at_once(serve, ask):
    url = serve()
    place = ("127.0.0.1", int(url.rpartition(":")[2]))
    hanging = [socket.create_connection(place) for _ in range(small_http.CLIENTS)]
    time.sleep(0.1)  # until all of them are accepted

    with socket.create_connection(place, timeout=5) as one_more:
        assert one_more.recv(1) == b""

    for each in hanging:
        each.close()


def test_a_state_that_hangs_keeps_nobody_from_asking_whether_it_is_alive(serve, ask, state):
    go_on, asked = threading.Event(), threading.Semaphore(0)

    @contextmanager
    def slow():
        asked.release()
        go_on.wait(10)
        yield state

    url = serve(slow)
    waiting = [threading.Thread(target=ask, args=(f"{url}/readyz",)) for _ in range(ASKING)]
    for each in waiting:
        each.start()
    for _ in waiting:
        assert asked.acquire(timeout=10)

    assert ask(f"{url}/healthz").status == 200
    assert ask(f"{url}/readyz").status == 503
    go_on.set()
    for each in waiting:
        each.join()
    assert ask(f"{url}/readyz").status == 200


def test_a_port_that_is_taken_is_one_warning_with_what_to_do(serve, configured, state, loop, capsys):
    url = serve()
    capsys.readouterr()
    port = int(url.rpartition(":")[2])

    second = HealthServer(configured(f"[http]\nport = {port}"), lambda: nullcontext(state), loop)

    assert second.start() is False
    assert second.port == 0
    said = "".join(capsys.readouterr())
    assert said.count("http.unavailable") == 1
    assert "[http] address and port" in said
    second.close()


def test_an_address_that_is_none_of_this_machine_is_no_harm(configured, state, loop, free_port, capsys):
    settings = configured(f'[http]\naddress = "no such host"\nport = {free_port}')

    assert HealthServer(settings, lambda: nullcontext(state), loop).start() is False
    assert "http.unavailable" in "".join(capsys.readouterr())


def test_port_0_is_nowhere(configured, state, loop):
    assert HealthServer(configured("[http]\nport = 0"), lambda: nullcontext(state), loop).start() is False


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_listens_on_ipv6_where_asked(configured, state, loop, free_port, ask):
    server = HealthServer(configured(f'[http]\naddress = "::1"\nport = {free_port}'), lambda: nullcontext(state), loop)
    if not server.start():
        pytest.skip("this machine has no ::1")

    assert ask(f"http://[::1]:{free_port}/healthz").status == 200
    server.close()
