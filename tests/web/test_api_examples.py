"""The examples of docs/api.md do what the page says, over real HTTP."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from portal.access.api_keys import Scope
from portal.domain.clock import utc_now
from tests.footers import one_click, token_of
from tests.handovers import WEBSITE, arrive
from tests.portals import MARIJKE, ORIGIN, Office, StartOffice
from tests.programs import Program

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.slow


@contextmanager
def served(office: Office) -> Iterator[str]:
    """Where the portal of the test is served."""
    server = make_server("127.0.0.1", 0, office.app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
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


def test_the_example_follows_the_feed(office: Office, tmp_path: Path) -> None:
    with served(office) as address:
        _follow(office, address, tmp_path)


def _follow(office: Office, address: str, tmp_path: Path) -> None:
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


def test_the_example_hands_over(start_office: StartOffice, tmp_path: Path) -> None:
    office = start_office(sites={0: {"handoff_keys": "keys.json"}})
    office.clock.now = utc_now()  # whose clock the example has
    key = {"HANDOFF_KEY": str(tmp_path / "key.json")}
    jwks = run("hand_over.py", "--make-key", **key)
    assert jwks.returncode == 0, jwks.stderr
    (office.settings.instance / "keys.json").write_text(jwks.stdout)

    with served(office) as address:
        told = run(
            "hand_over.py",
            MARIJKE,
            WEBSITE=WEBSITE,
            PORTAL=ORIGIN,
            PORTAL_API=f"{address}/api/v1",
            PORTAL_SITE="demo",
            **key,
        )
    assert told.returncode == 0, told.stderr
    assert MARIJKE in arrive(office, told.stdout.strip()).get("/me").text
