"""The examples of docs/api.md do what the page says, over real HTTP."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from portal.access.api_keys import Scope
from tests.footers import one_click, token_of
from tests.portals import MARIJKE, Office
from tests.programs import Program

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    """Where the portal of the test is served."""
    server = make_server("127.0.0.1", 0, office.app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(example: str, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(EXAMPLES / example), *arguments],
        env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_example_follows_the_feed(office: Office, address: str, tmp_path: Path) -> None:
    program = Program(office, Scope.FEED_READ)
    file = tmp_path / "cursor"
    env = {"PORTAL_API": f"{address}/api/v1", "PORTAL_KEY": program.key}

    first = run("follow_feed.py", str(file), **env)
    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    one_click(office, token_of(office))
    second = run("follow_feed.py", str(file), **env)
    assert second.stdout == f"withdrawn {MARIJKE} newsletter\n", second.stderr
    assert run("follow_feed.py", str(file), **env).stdout == ""
    file.write_text("0-anotherlife")
    late = run("follow_feed.py", str(file), **env)
    assert late.returncode == 1
    assert "begin again" in late.stderr
