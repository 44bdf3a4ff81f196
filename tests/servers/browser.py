"""pytest-playwright on the system's own Chromium; nothing is downloaded."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

HOW_TO_INSTALL = (
    "Chromium is not installed; on Debian: apt-get install --no-install-recommends chromium. "
    "Elsewhere install Chromium or Chrome and name it in PORTAL_CHROMIUM."
)
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A test browser has no business on the network beyond the pages it is sent to."""


def find_chromium() -> Path | None:
    """The browser named in PORTAL_CHROMIUM, or the first known one that is installed."""
    for name in (os.environ.get("PORTAL_CHROMIUM", ""), *NAMES):
        if name and (found := shutil.which(name)):
            return Path(found)
    return None


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Where Chromium is; the test fails, and says what to install, if it is nowhere."""
    found = find_chromium()
    if found is None:
        pytest.fail(HOW_TO_INSTALL, pytrace=False)
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], chromium: Path
) -> dict[str, Any]:
    """How pytest-playwright starts the browser."""
    return {
        **browser_type_launch_args,
        "executable_path": str(chromium),
        "args": [*browser_type_launch_args.get("args", []), *QUIET],
        # Chromium's sandbox refuses root, and the pages are our own.
        "chromium_sandbox": False,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Every page starts in English, in Amsterdam; a test that needs more makes its own context."""
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/Amsterdam"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a page is a browser test."""
    for item in items:
        if {"browser", "context", "new_context", "page", "chromium"} & set(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.browser)
