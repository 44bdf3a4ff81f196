"""The server and the worker stop in good order when they are told to."""

import http.client
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

Start = Callable[[str], "subprocess.Popen[str]"]

COMMON = """
import sys, threading
from pathlib import Path
from flask import Flask, request
from portal.config import load
from portal.serving import serve, work
from tests.config_example import PORTAL_TOML

folder = Path(sys.argv[1])
(folder / "portal.toml").write_text(PORTAL_TOML)
started, go_on = threading.Event(), threading.Event()

class Worker:
    def start(self):
        print("worker started", flush=True)
    def stop(self):
        print("worker stopped", flush=True)

app = Flask("test")

@app.get("/slow")
def slow():
    print("request in hand", flush=True)
    started.set()
    go_on.wait(5)
    return "finished"

@app.get("/")
def about():
    return {"scheme": request.scheme, "forwarded": request.headers.get("X-Forwarded-For")}

def ready(address):
    print(address, flush=True)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start(code)`` runs a program in a process of its own; what still runs is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        program = subprocess.Popen(
            [sys.executable, "-c", COMMON + textwrap.dedent(code), str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        running.append(program)
        return program

    yield start
    for program in running:
        program.kill()
        program.communicate()


def said(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def get(
    address: str, path: str, headers: dict[str, str] | None = None
) -> tuple[str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.read().decode(), answer.headers
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_the_request_in_hand(
    start: Start, number: signal.Signals
) -> None:
    """The answer still arrives, the worker stops after the server, and the exit code is 0."""
    program = start(
        """
        import signal
        from portal import serving
        leave = serving._leave
        def leave_and_let_go(*args):
            go_on.set()
            leave(*args)
        serving._leave = leave_and_let_go
        serve(app, load(folder, {}), Worker(), host="127.0.0.1", port=0, ready=ready)
        print("served", flush=True)
        """
    )
    assert said(program) == "worker started"
    address = said(program)
    assert address.startswith("http://127.0.0.1:")

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, address, "/slow")
        assert said(program) == "request in hand"
        program.send_signal(number)
        assert answer.result(timeout=10)[0] == "finished"
    assert said(program) == "worker stopped"
    assert said(program) == "served"
    assert program.wait(10) == 0
    assert program.stderr is not None
    assert program.stderr.read() == ""


@pytest.mark.slow
@pytest.mark.parametrize(("hops", "forwarded"), [(0, "null"), (1, '"192.0.2.7"')])
def test_only_a_proxy_may_say_whom_it_forwards_for(start: Start, hops: int, forwarded: str) -> None:
    """Without a proxy in front, X-Forwarded-For is somebody's invention and is dropped."""
    program = start(
        f"""
        settings = load(folder, {{"PORTAL_PROXY_HOPS": "{hops}"}})
        serve(app, settings, None, host="127.0.0.1", port=0, ready=ready)
        """
    )
    text, headers = get(said(program), "/", {"X-Forwarded-For": "192.0.2.7"})
    assert f'"forwarded":{forwarded}' in text
    assert '"scheme":"https"' in text
    assert "Server" not in headers
    program.send_signal(signal.SIGTERM)
    assert program.wait(10) == 0


@pytest.mark.slow
def test_a_signal_ends_the_worker_after_the_job_in_hand(start: Start) -> None:
    """`portal worker` stops its worker and ends with 0."""
    program = start('work(Worker(), ready=lambda: print("ready", flush=True))')
    assert said(program) == "worker started"
    assert said(program) == "ready"
    program.send_signal(signal.SIGTERM)
    assert said(program) == "worker stopped"
    assert program.wait(10) == 0
